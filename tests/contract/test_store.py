"""What every store promises, in memory, on SQLite and (test_store_on_postgresql) on PostgreSQL."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest

from priem.engine.memory import MemoryStore
from priem.errors import TryLater
from priem.hub.models import Clinic, Connection
from priem.hub.store import DjangoStore
from priem.model import (
    LOST,
    Action,
    Contact,
    Lead,
    LeadDraft,
    Patient,
    PatientKey,
    PatientLink,
    PhoneEntry,
    Rejected,
    State,
    Step,
    VisitKey,
    VisitLink,
)
from priem.ports import Store
from priem.texts import text
from tests.contract.store_records import (
    CHILD,
    EVENING,
    FAMILY_PHONE,
    MORNING,
    MOTHER,
    NIGHT,
    WHY,
    adopts,
    carry_out,
    contact,
    creates,
    done,
    failed,
    lead,
    leaves,
    patient,
)


@pytest.fixture(params=["memory", pytest.param("hub", marks=pytest.mark.django_db(transaction=True))])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    if request.param == "memory":
        return MemoryStore()
    monkeypatch.setenv("PRIEM_HOME", str(tmp_path))
    clinic = Clinic.objects.create(slug="smile", name="Улыбка")
    for key in ("ident", "archimed"):
        Connection.objects.create(clinic=clinic, key=key, kind="ident")
    return DjangoStore(clinic.id)


def contacts_near(store: Store, *patients: Patient) -> set[int]:
    return set(store.around_patients(patients).contacts)


def visit_links(store: Store, *keys: VisitKey) -> dict[VisitKey, VisitLink]:
    return dict(store.around_visits(dict.fromkeys(keys), ()).visit_links)


def test_a_cursor_is_where_it_was_left(store: Store) -> None:
    assert store.cursor("ident") is None
    store.advance("ident", "a")
    store.advance("archimed", "z")
    store.advance("ident", "b")
    assert (store.cursor("ident"), store.cursor("archimed")) == ("b", "z")


def test_the_crm_is_unknown_until_it_was_read_once(store: Store) -> None:
    assert store.mirrored_until() is None
    store.mirrored(1_700_000_000)
    store.mirrored(1_700_000_060)
    assert store.mirrored_until() == 1_700_000_060


def test_a_mirrored_contact_comes_back_as_it_was(store: Store) -> None:
    whole = Contact(
        id=2_147_483_648,
        name="Иванова Анна",
        phones=(PhoneEntry("8 (921) 333-44-55", "MOB"), PhoneEntry("нет")),
        keys=(MOTHER, CHILD),
        fields={5: "терапевт", 6: ("а", "б")},
        created_at=90,
        updated_at=100,
        responsible=3_000_000_000,
    )
    store.mirror([whole])
    assert store.around_patients([patient(MOTHER)]).contacts == {whole.id: whole}


def test_a_mirrored_lead_comes_back_as_it_was(store: Store) -> None:
    whole = Lead(
        id=2_147_483_649,
        name="Приём",
        pipeline=7,
        stage=71,
        price=1900,
        contacts=(9, 4),
        keys=(EVENING, MORNING),
        fields={8: "2026-11-26", 9: ("а",)},
        created_at=90,
        updated_at=100,
        responsible=5,
        loss_reason=12,
    )
    store.mirror(leads=[whole])
    assert store.around_visits({MORNING: None}, ()).leads == {whole.id: whole}


def test_what_is_mirrored_and_newer_is_kept(store: Store) -> None:
    store.mirror([contact(1, keys=[MOTHER], updated_at=200)], [lead(5, 1, keys=[MORNING], updated_at=200)])
    store.mirror([contact(1, FAMILY_PHONE, updated_at=199)], [lead(5, stage=LOST, updated_at=199)])
    around = store.around_visits({MORNING: None}, [MOTHER])
    assert (around.contacts[1].phones, around.leads[5].stage) == ((), 71)
    assert contacts_near(store, patient(CHILD, FAMILY_PHONE)) == set()


def test_the_mirror_says_which_were_news(store: Store) -> None:
    assert set(store.mirror([contact(1), contact(2)], [lead(5)])) == {1, 2, 5}
    assert set(store.mirror([contact(1), contact(2, updated_at=101), contact(3)], [lead(5), lead(6)])) == {2, 3, 6}
    assert set(store.mirror([contact(2)], [lead(5, updated_at=99)])) == set()
    carry_out(store, creates(MOTHER), 7, contact(7, updated_at=300))
    assert set(store.mirror([contact(7, updated_at=300)])) == set()


def test_a_read_as_old_as_the_mirror_is_taken(store: Store) -> None:
    store.mirror([contact(1, keys=[MOTHER], updated_at=200)])
    store.mirror([contact(1, FAMILY_PHONE, keys=[MOTHER], updated_at=200)])
    assert contacts_near(store, patient(CHILD, FAMILY_PHONE)) == {1}


def test_the_last_of_two_readings_in_one_call_stays(store: Store) -> None:
    store.mirror([contact(1, keys=[MOTHER], updated_at=1), contact(1, FAMILY_PHONE, keys=[MOTHER], updated_at=2)])
    assert contacts_near(store, patient(CHILD, FAMILY_PHONE)) == {1}


def test_a_contact_is_found_by_its_phone_however_it_is_written(store: Store) -> None:
    store.mirror([contact(1, "8 (921) 333-44-55, +7 812 555-01-02"), contact(2, "+7 999 999-99-99")])
    assert contacts_near(store, patient(MOTHER, FAMILY_PHONE)) == {1}
    assert contacts_near(store, patient(MOTHER, "+78125550102")) == {1}
    assert contacts_near(store, patient(MOTHER, "+79999999999")) == set()


def test_a_contact_is_no_longer_found_by_a_phone_or_key_that_it_lost(store: Store) -> None:
    store.mirror([contact(1, FAMILY_PHONE, keys=[MOTHER])])
    store.mirror([contact(1, "+79217778899", keys=[CHILD], updated_at=101)])
    assert contacts_near(store, patient(MOTHER, FAMILY_PHONE)) == set()
    assert contacts_near(store, patient(CHILD)) == {1}


def test_a_phone_near_a_patient_brings_every_contact_that_has_it(store: Store) -> None:
    store.mirror([contact(1, FAMILY_PHONE), contact(2, FAMILY_PHONE), contact(3, "+79217778899")])
    assert contacts_near(store, patient(MOTHER, FAMILY_PHONE)) == {1, 2}


def test_the_same_id_in_another_connection_is_somebody_else(store: Store) -> None:
    elsewhere = PatientKey("archimed", "10")
    store.mirror([contact(1, keys=[elsewhere])])
    carry_out(store, creates(elsewhere), 1)
    around = store.around_patients([patient(MOTHER)])
    assert (around.contacts, around.patient_links) == ({}, {})


def test_a_created_contact_is_linked_and_mirrored(store: Store) -> None:
    carry_out(store, creates(MOTHER), 1, contact(1, FAMILY_PHONE, keys=[MOTHER]))
    around = store.around_patients([patient(MOTHER)])
    assert around.patient_links == {MOTHER: PatientLink(contact=1, fingerprint="f1")}
    assert around.contacts == {1: contact(1, FAMILY_PHONE, keys=[MOTHER])}
    assert contacts_near(store, patient(CHILD, FAMILY_PHONE)) == {1}


def test_one_contact_may_be_several_patients(store: Store) -> None:
    elsewhere = PatientKey("archimed", "7")
    carry_out(store, creates(MOTHER), 1, contact(1))
    carry_out(store, adopts(elsewhere, 1), 1)
    assert store.around_patients([patient(MOTHER)]).contact_owners == {1: (elsewhere, MOTHER)}


def test_a_link_that_moves_to_another_contact_leaves_the_first(store: Store) -> None:
    carry_out(store, creates(MOTHER), 1, contact(1, FAMILY_PHONE))
    carry_out(store, adopts(MOTHER, 2), 2, contact(2, FAMILY_PHONE))
    around = store.around_patients([patient(MOTHER, FAMILY_PHONE)])
    assert around.patient_links[MOTHER].contact == 2
    assert around.contact_owners == {2: (MOTHER,)}


def test_owners_are_said_of_every_contact_near_whoever_they_are(store: Store) -> None:
    carry_out(store, creates(MOTHER), 1, contact(1, FAMILY_PHONE))
    store.mirror([contact(2, FAMILY_PHONE)])
    around = store.around_patients([patient(CHILD, FAMILY_PHONE)])
    assert set(around.contacts) == {1, 2}
    assert around.contact_owners == {1: (MOTHER,)}
    assert around.patient_links == {}


def test_a_step_without_a_draft_is_done_by_being_written_down(store: Store) -> None:
    store.intend([leaves(MOTHER, 1), leaves(MORNING, 5), leaves(CHILD, None)])
    assert store.open_steps() == ()
    around = store.around_visits({MORNING: None}, [MOTHER, CHILD])
    assert around.patient_links == {MOTHER: PatientLink(contact=1, fingerprint="f2")}
    assert around.visit_links == {MORNING: VisitLink(lead=5, fingerprint="f2")}


def test_a_visit_link_remembers_where_priem_put_the_lead_last(store: Store) -> None:
    carry_out(store, creates(MORNING), 5)
    store.intend([leaves(MORNING, 5)])
    assert visit_links(store, MORNING) == {MORNING: VisitLink(lead=5, fingerprint="f2", pipeline=7, stage=71)}


def test_a_moved_visit_passes_its_lead_on(store: Store) -> None:
    carry_out(store, creates(MORNING), 5, lead(5, 1))
    step = Step(
        action=Action.UPDATE,
        key=EVENING,
        target=5,
        draft=LeadDraft(ref="x", id=5, fields={3: "2026-11-26"}),
        why=WHY,
        fingerprint="f4",
        replaces=MORNING,
    )
    carry_out(store, step, 5, lead(5, 1))
    around = store.around_visits({EVENING: MORNING}, ())
    assert around.visit_links == {
        MORNING: VisitLink(lead=5, fingerprint="f1", pipeline=7, stage=71, moved_to=EVENING),
        EVENING: VisitLink(lead=5, fingerprint="f4", pipeline=7, stage=71),
    }
    assert around.lead_owners == {5: EVENING}


def test_a_visit_moved_twice_in_one_page_passes_its_lead_on_twice(store: Store) -> None:
    carry_out(store, creates(MORNING), 5, lead(5))
    first, second = creates(EVENING, replaces=MORNING), creates(NIGHT, replaces=EVENING)
    store.intend([first, second])
    store.record([done(first, 5), done(second, 5)])
    links = visit_links(store, MORNING, EVENING, NIGHT)
    assert [links[key].moved_to for key in (MORNING, EVENING, NIGHT)] == [EVENING, NIGHT, None]
    assert store.around_visits({MORNING: None}, ()).lead_owners == {5: NIGHT}


def test_a_look_at_the_visit_that_was_moved_away_takes_nothing_back(store: Store) -> None:
    carry_out(store, creates(MORNING), 5, lead(5))
    carry_out(store, creates(EVENING, replaces=MORNING), 5)
    store.intend([leaves(MORNING, 5, fingerprint="f9")])
    around = store.around_visits({MORNING: None}, ())
    assert around.visit_links[MORNING].moved_to == EVENING
    assert around.lead_owners == {5: EVENING}


def test_a_lead_is_never_given_to_two_visits(store: Store) -> None:
    carry_out(store, creates(MORNING), 5)
    step = creates(EVENING)
    store.intend([step, creates(MOTHER)])
    with pytest.raises(ValueError, match="5"):
        store.record([done(step, 5), done(creates(MOTHER), 1)])
    assert visit_links(store, MORNING, EVENING).keys() == {MORNING}
    assert store.around_patients([patient(MOTHER)]).patient_links == {}
    assert len(store.open_steps()) == 2


def test_the_leads_near_a_visit(store: Store) -> None:
    carry_out(store, creates(MOTHER), 1, contact(1, FAMILY_PHONE))
    store.mirror(
        [contact(2, FAMILY_PHONE), contact(3)],
        [
            lead(50, 1),  # open, of the patient's own contact
            lead(51, 9, 2),  # open, of a contact with her phone
            lead(52, 3),  # of a stranger
            lead(53, 1, stage=LOST),
            lead(54, 3, keys=[MORNING], stage=LOST),  # carries the key
            lead(55, 3, keys=[EVENING]),  # carries the key of the visit that it was before
        ],
    )
    around = store.around_visits({MORNING: EVENING}, [MOTHER])
    assert set(around.leads) == {50, 51, 54, 55}
    assert set(around.contacts) == {1, 2}


def test_a_linked_lead_is_near_even_when_it_is_closed(store: Store) -> None:
    carry_out(store, creates(MORNING), 5, lead(5, 1, stage=LOST))
    around = store.around_visits({MORNING: None}, ())
    assert (set(around.leads), around.lead_owners) == ({5}, {5: MORNING})


def test_open_leads_come_with_the_contacts_near_patients(store: Store) -> None:
    store.mirror([contact(1, FAMILY_PHONE)], [lead(50, 1), lead(51, 1, stage=LOST)])
    carry_out(store, creates(MORNING), 50)
    around = store.around_patients([patient(MOTHER, FAMILY_PHONE)])
    assert (set(around.leads), around.lead_owners) == ({50}, {50: MORNING})


def test_a_lead_that_closes_or_changes_hands_is_no_longer_near(store: Store) -> None:
    store.mirror([contact(1, FAMILY_PHONE)], [lead(50, 1), lead(51, 1)])
    store.mirror(leads=[lead(50, 1, stage=LOST, updated_at=101), lead(51, 2, updated_at=101)])
    assert store.around_patients([patient(MOTHER, FAMILY_PHONE)]).leads == {}


def test_a_page_of_thousands_is_answered_whole(store: Store) -> None:
    phones = [f"+7921{n:07}" for n in range(2000, 4500)]
    people = [patient(PatientKey("ident", str(n)), phone) for n, phone in enumerate(phones)]
    store.mirror([contact(n + 1, phone) for n, phone in enumerate(phones)])
    assert len(store.around_patients(people).contacts) == 2500


def test_an_intent_is_open_until_its_outcome_is_known(store: Store) -> None:
    step = creates(MOTHER)
    before = datetime.now(UTC) - timedelta(seconds=5)
    store.intend([step, leaves(CHILD, 2)])
    (open_step,) = store.open_steps()
    assert (open_step.key, open_step.state, open_step.creates) == (MOTHER, State.INTENDED, True)
    assert before < open_step.sent_at < before + timedelta(seconds=60)
    store.record([done(step, 1)])
    assert store.open_steps() == ()


def test_an_unknown_outcome_stays_open_and_links_nothing(store: Store) -> None:
    step = creates(MORNING)
    store.intend([step])
    store.record([failed(step, State.UNKNOWN)])
    (open_step,) = store.open_steps()
    assert (open_step.key, open_step.state) == (MORNING, State.UNKNOWN)
    assert visit_links(store, MORNING) == {}


@pytest.mark.parametrize("state", [State.REFUSED, State.POSTPONED])
def test_what_was_not_written_is_closed_and_links_nothing(store: Store, state: State) -> None:
    step = creates(MOTHER)
    store.intend([step])
    store.record([failed(step, state)])
    assert store.open_steps() == ()
    assert store.around_patients([patient(MOTHER)]).patient_links == {}


def test_steps_that_were_looked_up_are_closed(store: Store) -> None:
    store.intend([creates(MOTHER), creates(MORNING), creates(CHILD)])
    mother, morning, _ = store.open_steps()
    store.close_steps([mother.id, morning.id], State.POSTPONED)
    assert [step.key for step in store.open_steps()] == [CHILD]


def test_an_outcome_belongs_to_the_latest_intent(store: Store) -> None:
    store.intend([creates(MOTHER)])
    carry_out(store, creates(MOTHER), 1)
    assert len(store.open_steps()) == 1


def test_an_outcome_without_an_intent_is_a_bug(store: Store) -> None:
    with pytest.raises(LookupError):
        store.record([done(creates(MOTHER), 1)])
    assert store.around_patients([patient(MOTHER)]).patient_links == {}


def test_rejected_rows_may_come_again(store: Store) -> None:
    row = Rejected(kind="patient", id="10", reason=text("The birthday {value} is in the future.", value="2030"))
    store.reject("ident", [row, row])
    store.reject("ident", [row])
    store.intend([leaves(MOTHER, 1)])


def test_nothing_is_asked_of_an_empty_page(store: Store) -> None:
    store.intend([])
    store.record([])
    store.mirror()
    store.gone()
    store.merged()
    store.close_steps([], State.DONE)
    store.reject("ident", [])
    assert store.around_patients([]).contacts == {}
    assert store.around_visits({}, []).leads == {}


def test_one_pass_at_a_time(store: Store) -> None:
    refusals: list[TryLater] = []

    def try_too() -> None:
        try:
            with store.exclusively():
                pass
        except TryLater as refusal:
            refusals.append(refusal)

    with store.exclusively():
        try_too()
        thread = Thread(target=try_too)
        thread.start()
        thread.join()
    try_too()
    assert len(refusals) == 2
