"""Both ways: the МИС's statuses move leads, and managers' moves change visits. Every pair of changes comes to rest."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Literal

import pytest

from priem.engine.kinds import KINDS, Kind, Moved
from priem.engine.settings import StageTrigger, StageTriggers
from priem.engine.sync import Clinic as Parts
from priem.engine.sync import sync
from priem.model import LOST, WON, VisitStatus
from priem.ports import Crm, Store
from tests.engine.booking_kit import MIS, BookingClinic
from tests.engine.clinic import BOOKED, CAME, CONFIRMED, MAIN, NEW, STAGES

Winner = Literal["mis", "crm"]
RULES = (
    StageTrigger(pipeline=MAIN, stage=CONFIRMED, does="confirm"),
    StageTrigger(pipeline=MAIN, stage=LOST, does="cancel", reason="Отказ пациента"),
    StageTrigger(pipeline=MAIN, stage=CAME, does="status", status="Пришёл"),
    StageTrigger(pipeline=MAIN, stage=WON, does="status", status="completed"),
)
RAW = {
    VisitStatus.BOOKED: "1",
    VisitStatus.CONFIRMED: "2",
    VisitStatus.COMPLETED: "3",
    VisitStatus.CANCELLED: "4",
    VisitStatus.ARRIVED: "5",
    VisitStatus.NO_SHOW: "6",
}
MOVES = (NEW, BOOKED, CONFIRMED, CAME, WON, LOST)
STATUSES = tuple(RAW)


def made(winner: Winner = "mis") -> BookingClinic:
    clinic = BookingClinic()
    clinic.settings = replace(clinic.settings, triggers=StageTriggers(rules=RULES, winner=winner))
    clinic.sync()
    return clinic


@pytest.fixture
def clinic() -> BookingClinic:
    return made()


def started(clinic: BookingClinic, status: VisitStatus = VisitStatus.BOOKED) -> tuple[int, str]:
    """A lead with its visit in this status, both at rest."""
    lead = clinic.request()
    visit = clinic.booked(lead).key.id
    for _ in range(2):
        clinic.sync()
    if status is not VisitStatus.BOOKED:
        change_in_mis(clinic, visit, status)
        clinic.sync()
    clinic.desk.writes.clear()
    return lead, visit


def change_in_mis(clinic: BookingClinic, visit: str, status: VisitStatus) -> None:
    """Somebody at the clinic's own desk."""
    there = clinic.desk.visits[visit]
    clinic.desk.has(replace(there, status=status, raw_status=RAW[status]))


def move(clinic: BookingClinic, lead: int, stage: int) -> None:
    clinic.crm.edit_lead(lead, stage=stage)


def standing(clinic: BookingClinic, lead: int, visit: str) -> tuple[int, VisitStatus]:
    return clinic.lead_now(lead).stage, clinic.desk.visits[visit].status


def passes_until_rest(clinic: BookingClinic, lead: int, visit: str) -> Iterator[tuple[int, VisitStatus]]:
    for _ in range(5):
        clinic.sync()
        yield standing(clinic, lead, visit)


def rests(clinic: BookingClinic, lead: int, visit: str) -> tuple[int, tuple[int, VisitStatus]]:
    """How many writes it takes, to the МИС and of stages to amoCRM, and where both stand in the end."""
    before, changes = clinic.lead_now(lead).stage, 0
    seen = list(passes_until_rest(clinic, lead, visit))
    for stage, _ in seen:
        changes += stage != before
        before = stage
    assert len(set(seen[1:])) == 1, seen
    return changes + len(clinic.desk.writes), seen[-1]


CASES = [
    (status, stage, changed, winner)
    for status, stage, changed, winner in product(STATUSES, (0, *MOVES), (None, *STATUSES), ("mis", "crm"))
    if (stage or changed) and changed is not status
]


@pytest.mark.parametrize("winner", ["mis", "crm"])
@pytest.mark.parametrize("status", STATUSES, ids=str)
def test_every_pair_of_changes_comes_to_rest_with_two_writes_at_most(status: VisitStatus, winner: Winner) -> None:
    for stage, changed in ((two[1], two[2]) for two in CASES if two[0] is status and two[3] == winner):
        clinic = made(winner)
        lead, visit = started(clinic, status)
        if stage:
            move(clinic, lead, stage)
        if changed:
            change_in_mis(clinic, visit, changed)

        writes, (ends_at, ends_as) = rests(clinic, lead, visit)

        told = f"{status} → {stage or '—'}, {changed or '—'}"
        assert writes <= 2, told
        if changed and winner == "mis" and (stage in (0, CONFIRMED, LOST, CAME, WON)):
            assert ends_as is changed, told
        if stage in (CONFIRMED, LOST, CAME, WON) and any(
            "ничего не изменил" in note.text for note in clinic.crm.all_notes
        ):
            assert ends_at == STAGES[ends_as], f"{told}: refused, and yet not back"


@pytest.mark.parametrize(
    ("stage", "status"),
    [(CONFIRMED, VisitStatus.CONFIRMED), (LOST, VisitStatus.CANCELLED), (CAME, VisitStatus.ARRIVED)],
)
def test_a_move_changes_the_visit_once(clinic: BookingClinic, stage: int, status: VisitStatus) -> None:
    lead, visit = started(clinic)
    move(clinic, lead, stage)

    assert rests(clinic, lead, visit) == (1, (stage, status))


