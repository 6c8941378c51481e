"""What every store promises of requests to desks, and of leads that others move."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connections

from priem.booking import NewPatient, RefusalKind, Refused, Time
from priem.intents import Deed, Finished, Intent, Phase, Wanted
from priem.model import Action, LeadDraft, PatientKey, PatientLink, State, Step, VisitKey, VisitLink
from priem.ports import BookingStore
from priem.texts import text
from tests.contract.store_records import MORNING, MOTHER, WHY, carry_out, contact, lead
from tests.contract.test_store import store, visit_links

__all__ = ["store"]  # the fixture

NOON = datetime(2030, 11, 26, 12, 0, tzinfo=UTC)
ANNA = NewPatient(
    last_name="Белова", first_name="Анна", phone="+79213334455", birthday=date(1990, 4, 23), email="a@example.com"
)
DONE = Finished(phase=Phase.DONE, visit=VisitKey("ident", "900"))
NOT_DONE = Finished(phase=Phase.NOT_DONE, kind=RefusalKind.NOT_DONE, said=text("That time is taken."))


def at(hours: float = 0, doctor: str = "20") -> Time:
    starts_at = NOON + timedelta(hours=hours)
    return Time(doctor=doctor, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=30), branch="1", room="5")


def booking(ref: str = "click", hours: float = 0, **changed: object) -> Wanted:
    wanted = Wanted(ref=ref, deed=Deed.BOOK, connection="ident", actor="amocrm:502", time=at(hours))
    return replace(wanted, **changed)  # type: ignore[arg-type]  # the test names what changes


def cancelling(ref: str, visit: str = "500") -> Wanted:
    return Wanted(ref=ref, deed=Deed.CANCEL, connection="ident", visit=VisitKey("ident", visit))


def adopts(visit: VisitKey, target: int) -> Step:
    draft = LeadDraft(ref=str(visit), id=target, keys=(visit,))
    return Step(action=Action.ADOPT, key=visit, target=target, draft=draft, why=WHY, fingerprint="f")


def begun(store: BookingStore, wanted: Wanted) -> Intent:
    intent, is_mine = store.begin(wanted)
    assert is_mine
    return intent


def test_a_request_comes_back_as_it_was(store: BookingStore) -> None:
    wanted = booking(lead=5, contact=7, new_patient=ANNA, services=("7", "8"), comment="Впервые")

    intent = begun(store, wanted)

    assert (intent.wanted, intent.phase, intent.attempt) == (wanted, Phase.INTENDED, 1)
    assert store.intent("click") == intent
    assert list(store.unsettled("ident")) == [intent]
    assert list(store.unsettled("archimed")) == []
    assert list(store.bookings_of(5)) == [intent]
    assert store.intent("another") is None


def test_the_same_request_again_is_the_same_and_nobody_elses(store: BookingStore) -> None:
    intent = begun(store, booking())

    assert store.begin(booking()) == (intent, False)
    with pytest.raises(Refused) as refused:
        store.begin(booking(hours=2))
    assert refused.value.kind is RefusalKind.OTHER


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        (booking("a"), booking("b", 0.25), RefusalKind.BUSY),
        (booking("a", new_patient=ANNA), booking("b", 2, new_patient=ANNA), RefusalKind.BUSY),
        (booking("a", lead=5), booking("b", 2, lead=5), RefusalKind.HAS_VISIT),
        (booking("a", lead=5), booking("b", lead=5, connection="archimed"), RefusalKind.HAS_VISIT),
        (cancelling("a"), cancelling("b"), RefusalKind.CHANGED),
    ],
    ids=["the doctor's time", "the new patient", "the lead", "the lead elsewhere", "the visit"],
)
def test_an_open_request_stands_in_the_way_until_it_is_over(
    store: BookingStore, one: Wanted, other: Wanted, kind: RefusalKind
) -> None:
    intent = begun(store, one)
    with pytest.raises(Refused) as refused:
        store.begin(other)
    assert refused.value.kind is kind

    store.finish(intent.id, NOT_DONE)

    begun(store, other)


@pytest.mark.parametrize(
    "other",
    [booking("b", 0.5), booking("b", time=at(doctor="21")), booking("b", connection="archimed"), cancelling("b")],
    ids=["just after", "another doctor", "another connection", "another deed"],
)
def test_what_is_apart_is_nobodys_trouble(store: BookingStore, other: Wanted) -> None:
    begun(store, booking("a"))

    begun(store, other)


def the_same_slot(name: str) -> Wanted:
    return booking(name)


def the_same_lead(name: str) -> Wanted:
    """In one connection or the other, each at a time of its own."""
    return booking(name, int(name), lead=5, connection=("ident", "archimed")[int(name) % 2])


@pytest.mark.parametrize(
    ("wanted", "kind"), [(the_same_slot, RefusalKind.BUSY), (the_same_lead, RefusalKind.HAS_VISIT)]
)
def test_one_of_many_threads_gets_it(store: BookingStore, wanted: Callable[[str], Wanted], kind: RefusalKind) -> None:
    together, won, told = Barrier(8), list[str](), list[RefusalKind]()

    def try_it(name: str) -> None:
        together.wait()
        try:
            won.append(store.begin(wanted(name))[0].wanted.ref)
        except Refused as no:
            told.append(no.kind)
        finally:
            connections.close_all()

    threads = [Thread(target=try_it, args=(str(number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert (len(won), told) == (1, [kind] * 7)


def test_what_was_not_done_may_begin_again_and_a_dead_attempt_sends_nothing(store: BookingStore) -> None:
    first = begun(store, booking())
    store.finish(first.id, NOT_DONE)

    again = begun(store, booking())

    assert (again.id, again.attempt) == (first.id, 2)
    with pytest.raises(Refused) as refused:
        store.sent(first.id, first.attempt)
    assert refused.value.kind is RefusalKind.NOT_DONE
    store.sent(again.id, again.attempt)
    sent = store.intent("click")
    assert sent
    assert sent.phase is Phase.SENT


def test_a_booking_links_its_visit_with_its_lead(store: BookingStore) -> None:
    store.mirror(leads=[lead(5, stage=71)])
    intent = begun(store, booking(lead=5, new_patient=ANNA, comment="Впервые"))
    store.sent(intent.id, 1)

    after = store.finish(intent.id, replace(DONE, note="Записан"))

    place = lead(5, stage=71)
    assert visit_links(store, VisitKey("ident", "900")) == {
        VisitKey("ident", "900"): VisitLink(lead=5, pipeline=place.pipeline, stage=71)
    }
    assert (after.phase, after.visit, after.wanted.new_patient, after.wanted.comment) == (
        Phase.DONE, VisitKey("ident", "900"), None, None,
    )  # fmt: skip
    assert [one.note for one in store.unsettled("ident")] == ["Записан"]
    store.noted(intent.id)
    assert list(store.unsettled("ident")) == []
    assert store.visits_of_leads([5, 6]) == {5: VisitKey("ident", "900")}


def test_what_is_done_stays_done_whoever_comes_later(store: BookingStore) -> None:
    intent = begun(store, booking())
    done = store.finish(intent.id, DONE)

    assert store.finish(intent.id, NOT_DONE) == done
    assert store.begin(booking()) == (done, False)


def test_a_lead_or_a_visit_that_is_taken_keeps_its_link(store: BookingStore) -> None:
    store.mirror(leads=[lead(5), lead(6)])
    carry_out(store, adopts(MORNING, 5), 5, lead(5))
    store.finish(begun(store, booking("a", lead=5)).id, DONE)
    store.finish(begun(store, booking("b", 1, lead=6)).id, replace(DONE, visit=MORNING))

    links = visit_links(store, MORNING, VisitKey("ident", "900"))

    assert {key: link.lead for key, link in links.items()} == {MORNING: 5}


def test_a_visit_that_turns_up_early_or_late_is_linked(store: BookingStore) -> None:
    store.mirror(leads=[lead(5), lead(6)])
    early, late = begun(store, booking("a", lead=5)), begun(store, booking("b", 1, lead=6))
    store.finish(late.id, NOT_DONE)
    assert [one.wanted.ref for one in store.unsettled("ident")] == ["a", "b"]

    store.turned_up(early.id, VisitKey("ident", "900"))
    store.turned_up(late.id, VisitKey("ident", "901"))

    assert dict(store.visits_of_leads([5, 6])) == {5: VisitKey("ident", "900"), 6: VisitKey("ident", "901")}
    assert [one.phase for one in store.unsettled("ident")] == [Phase.INTENDED, Phase.SENT]


def test_the_contact_of_the_lead_is_the_patients_if_it_is_free(store: BookingStore) -> None:
    store.mirror([contact(7), contact(8)])
    one = begun(store, booking("a", contact=7))
    store.patient_known(one.id, MOTHER)
    two = begun(store, booking("b", 1, contact=7))
    store.patient_known(two.id, PatientKey("ident", "2"))
    three = begun(store, booking("c", 2, contact=8))
    store.patient_known(three.id, MOTHER)

    around = store.around_visits({}, [MOTHER, PatientKey("ident", "2")])

    assert around.patient_links == {MOTHER: PatientLink(contact=7)}
    assert store.patients_of_contacts([7, 8]) == {7: (MOTHER,)}
    known = store.intent("b")
    assert known
    assert known.wanted.patient == PatientKey("ident", "2")


def test_a_move_is_told_once_the_crm_is_known_and_priems_own_are_none(store: BookingStore) -> None:
    store.mirror(leads=[lead(5, stage=71), lead(6, stage=71)])
    assert store.moves() == []
    store.mirrored(100)
    store.mirror(leads=[lead(5, stage=72, updated_at=201), lead(6, stage=71, updated_at=201), lead(7, stage=73)])
    carry_out(store, adopts(MORNING, 6), 6, lead(6, stage=74, updated_at=202))
    store.mirror(leads=[lead(6, stage=74, updated_at=203)])

    moves = store.moves()

    assert [(move.lead, move.stage) for move in moves] == [(5, 72), (7, 73)]
    store.mirror(leads=[lead(5, stage=75, updated_at=204)])
    store.moves_are_over([move.id for move in moves])
    assert [(move.lead, move.stage) for move in store.moves()] == [(5, 75)]


def test_a_stage_is_armed_since_it_was_set(store: BookingStore) -> None:
    before = store.arm([(1, 71), (1, 72)])
    assert dict(store.arm([(1, 71), (1, 73)]))[1, 71] == before[1, 71]
    assert set(store.arm([(1, 72)])) == {(1, 72)}
    assert store.arm([(1, 72)])[1, 72] >= before[1, 72]


def test_where_priem_counts_as_who_put_it(store: BookingStore) -> None:
    carry_out(store, adopts(MORNING, 5), 5, lead(5))
    store.stands_by_us(MORNING, 1, 75, "confirmed")
    store.stands_by_us(MORNING, 1, 76)

    (link,) = visit_links(store, MORNING).values()

    assert (link.pipeline, link.stage, link.status) == (1, 76, "confirmed")


def test_the_status_that_was_decided_upon_stays_with_the_link(store: BookingStore) -> None:
    carry_out(store, replace(adopts(MORNING, 5), status="booked"), 5, lead(5))
    carry_out(store, adopts(MORNING, 5), 5, lead(5))

    assert visit_links(store, MORNING)[MORNING].status == "booked"


def test_a_lead_that_a_pass_gives_away_is_not_booked_from_meanwhile(store: BookingStore) -> None:
    store.mirror(leads=[lead(5)])
    store.intend([adopts(MORNING, 5)])
    with pytest.raises(Refused) as refused:
        store.begin(booking(lead=5))
    assert refused.value.kind is RefusalKind.NOT_DONE

    store.close_steps([step.id for step in store.open_steps()], State.POSTPONED)

    begun(store, booking(lead=5))
