"""Exceptions are few, each with its reason."""

from tests.rules.source import exceptions

RULES = {"function_length", "module_length", "names", "sleep", "print", "personal_data", "migration"}


def test_every_exception_belongs_to_a_rule_and_says_why() -> None:
    assert exceptions().keys() <= RULES
    without_reason = [
        place for places in exceptions().values() for place, reason in places.items() if len(reason.split()) < 3
    ]
    assert without_reason == []
