"""Checks of what clients send: strict keys, strict types, amoCRM's codes and dotted paths.

Source: docs/reference/amocrm.md §3.20. A check takes a value, its path and a Findings to report into; it never raises.
`null` passes every type check, as it does in the framework that amoCRM is written in.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TypeGuard

from .problems import bad_request, invalid
from .wire import Json

MAX_ITEMS = 250

Check = Callable[[object, str, "Findings"], None]
Shape = Mapping[str, Check]


class Findings:
    """What is wrong with one item."""

    __slots__ = ("errors",)

    def __init__(self) -> None:
        self.errors: list[Json] = []

    def add(self, code: str, path: str, detail: str) -> None:
        """Note one error at a dotted path."""
        self.errors.append({"code": code, "path": path, "detail": detail})

    def unexpected(self, path: str) -> None:
        """A key that amoCRM does not know here."""
        self.add("FieldNotExpected", path, "This field was not expected.")

    def missing(self, path: str) -> None:
        """A key that has to be there."""
        self.add("FieldMissing", path, "This field is missing.")

    def wrong_type(self, path: str, kind: str) -> None:
        """A value of another type."""
        self.add("InvalidType", path, f"This value should be of type {kind}.")

    def not_a_choice(self, path: str) -> None:
        """A value outside the known ones."""
        self.add("NotSupportedChoice", path, "The value you selected is not a valid choice.")


def is_int(value: object) -> TypeGuard[int]:
    """An int that is not a bool: JSON true is no number."""
    return type(value) is int


def anything(_value: object, _path: str, _findings: Findings) -> None:
    """Accept, unread."""


def integer(value: object, path: str, findings: Findings) -> None:
    """A whole number."""
    if value is not None and type(value) is not int:
        findings.wrong_type(path, "int")


def seconds(value: object, path: str, findings: Findings) -> None:
    """Unix seconds or a duration. Clients at work send fractions, too; they are cut off."""
    if value is not None and type(value) is not int and type(value) is not float:
        findings.wrong_type(path, "int")


def string(value: object, path: str, findings: Findings) -> None:
    """A text."""
    if value is not None and type(value) is not str:
        findings.wrong_type(path, "string")


def boolean(value: object, path: str, findings: Findings) -> None:
    """A truth value."""
    if value is not None and type(value) is not bool:
        findings.wrong_type(path, "bool")


def integer_or_string(value: object, path: str, findings: Findings) -> None:
    """A number or a text, e.g. `call_responsible`."""
    if value is not None and type(value) is not int and type(value) is not str:
        findings.wrong_type(path, "string")


def mapping(value: object, path: str, findings: Findings) -> None:
    """An object of any keys."""
    if value is not None and type(value) is not dict:
        findings.wrong_type(path, "array")


def choice(allowed: Callable[[object], bool]) -> Check:
    """One of the allowed values."""

    def check(value: object, path: str, findings: Findings) -> None:
        if value is not None and not allowed(value):
            findings.not_a_choice(path)

    return check


def integer_choice(allowed: Callable[[int], bool]) -> Check:
    """A whole number, and one of the allowed ones."""

    def check(value: object, path: str, findings: Findings) -> None:
        if is_int(value):
            if not allowed(value):
                findings.not_a_choice(path)
        else:
            integer(value, path, findings)

    return check


def one_of(values: Collection[object]) -> Check:
    """One of these values."""
    return choice(lambda value: isinstance(value, str | int) and value in values)


def shape(keys: Shape, required: Iterable[str] = ()) -> Check:
    """An object with these keys and no others."""
    needed = tuple(required)

    def check(value: object, path: str, findings: Findings) -> None:
        if not isinstance(value, dict):
            if value is not None:
                findings.wrong_type(path, "array")
            return
        prefix = f"{path}." if path else ""
        for key in needed:
            if value.get(key) is None:
                findings.missing(prefix + key)
        for key, item in value.items():
            known = keys.get(key)
            if known is None:
                findings.unexpected(prefix + key)
            else:
                known(item, prefix + key, findings)

    return check


def listing(each: Check, at_most: int | None = None) -> Check:
    """An array of such items."""

    def check(value: object, path: str, findings: Findings) -> None:
        if value is None:
            return
        if not isinstance(value, list):
            findings.wrong_type(path, "array")
            return
        if at_most is not None and len(value) > at_most:
            findings.add("TooManyElements", path, f"This collection should contain {at_most} elements or less.")
        for index, item in enumerate(value):
            if item is None:
                findings.wrong_type(f"{path}.{index}", "array")
            else:
                each(item, f"{path}.{index}", findings)

    return check


def batch(body: object, at_most: int = MAX_ITEMS) -> list[Json]:
    """The items of a batch; a single object, an empty array, too many items or a non-object are refused whole."""
    if not isinstance(body, list) or not body:
        raise bad_request("Request validation failed")
    if len(body) > at_most:
        raise bad_request(f"Too many items in request: {len(body)}, at most {at_most} are allowed")
    if not all(isinstance(item, dict) for item in body):
        raise bad_request("Request validation failed")
    return body


def single(body: object) -> Json:
    """The one object that `PATCH /entity/{id}` takes."""
    if not isinstance(body, dict):
        raise bad_request("Request validation failed")
    return body


def request_id(item: Mapping[str, object], index: int) -> str:
    """What the item was called by its sender, else its position; always a string."""
    sent = item.get("request_id")
    return sent if isinstance(sent, str) else str(index)


def check_batch(items: list[Json], *checks: Callable[[Json, Findings], None]) -> None:
    """Check every item; any finding refuses the whole batch. Later checks see only items that passed the earlier."""
    failures: list[Json] = []
    for index, item in enumerate(items):
        findings = Findings()
        for check in checks:
            if not findings.errors:
                check(item, findings)
        if findings.errors:
            failures.append({"request_id": request_id(item, index), "errors": findings.errors})
    if failures:
        raise invalid(failures)


def conform(items: list[Json], keys: Shape, required: Iterable[str] = ()) -> None:
    """Check every item against one shape."""
    check = shape(keys, required)
    check_batch(items, lambda item, findings: check(item, "", findings))
