"""Which contact is this patient: rows that a clinic can read."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from time import process_time

import pytest

from priem.engine.bindings import Bound, bind
from priem.engine.identity import HOUSEHOLD, find_contacts, name_words
from priem.engine.plan import plan_patients
from priem.engine.settings import Duplicates, FieldRule, Settings
from priem.engine.wanted import patient_fingerprint
from priem.model import (
    Action,
    Contact,
    FieldInfo,
    FieldValue,
    Patient,
    PatientKey,
    PatientLink,
    PhoneEntry,
    Surroundings,
)
from tests.contract.fake_crm import ACCOUNT
from tests.engine.clinic import ANNA, BORIS, patient

BIRTHDAY = date(1990, 1, 31)
FIELDS = (FieldInfo(21, "Дата рождения", "birthday"),)
ANY_DUPLICATES = Duplicates()
ME = PatientKey("ident", "1")
OTHER = PatientKey("ident", "9")
ELSEWHERE = PatientKey("archimed", "9")


def bound(duplicates: Duplicates = ANY_DUPLICATES) -> Bound:
    settings = Settings(duplicates=duplicates, fields=(FieldRule(value="patient.birthday"),))
    return bind(settings, replace(ACCOUNT, contact_fields=FIELDS))


def contact(
    id_: int,
    name: str,
    *phones: str,
    keys: tuple[PatientKey, ...] = (),
    created: int = 0,
    updated: int = 0,
    fields: Mapping[int, FieldValue] | None = None,
) -> Contact:
    entries = tuple(PhoneEntry(phone) for phone in phones)
    return Contact(
        id=id_, name=name, phones=entries, keys=keys, created_at=created, updated_at=updated, fields=fields or {}
    )


def around(*contacts: Contact, **more: object) -> Surroundings:
    return Surroundings(contacts={one.id: one for one in contacts}, **more)  # type: ignore[arg-type]  # as given


def found(who: Patient, near: Surroundings, duplicates: Duplicates = ANY_DUPLICATES) -> tuple[int | None, str]:
    match = find_contacts([who], near, bound(duplicates))[who.key]
    return match.contact.id if match.contact else None, match.why.rule


@pytest.mark.parametrize(
    ("in_amocrm", "why"),
    [
        ("Белова Анна", "phone:name"),
        ("Анна Белова", "phone:name"),
        ("белова  АННА", "phone:name"),
        ("Белова Анна Ивановна", "phone:name"),
        ("Белова Анна (мама Миши)", "phone:name"),
        ("Анна", "phone:part_of_name"),
        ("Белова", "phone:part_of_name"),
        ("+7 921 333-44-55", "phone:nameless"),
        ("", "phone:nameless"),
        ("Заявка с сайта", "phone:other_name"),
        ("Белов Миша", "phone:other_name"),
    ],
)
def test_how_well_a_contact_with_her_phone_fits(in_amocrm: str, why: str) -> None:
    assert found(patient("1", "Белова Анна", ANNA), around(contact(7, in_amocrm, ANNA))) == (7, why)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("Алёна Королёва", {"алена", "королева"}),
        ("Петрова-Водкина Анна", {"петрова", "водкина", "анна"}),
        ("89213334455", set()),
    ],
)
def test_how_names_are_compared(written: str, words: set[str]) -> None:
    assert name_words(written) == words


@pytest.mark.parametrize("written", ["+79213334455", "8 (921) 333-44-55", "9213334455", "дом. 8-921-333-44-55 мама"])
def test_a_phone_is_the_same_however_it_is_written(written: str) -> None:
    assert found(patient("1", "Белова Анна", ANNA), around(contact(7, "Белова Анна", written)))[0] == 7


@pytest.mark.parametrize(
    ("near", "expected"),
    [
        pytest.param(around(), (None, "nobody"), id="nobody is there"),
        pytest.param(around(contact(7, "Белова Анна", BORIS)), (None, "nobody"), id="the name alone says nothing"),
        pytest.param(around(contact(7, "Кто-то", keys=(ME,))), (7, "key"), id="the key is enough"),
        pytest.param(
            around(contact(7, "", keys=(ME,), created=2), contact(6, "", keys=(ME,), created=1)),
            (6, "key"),
            id="of two with the key the older one",
        ),
        pytest.param(
            around(contact(7, "", BORIS), contact(8, "", keys=(ME,)), patient_links={ME: PatientLink(contact=7)}),
            (7, "link"),
            id="a link is stronger than a key",
        ),
        pytest.param(
            around(contact(8, "", keys=(ME,)), patient_links={ME: PatientLink(contact=7)}),
            (8, "key"),
            id="the linked one is gone, another carries the key",
        ),
        pytest.param(
            around(contact(8, "Другая"), patient_links={ME: PatientLink(contact=7)}, merged_contacts={7: 8}),
            (8, "link"),
            id="the linked one was merged into another",
        ),
        pytest.param(
            around(contact(7, "Белова Анна", ANNA, keys=(OTHER,))),
            (None, "nobody"),
            id="it is another patient's, whatever the name",
        ),
        pytest.param(
            around(contact(7, "Белова Анна", ANNA), contact_owners={7: (OTHER,)}),
            (None, "nobody"),
            id="another patient is linked to it",
        ),
        pytest.param(
            around(contact(7, "Белова Анна", ANNA, keys=(ELSEWHERE,))),
            (7, "phone:name"),
            id="the same person in another branch's database",
        ),
        pytest.param(
            around(contact(7, "Белова", ANNA, keys=(ELSEWHERE,))),
            (None, "nobody"),
            id="somebody of the household in another branch's database",
        ),
        pytest.param(
            around(contact(7, "Белова Анна", ANNA), contact(8, "Белова Анна", ANNA, fields={21: "1990-01-31"})),
            (8, "phone:name_and_birthday"),
            id="of two namesakes the one with her birthday",
        ),
    ],
)
def test_who_she_is(near: Surroundings, expected: tuple[int | None, str]) -> None:
    who = patient("1", "Белова Анна", ANNA, birthday=BIRTHDAY)

    assert found(who, near) == expected


@pytest.mark.parametrize(("policy", "chosen"), [("oldest", 7), ("newest", 9), ("active", 8)])
def test_which_of_several_with_one_phone(policy: str, chosen: int) -> None:
    near = around(
        contact(7, "", ANNA, created=1, updated=5),
        contact(8, "", ANNA, created=2, updated=9),
        contact(9, "", ANNA, created=3, updated=4),
    )

    assert found(patient("1", "Белова Анна", ANNA), near, Duplicates(several_contacts=policy))[0] == chosen  # type: ignore[arg-type]  # a row of the table


def test_the_clinics_own_number_is_nobodys() -> None:
    near = around(contact(7, "", ANNA))

    assert found(patient("1", "", ANNA), near, Duplicates(junk_phones=("8 921 333 44 55",))) == (None, "nobody")


def test_a_number_on_very_many_contacts_is_nobodys() -> None:
    crowd = [contact(id_, "", ANNA) for id_ in range(HOUSEHOLD + 1)]

    assert found(patient("1", "", ANNA), around(*crowd[1:]))[0] == 1
    assert found(patient("1", "", ANNA), around(*crowd))[0] is None


def test_one_contact_goes_to_one_of_the_household_and_it_says_who_was_looked_at() -> None:
    son, mother = patient("1", "Белов Миша", ANNA), patient("2", "Белова Анна", ANNA)

    matches = find_contacts([son, mother], around(contact(7, "Анна Белова", ANNA)), bound())

    assert [matches[one.key].why.rule for one in (son, mother)] == ["nobody", "phone:name"]
    assert [(one.id, one.because) for one in matches[son.key].why.candidates] == [(7, "phone:other_name")]


def test_whose_a_contact_is_already_is_said() -> None:
    near = around(contact(7, "Анна Белова", ANNA, keys=(OTHER,)))

    (match,) = find_contacts([patient("1", "Белов Миша", ANNA)], near, bound()).values()

    assert [(one.id, one.because) for one in match.why.candidates] == [(7, "claimed")]


@pytest.mark.parametrize(("last_look", "action"), [(False, Action.LEAVE), (True, Action.ADOPT)])
def test_a_doubtful_match_waits_for_the_last_look(*, last_look: bool, action: Action) -> None:
    near = around(contact(7, "Клиент", ANNA))

    (step,) = plan_patients([patient("1", "Белова Анна", ANNA)], near, bound(), last_look=last_look)

    assert step.action is action


BOB = contact(7, "Чернов Борис Ильич", BORIS, keys=(ME,), fields={21: "1985-05-05"})
BORN = date(1985, 5, 5)


@pytest.mark.parametrize(
    ("now", "known", "policy", "by_person", "action"),
    [
        (patient("1", "Белова Анна Ивановна", ANNA, birthday=BIRTHDAY), BORN, "field", False, Action.ASK),
        (patient("1", "Белова Анна Ивановна", ANNA, birthday=BIRTHDAY), BORN, "no field", False, Action.ASK),
        (patient("1", "Чернов Борис Ильич", ANNA, birthday=BIRTHDAY), BORN, "field", False, Action.UPDATE),
        (patient("1", "Орлов Борис Ильич", ANNA, birthday=BIRTHDAY), BORN, "field", False, Action.UPDATE),
        (patient("1", "Орлов Борис Львович", ANNA, birthday=BIRTHDAY), BORN, "field", False, Action.ASK),
        (patient("1", "Белова Анна Ивановна", ANNA, birthday=BORN), BORN, "field", False, Action.UPDATE),
        (patient("1", "Белова Анна Ивановна", BORIS, birthday=BIRTHDAY), BORN, "field", False, Action.UPDATE),
        (patient("1", "Белова Анна Ивановна", ANNA, BORIS, birthday=BIRTHDAY), BORN, "field", False, Action.UPDATE),
        (patient("1", "Белова Анна Ивановна", birthday=BIRTHDAY), BORN, "field", False, Action.UPDATE),
        (patient("1", "Белова Анна Ивановна", ANNA), BORN, "field", False, Action.UPDATE),
        (patient("1", "", ANNA, birthday=BIRTHDAY), BORN, "field", False, Action.UPDATE),
        (patient("1", "Белова Анна Ивановна", ANNA, birthday=BIRTHDAY), None, "no field", False, Action.UPDATE),
        (patient("1", "Белова Анна Ивановна", ANNA, birthday=BIRTHDAY), BORN, "field", True, Action.UPDATE),
    ],
    ids=[
        "nothing is as it was",
        "… though amoCRM has no birthdays",
        "the same name",
        "a new surname",
        "the first name alone",
        "the same birthday",
        "the same phone",
        "one of two phones",
        "no phone",
        "no birthday",
        "no name",
        "no birthday is known from before",
        "a person has said who it is",
    ],
)
def test_a_number_that_somebody_else_has_got(
    now: Patient, known: date | None, policy: str, action: Action, *, by_person: bool
) -> None:
    before = patient_fingerprint(patient("1", "Чернов Борис Ильич", BORIS, birthday=known), bound())
    contact_now = BOB if policy == "field" else replace(BOB, fields={})
    links = {ME: PatientLink(contact=7, fingerprint=before, by_person=by_person)}

    (step,) = plan_patients([now], around(contact_now, patient_links=links), bound())

    assert step.action is action


def quickest(work: Callable[[], object]) -> float:
    """Seconds of the processor, the best of three: what else the machine does is not ours."""
    taken = []
    for _ in range(3):
        began = process_time()
        work()
        taken.append(process_time() - began)
    return min(taken)


def test_two_thousand_patients_among_five_thousand_contacts_are_quick() -> None:
    phones = [f"+7921{number:07}" for number in range(2_000_000, 2_005_000)]
    people = [patient(str(number), f"Белова Анна{number}", phone) for number, phone in enumerate(phones[:2000])]
    near = around(*(contact(id_, f"Белова Анна{id_}", phone) for id_, phone in enumerate(phones)))
    settings = bound()
    list(plan_patients(people, near, settings))  # numbers are parsed once in a process's life

    assert {step.action for step in plan_patients(people, near, settings)} == {Action.ADOPT}
    assert quickest(lambda: list(plan_patients(people, near, settings))) < 0.3


def test_a_whole_page_on_one_phone_is_quick() -> None:
    people = [patient(str(number), f"Белова Анна{number}", ANNA) for number in range(2000)]
    near = around(*(contact(id_, f"Белова Анна{id_}", ANNA) for id_ in range(5000)))
    settings = bound()

    assert {step.action for step in plan_patients(people, near, settings)} == {Action.CREATE}
    assert quickest(lambda: list(plan_patients(people, near, settings))) < 0.3
