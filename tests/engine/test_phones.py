"""Phones as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from priem.phones import is_junk, numbers_in, parse


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        ("+7 921 333-44-55", ("+79213334455",)),
        ("8(921)3334455", ("+79213334455",)),
        ("9213334455", ("+79213334455",)),
        ("89213334455", ("+79213334455",)),
        ("+89213334455", ("+79213334455",)),
        ("8 921 333 44 55", ("+79213334455",)),
        ("8-921-333-44-55, 8-921-777-88-99", ("+79213334455", "+79217778899")),
        ("89213334455 мама", ("+79213334455",)),
        ("8 921 333-44-55; 8 (921) 333 44 55", ("+79213334455",)),
        ("8 (812) 555-01-02", ("+78125550102",)),
        ("+375 29 123-45-67", ("+375291234567",)),
        ("+49 30 901820", ("+4930901820",)),
        ("", ()),
        ("нет", ()),
        ("112", ()),
        ("333-44-55", ()),
        ("+7 999 999-99-99", ()),
        ("8 900 000-00-00", ()),
        ("89123456789", ()),
        ("0000000000", ()),
        ("8921333445", ()),
        ("892133344555", ()),
    ],
)
def test_every_valid_number_and_nothing_else(written: str, numbers: tuple[str, ...]) -> None:
    assert numbers_in(written) == numbers


@given(st.from_regex(r"(\+7|7|8)[348][0-9]{9}", fullmatch=True))
def test_landlines_are_told_as_the_library_tells_them(written: str) -> None:
    number = parse(written, "RU")

    assert numbers_in(written) == (() if number is None or is_junk(written[-10:]) else (f"+7{written[-10:]}",))
