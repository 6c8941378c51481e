"""Every word that says why can be read, in both languages, and is explained."""

from pathlib import Path

import pytest

from priem.engine.reasons import SENTENCES, Reason, say

DECISIONS = Path(__file__).parents[2] / "docs" / "reference" / "decisions.md"


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_a_sentence_and_is_explained(reason: Reason) -> None:
    assert SENTENCES[reason].read("en").endswith(".")
    assert f"`{reason.value}`" in DECISIONS.read_text("utf-8") or f"`{reason.value}:" in DECISIONS.read_text("utf-8")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("rule:3", "Rule 3 of the stages."),
        ("branch_rule:1", "Rule 1 of the branch's own stages."),
        ("phone:name", "Phone and name are the same."),
        ("a word of the future", "a word of the future"),
        ("", ""),
    ],
)
def test_words_of_the_journal_are_read(word: str, said: str) -> None:
    assert str(say(word)) == said
