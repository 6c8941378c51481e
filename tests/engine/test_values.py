"""How each kind of field says what the МИС knows."""

from dataclasses import fields
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from priem.engine.values import STATUS_NAMES, SUPPORTED_KINDS, VALUES, Value, express
from priem.model import FieldValue, Patient, Visit, VisitStatus
from tests.engine.clinic import patient, visit

EVENING = datetime(2026, 11, 26, 22, 30, tzinfo=ZoneInfo("Asia/Novosibirsk"))


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        ("Осмотр", "text", "Осмотр"),
        (None, "text", ""),
        ("", "numeric", ""),
        ((), "multiselect", ""),
        (EVENING, "text", "26.11.2026 22:30"),
        (EVENING, "date", "2026-11-26"),
        (EVENING, "date_time", "2026-11-26T15:30:00Z"),
        (EVENING, "numeric", ""),
        (date(1990, 1, 31), "birthday", "1990-01-31"),
        (date(1990, 1, 31), "text", "31.01.1990"),
        (date(1990, 1, 31), "date_time", ""),
        (time(9, 5), "text", "09:05"),
        (time(9, 5), "date", ""),
        (Decimal("1900.0000000000"), "numeric", "1900"),
        (Decimal("1900.50"), "text", "1900.5"),
        (Decimal("0.00"), "numeric", "0"),
        (Decimal("1E+3"), "monetary", "1000"),
        ("501", "numeric", "501"),
        ("A-501", "numeric", ""),
        ("٣", "numeric", ""),
        (True, "checkbox", "true"),
        (False, "checkbox", "false"),
        ("да", "checkbox", ""),
        (True, "text", "да"),
        (False, "select", "нет"),
        (("Осмотр", "Анализ", "Осмотр"), "multiselect", ("Анализ", "Осмотр")),
        (("Осмотр", "Анализ"), "textarea", "Осмотр, Анализ"),
        ("Записан", "multiselect", ("Записан",)),
        ("Записан", "radiobutton", "Записан"),
        (" Осмотр ", "select", "Осмотр"),
        ((" Осмотр", "Осмотр", " "), "multiselect", ("Осмотр",)),
        ("Перезвонить\n", "textarea", "Перезвонить"),
    ],
)
def test_a_value_in_a_field(value: Value, kind: str, said: FieldValue) -> None:
    assert express(value, kind) == said


@pytest.mark.parametrize("word", VALUES)
def test_every_value_can_be_said_in_the_field_that_priem_makes_for_it(word: str) -> None:
    kind = VALUES[word]
    row: Patient | Visit = patient() if kind.of == "patient" else visit()

    express(kind.read(row), kind.field_kind)

    assert word.startswith(f"{kind.of}.")
    assert kind.field_kind in SUPPORTED_KINDS


def test_no_two_fields_that_priem_makes_are_called_the_same() -> None:
    titles = [(kind.of, kind.title) for kind in VALUES.values()]

    assert len(titles) == len(set(titles))


def test_every_status_has_a_name_and_the_status_field_has_every_option() -> None:
    assert STATUS_NAMES.keys() == set(VisitStatus)
    assert VALUES["visit.status"].options == tuple(STATUS_NAMES.values())


def test_what_a_patient_has_is_offered() -> None:
    """All but what a contact has a place for already, or nobody needs to see."""
    offered = {word.removeprefix("patient.") for word in VALUES}

    assert {field.name for field in fields(Patient)} - offered == {"key", "name", "phones", "archived"}
