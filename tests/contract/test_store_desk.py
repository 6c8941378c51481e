"""What every store promises of questions, of what persons said, and of records that are to be read anew."""

from datetime import UTC, datetime, timedelta

import pytest

from priem.engine.memory import MemoryStore
from priem.hub.models import Connection
from priem.model import Candidate, PatientKey, PatientLink, Rejected, State, Told, VisitKey, VisitLink
from priem.ports import Store, WishState
from priem.texts import text
from tests.contract.store_records import (
    CHILD,
    EVENING,
    MORNING,
    MOTHER,
    adopts,
    carry_out,
    creates,
    failed,
    lead,
    leaves,
    patient,
)
from tests.contract.test_store import store, visit_links

__all__ = ["store"]  # the fixture


def recalled_keys(store: Store) -> set[PatientKey | VisitKey]:
    return {recall.key for recall in store.recalled("ident")}


def test_a_patient_is_asked_about_once_and_with_the_latest_candidates(store: Store) -> None:
    store.ask({MOTHER: [Candidate(1, "phone:name")], CHILD: [Candidate(3, "phone:other_name")]})
    (asked_at,) = {question.asked_at for question in store.questions() if question.key == MOTHER}
    store.ask({MOTHER: [Candidate(1, "phone:name"), Candidate(2, "phone:name")]})
    store.hold({MORNING: MOTHER, EVENING: MOTHER})

    questions = {question.key: question for question in store.questions()}

    assert questions.keys() == {MOTHER, CHILD}
    assert questions[MOTHER].candidates == (Candidate(1, "phone:name"), Candidate(2, "phone:name"))
    assert (questions[MOTHER].asked_at, questions[MOTHER].visits, questions[CHILD].visits) == (asked_at, 2, 0)
    assert store.around_visits({}, [MOTHER]).asked == {MOTHER}


def test_an_answer_links_and_brings_back_the_patient_and_what_waited(store: Store) -> None:
    store.ask({MOTHER: [Candidate(1, "phone:name")]})
    store.hold({MORNING: MOTHER, EVENING: CHILD})
    assert recalled_keys(store) == set()

    store.bind(MOTHER, 1)

    assert store.questions() == ()
    assert recalled_keys(store) == {MOTHER, MORNING}
    around = store.around_patients([patient(MOTHER)])
    assert around.patient_links == {MOTHER: PatientLink(contact=1, by_person=True)}
    assert around.asked == frozenset()


def test_that_it_is_nobody_of_them_is_remembered(store: Store) -> None:
    store.ask({MOTHER: [Candidate(1, "phone:name")]})
    store.hold({MORNING: MOTHER})

    store.tell(MOTHER, Told.NEW)

    assert store.questions() == ()
    assert store.around_visits({MORNING: None}, [MOTHER]).told == {MOTHER: Told.NEW}
    assert recalled_keys(store) == {MOTHER, MORNING}


def test_a_patient_who_gets_a_contact_needs_no_answer(store: Store) -> None:
    store.ask({MOTHER: [Candidate(1, "phone:name")]})
    store.hold({MORNING: MOTHER})

    carry_out(store, creates(MOTHER), 1)

    assert store.questions() == ()
    assert recalled_keys(store) == {MORNING}


def test_an_undone_link_is_gone_and_stays_undone(store: Store) -> None:
    carry_out(store, creates(MOTHER), 1)
    carry_out(store, creates(MORNING), 5, lead(5, 1))

    store.tell(MOTHER, Told.APART)
    store.tell(MORNING, Told.APART)

    around = store.around_visits({MORNING: None}, [MOTHER])
    assert (around.patient_links, around.visit_links) == ({}, {})
    assert around.told == {MOTHER: Told.APART, MORNING: Told.APART}
    carry_out(store, creates(EVENING), 5)
    store.bind(MOTHER, 2)
    assert store.around_visits({MORNING: None}, [MOTHER]).told == {MORNING: Told.APART}


def test_a_persons_link_stays_one_whatever_is_done_with_it(store: Store) -> None:
    store.bind(MOTHER, 1)
    store.bind(MORNING, 5)

    carry_out(store, adopts(MOTHER, 1), 1)
    carry_out(store, creates(MORNING), 5, lead(5, 1))
    carry_out(store, creates(EVENING, replaces=MORNING), 5)

    around = store.around_visits({MORNING: None, EVENING: None}, [MOTHER])
    assert around.patient_links[MOTHER] == PatientLink(contact=1, fingerprint="f3", by_person=True)
    assert [around.visit_links[key].by_person for key in (MORNING, EVENING)] == [True, True]


def test_a_person_cannot_give_one_lead_to_two_visits(store: Store) -> None:
    carry_out(store, creates(MORNING), 5)

    with pytest.raises(ValueError, match="5"):
        store.bind(EVENING, 5)

    assert visit_links(store, MORNING, EVENING).keys() == {MORNING}
    assert recalled_keys(store) == set()


def test_a_person_moves_a_visit_to_another_lead(store: Store) -> None:
    carry_out(store, creates(MORNING), 5)

    store.bind(MORNING, 6)
    store.bind(EVENING, 5)

    assert visit_links(store, MORNING, EVENING) == {
        MORNING: VisitLink(lead=6, by_person=True),
        EVENING: VisitLink(lead=5, by_person=True),
    }