def test_when_both_changed_the_mis_wins(clinic: BookingClinic) -> None:
    lead, visit = started(clinic)
    move(clinic, lead, CONFIRMED)
    change_in_mis(clinic, visit, VisitStatus.CANCELLED)

    assert rests(clinic, lead, visit) == (1, (LOST, VisitStatus.CANCELLED))
    assert [one.entity_id for one in clinic.crm.all_notes if "тем временем изменили в МИС" in one.text] == [lead]


def test_when_both_changed_amocrm_wins_if_the_settings_say_so() -> None:
    clinic = made("crm")
    lead, visit = started(clinic)
    move(clinic, lead, LOST)
    change_in_mis(clinic, visit, VisitStatus.CONFIRMED)

    assert rests(clinic, lead, visit) == (1, (LOST, VisitStatus.CANCELLED))


def test_what_the_mis_does_not_allow_is_said_and_the_lead_goes_back(clinic: BookingClinic) -> None:
    lead, visit = started(clinic, VisitStatus.ARRIVED)
    move(clinic, lead, LOST)

    assert rests(clinic, lead, visit) == (1, (CAME, VisitStatus.ARRIVED))
    assert [one.entity_id for one in clinic.crm.all_notes if "ничего не изменил в МИС" in one.text] == [lead]


def test_a_mis_that_takes_no_writes_says_so_once_and_is_not_asked_for_ever(clinic: BookingClinic) -> None:
    lead, visit = started(clinic)
    clinic.desk.fails("closed")
    move(clinic, lead, LOST)

    assert rests(clinic, lead, visit) == (1, (BOOKED, VisitStatus.BOOKED))
    assert [one.entity_id for one in clinic.crm.all_notes if "ничего не изменил в МИС" in one.text] == [lead]
    assert clinic.store.moves() == []


def test_leads_that_stood_there_before_set_off_nothing(clinic: BookingClinic) -> None:
    triggers, clinic.settings = clinic.settings.triggers, replace(clinic.settings, triggers=StageTriggers())
    lead, visit = started(clinic)
    move(clinic, lead, LOST)
    clinic.sync()
    clinic.mis.touch()
    clinic.sync()

    clinic.settings = replace(clinic.settings, triggers=triggers)
    clinic.sync()

    assert clinic.desk.visits[visit].status is VisitStatus.BOOKED


def test_while_the_mis_is_away_a_move_waits(clinic: BookingClinic) -> None:
    lead, visit = started(clinic)
    clinic.desk.fails("away", "away")
    move(clinic, lead, CONFIRMED)
    clinic.sync()
    clinic.sync()
    assert clinic.desk.visits[visit].status is VisitStatus.BOOKED

    clinic.sync()

    assert standing(clinic, lead, visit) == (CONFIRMED, VisitStatus.CONFIRMED)


@pytest.mark.parametrize("fault", ["lost", "vanished"])
def test_a_lost_answer_changes_nothing_in_the_end(clinic: BookingClinic, fault: str) -> None:
    lead, visit = started(clinic)
    clinic.desk.fails(fault)
    move(clinic, lead, LOST)

    _, ends = rests(clinic, lead, visit)

    assert ends == (LOST, VisitStatus.CANCELLED)
    assert clinic.desk.writes == ["cancel"]


def test_a_trigger_of_another_branch_is_passed_over(clinic: BookingClinic) -> None:
    rules = (
        StageTrigger(pipeline=MAIN, stage=LOST, does="cancel", branch="2"),
        StageTrigger(pipeline=MAIN, stage=LOST, does="status", status="no_show", branch=f"{MIS}:1"),
    )
    clinic.settings = replace(clinic.settings, triggers=StageTriggers(rules=rules))
    lead, visit = started(clinic)
    move(clinic, lead, LOST)

    assert rests(clinic, lead, visit)[1] == (LOST, VisitStatus.NO_SHOW)


def test_another_kind_is_called_once_for_a_move(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[Moved] = []

    class Calling(BookingClinic):
        def parts(self, crm: Crm | None = None, store: Store | None = None) -> Parts:
            return replace(super().parts(crm, store), acts={"ring": called.append})

    monkeypatch.setattr("priem.engine.triggers.KINDS", {**KINDS, "ring": Kind(needs_visit=False)})
    clinic = Calling()
    trigger = StageTrigger(pipeline=MAIN, stage=CONFIRMED, does="ring")
    clinic.settings = replace(clinic.settings, triggers=StageTriggers(rules=(trigger,)))
    lead = clinic.request()
    clinic.sync()
    move(clinic, lead, CONFIRMED)

    clinic.sync()
    list(sync(clinic.mis, clinic.parts()))

    assert [(one.lead.id, one.visit) for one in called] == [(lead, None)]


def test_a_visit_that_goes_its_way_is_never_written_back(clinic: BookingClinic) -> None:
    """Priem's own moves are no moves: nothing echoes."""
    lead, visit = started(clinic)
    for status in (VisitStatus.CONFIRMED, VisitStatus.ARRIVED, VisitStatus.COMPLETED):
        change_in_mis(clinic, visit, status)
        clinic.sync()
        clinic.sync()
        assert clinic.lead_now(lead).stage == STAGES[status]

    assert clinic.desk.writes == []
