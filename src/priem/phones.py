"""Phones as people write them → E.164. Only valid numbers come out: a junk phone must never match two people."""

import re
from functools import cache, lru_cache

import phonenumbers

TEN_FIGURES = re.compile(r"(?:\+?7|8)([3-9]\d{9})|(9\d{9})", re.ASCII)
DIGITS_APART = re.compile(r"[\s()\-.\u00a0]")
WRONG_PLUS = re.compile(r"^\+8(\d{10})$")
"""`+8911…`: a local 8 with a plus that does not belong there. docs/reference/ident.md §1.5"""


@lru_cache(maxsize=8192)
def numbers_in(written: str, region: str = "RU") -> tuple[str, ...]:
    """Every valid number in a field, in its order, once each. A field may hold two, or a word."""
    compact = DIGITS_APART.sub("", written)
    if (ten := TEN_FIGURES.fullmatch(compact)) and is_russian(national := ten[1] or ten[2]):
        return () if is_junk(national) else (f"+7{national}",)
    compact = WRONG_PLUS.sub(r"8\1", compact)
    whole = parse(compact, region)
    found = [whole] if whole else [match.number for match in phonenumbers.PhoneNumberMatcher(written, region)]
    numbers = (phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) for number in found)
    return tuple(dict.fromkeys(number for number in numbers if not is_junk(number[2:])))


def is_russian(national: str) -> bool:
    """What the whole of the parsing below would say of nearly all numbers in Russia, for a tenth of its price."""
    return national[0] == "9" or of_landlines().fullmatch(national) is not None


@cache
def of_landlines() -> re.Pattern[str]:
    russia = phonenumbers.PhoneMetadata.metadata_for_region("RU")
    pattern = russia and russia.fixed_line and russia.fixed_line.national_number_pattern
    assert pattern, "a country with landlines"  # noqa: S101 - says what holds
    return re.compile(pattern)


def parse(written: str, region: str) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def is_junk(national: str) -> bool:
    """What people type when a form wants a phone and they have none: 999 999-99-99, 900 000-00-00, 912 345-67-89."""
    return len(set(national[-7:])) == 1 or national in ("9123456789", "9876543210")