def test_what_is_recalled_is_decided_anew_and_keeps_whose_the_name_is(store: Store) -> None:
    carry_out(store, creates(MOTHER), 1)
    carry_out(store, creates(MORNING, fingerprint="decided.name"), 5)

    store.recall([MOTHER, MORNING, CHILD])

    around = store.around_visits({MORNING: None}, [MOTHER])
    assert around.patient_links[MOTHER].fingerprint == ""
    assert around.visit_links[MORNING] == VisitLink(lead=5, fingerprint=".name", pipeline=7, stage=71)
    assert recalled_keys(store) == {MOTHER, MORNING, CHILD}
    assert store.recalled("archimed") == ()


def test_a_recall_ends_but_not_one_that_came_meanwhile(store: Store) -> None:
    store.recall([MOTHER, CHILD])
    known = [recall.id for recall in store.recalled("ident")]

    store.recall([CHILD])
    store.recall_is_over(known)

    assert recalled_keys(store) == {CHILD}


def test_a_visit_that_goes_on_waiting_does_not_end_with_its_recall(store: Store) -> None:
    store.recall([MORNING])
    (recall,) = store.recalled("ident")
    store.hold({MORNING: MOTHER})

    store.recall_is_over([recall.id])
    carry_out(store, creates(MOTHER), 1)

    assert recalled_keys(store) == {MORNING}


def test_what_was_refused_is_known_until_it_goes_through(store: Store) -> None:
    for key, state in ((MOTHER, State.REFUSED), (MORNING, State.POSTPONED), (EVENING, State.UNKNOWN)):
        step = creates(key)
        store.intend([step])
        store.record([failed(step, state)])
    store.reject("ident", [Rejected(kind="patient", id="11", reason=text("The row is broken."))])
    assert set(store.refused()) == {MOTHER, MORNING, CHILD}

    carry_out(store, creates(MOTHER), 1)
    store.intend([leaves(CHILD, None)])

    assert set(store.refused()) == {MORNING}


def test_links_come_in_pages_and_without_visits_that_moved_on(store: Store) -> None:
    for number in range(100, 602):
        store.intend([leaves(PatientKey("ident", str(number)), number)])
    carry_out(store, creates(MORNING), 5)
    carry_out(store, creates(EVENING, replaces=MORNING), 5)

    first = store.linked("ident", PatientKey, "")
    rest = store.linked("ident", PatientKey, first[-1][0].id)

    assert [(key.id, contact) for key, contact in (*first, *rest)] == [(str(n), n) for n in range(100, 602)]
    assert len(rest) == 2
    assert store.linked("ident", VisitKey, "") == ((EVENING, 5),)
    assert store.linked("archimed", PatientKey, "") == ()


def test_when_all_was_compared_last_is_known(store: Store) -> None:
    store.mirrored(1_700_000_000)
    assert store.reconciled_at() is None

    store.reconciled()

    reconciled_at = store.reconciled_at()
    assert reconciled_at
    assert datetime.now(UTC) - reconciled_at < timedelta(seconds=60)
    store.mirrored(1_700_000_001)
    assert store.reconciled_at() == reconciled_at


def test_a_trouble_is_noted_until_the_connection_is_read(store: Store) -> None:
    store.note("ident", text("The row is broken."))
    assert trouble_of(store) == text("The row is broken.")

    store.note("ident", None)

    assert trouble_of(store) is None


def trouble_of(store: Store) -> object:
    if isinstance(store, MemoryStore):
        return store.troubles["ident"]
    return Connection.objects.of_all().get(key="ident").last_error


def test_statuses_without_a_meaning_are_counted_until_they_get_one(store: Store) -> None:
    assert store.unmapped("ident") == {}
    store.note_unmapped("ident", {"17": 2, "ждём": 1}, ())
    store.note_unmapped("ident", {"17": 3}, ())
    store.note_unmapped("archimed", {"17": 1}, ())
    assert store.unmapped("ident") == {"17": 5, "ждём": 1}
    store.note_unmapped("ident", {}, ["17"])
    assert (store.unmapped("ident"), store.unmapped("archimed")) == ({"ждём": 1}, {"17": 1})


def test_a_visit_is_wished_a_task_once_ever(store: Store) -> None:
    first, second = VisitKey("ident", "500"), VisitKey("archimed", "500")
    store.wish_tasks({first: "Позвонить Анне"})
    store.wish_tasks({first: "Позвонить Анне, 13:00", second: "Позвонить Борису"})
    assert {wish.visit: (wish.text, wish.state) for wish in store.wished_tasks()} == {
        first: ("Позвонить Анне", WishState.WISHED),
        second: ("Позвонить Борису", WishState.WISHED),
    }
    store.mark_tasks([first, second], WishState.SENT)
    assert {wish.state for wish in store.wished_tasks()} == {WishState.SENT}
    store.mark_tasks([first], WishState.OVER)
    store.wish_tasks({first: "Ещё раз"})
    assert [wish.visit for wish in store.wished_tasks()] == [second]
