"""What a contact and a lead should say, and whose word counts."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Literal

import pytest

from priem.engine.bindings import Bound, bind
from priem.engine.names import follows_template, lead_name, unknown_parts
from priem.engine.settings import Contacts, FieldRule, Leads, Settings
from priem.engine.wanted import contact_changes, merged_phones, new_contact, price, shares_with_people
from priem.errors import AskOperator
from priem.model import Contact, ContactDraft, FieldInfo, LeadDraft, PatientKey, PhoneEntry
from tests.contract.fake_crm import ACCOUNT
from tests.engine.clinic import ANNA, BORIS, patient, visit

ME = PatientKey("ident", "1")
Policy = Literal["overwrite", "fill", "never"]


def bound(policy: Policy = "overwrite", name: Policy = "overwrite", template: str = "") -> Bound:
    settings = Settings(
        fields=(FieldRule(value="patient.card_number", policy=policy),),
        contacts=Contacts(name=name, tags=("Пациент",), responsible="Ольга"),
        leads=Leads(name=template) if template else Leads(),
    )
    return bind(settings, replace(ACCOUNT, contact_fields=(FieldInfo(21, "Номер карты", "text"),)))


@pytest.mark.parametrize(
    ("policy", "there", "written"),
    [
        ("overwrite", "", True),
        ("overwrite", "12", True),
        ("fill", "", True),
        ("fill", "12", False),
        ("never", "", False),
        ("never", "12", False),
    ],
)
def test_a_policy_lets_a_value_through(policy: Policy, there: str, *, written: bool) -> None:
    contact = Contact(id=7, name="Белова Анна", keys=(ME,), fields={21: there} if there else {})

    draft = contact_changes(replace(patient(), card_number="77"), contact, bound(policy))

    assert (draft is not None) is written


def test_what_the_clinic_does_not_know_is_not_written() -> None:
    contact = Contact(id=7, name="Белова Анна", keys=(ME,), fields={21: "12"}, phones=(PhoneEntry(ANNA),))

    assert contact_changes(patient(name=""), contact, bound()) is None


@pytest.mark.parametrize(
    ("policy", "there", "written"),
    [
        ("overwrite", (), ("vera@example.org",)),
        ("overwrite", ("home@example.org",), ("home@example.org", "vera@example.org")),
        ("overwrite", ("home@example.org", "Vera@Example.org"), None),
        ("fill", ("home@example.org",), None),
    ],
)
def test_addresses_are_added_and_never_taken_away(
    policy: Policy, there: tuple[str, ...], written: tuple[str, ...] | None
) -> None:
    settings = Settings(fields=(FieldRule(value="patient.email", policy=policy),))
    field = FieldInfo(22, "Электронная почта", "multitext", "EMAIL")
    contact = Contact(id=7, name="Белова Анна", keys=(ME,), fields={22: there} if there else {})
    rules = bind(settings, replace(ACCOUNT, contact_fields=(field,)))

    draft = contact_changes(replace(patient(), email="vera@example.org"), contact, rules)

    assert (draft.fields[22] if draft else None) == written
    assert draft is None or shares_with_people(draft, rules)


def test_the_field_of_phones_is_not_for_anything_else() -> None:
    settings = Settings(fields=(FieldRule(value="patient.email", field="Телефон"),))
    account = replace(ACCOUNT, contact_fields=(FieldInfo(22, "Телефон", "multitext", "PHONE"),))

    with pytest.raises(AskOperator):
        bind(settings, account)


@pytest.mark.parametrize(("policy", "name"), [("overwrite", "Белова Анна"), ("fill", None), ("never", None)])
def test_a_contacts_name(policy: Policy, name: str | None) -> None:
    draft = contact_changes(patient(), Contact(id=7, name="Анюта"), bound(name=policy))

    assert draft
    assert draft.name == name


def test_a_new_contact_has_all_that_is_known() -> None:
    row = replace(patient("1", "Белова Анна", ANNA, BORIS, birthday=date(1990, 1, 31)), card_number="77")

    assert new_contact(row, bound("never")) == ContactDraft(
        ref="patient ident:1",
        name="Белова Анна",
        phones=(PhoneEntry(ANNA, "MOB"), PhoneEntry(BORIS, "MOB")),
        keys=(ME,),
        fields={21: "77"},
        responsible=502,
        tags=("Пациент",),
    )


def test_a_patient_without_a_name_is_called_by_his_number() -> None:
    assert new_contact(patient(name=""), bound()).name == "Пациент 1"


@pytest.mark.parametrize(
    ("ours", "theirs", "merged"),
    [
        ((ANNA,), (), (ANNA,)),
        ((ANNA,), ("8 (921) 333-44-55",), ("8 (921) 333-44-55",)),
        ((BORIS,), ("8 (921) 333-44-55",), ("8 (921) 333-44-55", BORIS)),
        ((ANNA,), ("9213334455, 9217778899",), ("9213334455, 9217778899",)),
        ((), ("нет",), ("нет",)),
        (("+79999999999",), ("+79999999999",), ("+79999999999",)),
        ((BORIS, BORIS), (), (BORIS,)),
    ],
)
def test_phones_are_merged(ours: tuple[str, ...], theirs: tuple[str, ...], merged: tuple[str, ...]) -> None:
    there = tuple(PhoneEntry(phone, "WORK") for phone in theirs)

    assert tuple(phone.text for phone in merged_phones(ours, there)) == merged


@pytest.mark.parametrize(("total", "roubles"), [(None, None), ("1900.50", 1901), ("1900.49", 1900), ("0", 0)])
def test_the_price_is_whole_roubles(total: str | None, roubles: int | None) -> None:
    assert price(replace(visit(), total=total and Decimal(total)), bound()) == roubles  # type: ignore[arg-type]  # None stays None


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{patient}, {date} {time}", "Белова Анна, 26.11 12:00"),
        ("{doctor}, {patient}", "Белова Анна"),
        ("Приём {id} ", "Приём 500"),
        ("{patient} {{важно}}", "Белова Анна {важно}"),
    ],
)
def test_what_a_lead_is_called(template: str, name: str) -> None:
    assert lead_name(visit(), "Белова Анна", bound(template=template)) == name


@pytest.mark.parametrize(
    ("template", "name", "follows"),
    [
        ("{patient}, {date} {time}", "Белова Анна, 26.11 12:00", True),
        ("{patient}, {date} {time}", "Белова Анна, 01.12 09:30", True),
        ("{patient}, {date} {time}", "VIP Белова Анна, 26.11 12:00", False),
        ("{patient}, {date} {time}", "Белова Анна, 26.11 12:00 перезвонить", False),
        ("{patient}, {date} {time}", "Белова Анна", False),
        ("{doctor}, {patient}", "Белова Анна", True),
        ("{doctor}, {patient}", "Зубов П. П., Белова Анна", True),
        ("{patient} ", "Белова Анна", True),
        ("Приём {id}", "Приём 500", True),
        ("Приём {id}", "Приём у Анны", False),
        ("{doctor}", "Что угодно", False),
        ("Приём", "Приём", False),
        ("{patient} ({doctor})", "Белова Анна (Зубов)", True),
        ("{patient} {{важно}}", "Белова Анна {важно}", True),
    ],
)
def test_whether_priem_can_have_given_a_name(template: str, name: str, *, follows: bool) -> None:
    assert follows_template(name, "Белова Анна", bound(template=template)) is follows


@pytest.mark.parametrize(
    ("template", "unknown"),
    [
        ("{patient}, {date}", ()),
        ("{patien}", ("patien",)),
        ("{date:%Y}", ("date:%Y",)),
        ("{patient!r}", ("patient!r",)),
        ("{}", ("",)),
        ("{patient.name}", ("patient.name",)),
    ],
)
def test_words_that_a_leads_name_does_not_know(template: str, unknown: tuple[str, ...]) -> None:
    assert unknown_parts(template) == unknown


@pytest.mark.parametrize(
    ("draft", "policy", "shares"),
    [
        (ContactDraft(ref="1", id=7, name="Белова Анна"), "overwrite", False),
        (ContactDraft(ref="1", id=7, phones=()), "overwrite", True),
        (ContactDraft(ref="1", id=7, fields={21: "77"}), "overwrite", False),
        (ContactDraft(ref="1", id=7, fields={21: "77"}), "fill", True),
        (LeadDraft(ref="1", id=7, price=900), "overwrite", False),
        (LeadDraft(ref="1", id=7, name="Белова Анна"), "overwrite", True),
        (LeadDraft(ref="1", id=7, pipeline=1, stage=103), "overwrite", True),
    ],
)
def test_what_people_write_too_is_read_before_it_is_written(
    draft: ContactDraft | LeadDraft, policy: Policy, *, shares: bool
) -> None:
    assert shares_with_people(draft, bound(policy)) is shares
