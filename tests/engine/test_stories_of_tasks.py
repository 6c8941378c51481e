"""A task for the manager when somebody books: once for each visit, whatever fails. Given, when, then."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from priem.engine.settings import BookingTask
from priem.engine.sync import sync
from priem.errors import OutcomeUnknown, TryLater
from priem.model import Outcome, Visit, VisitStatus
from priem.tasks import TaskDraft
from tests.engine.clinic import ANNA, NOON, Clinic, patient, visit
from tests.engine.crashing import Death, Killed, Moment, dying


@pytest.fixture
def clinic() -> Clinic:
    clinic = Clinic()
    clinic.decides(task=BookingTask(text="Записан: {patient}, {date} {time}", responsible="Ольга"))
    return clinic


def just_booked(id_: str = "500", whose: str = "1", status: VisitStatus = VisitStatus.BOOKED, hours: int = 0) -> Visit:
    return replace(visit(id_, whose, status, hours=hours), added_at=NOON - timedelta(days=1))


WriteTasks = Callable[[Sequence[TaskDraft]], Iterator[Sequence[Outcome]]]


def losing(clinic: Clinic, lost: str) -> WriteTasks:
    """From now on answers, or requests, are lost as soon as tasks are written; gives how they were written before."""
    write = clinic.crm.write_tasks

    def badly(drafts: Sequence[TaskDraft]) -> Iterator[Sequence[Outcome]]:
        getattr(clinic.crm, lost)()
        return write(drafts)

    clinic.crm.write_tasks = badly  # type: ignore[method-assign]  # until the test takes it back
    return write


def tasks(clinic: Clinic) -> list[tuple[int, str]]:
    return sorted((task.lead, task.text) for task in clinic.crm.all_tasks.values())


def test_a_booking_gives_the_manager_one_task_with_a_deadline(clinic: Clinic) -> None:
    clinic.mis.put(patient(), just_booked())
    clinic.sync()
    clinic.mis.put(just_booked(status=VisitStatus.CONFIRMED, hours=24))

    clinic.sync()

    assert tasks(clinic) == [(clinic.lead_of("500").id, "Записан: Белова Анна, 26.11 12:00")]
    (draft,) = clinic.crm.task_drafts.values()
    assert (draft.kind, draft.responsible) == (1, 502)
    assert draft.until == int((clinic.clock.now() - timedelta(seconds=60) + timedelta(hours=1)).timestamp())


def test_without_a_name_in_the_settings_the_leads_manager_gets_it(clinic: Clinic) -> None:
    clinic.decides(task=BookingTask(type="meeting"), responsible="Ольга")
    clinic.mis.put(patient(), just_booked())

    clinic.sync()

    (draft,) = clinic.crm.task_drafts.values()
    assert (draft.kind, draft.responsible) == (2, 502)


def test_a_request_that_becomes_a_visit_gives_a_task(clinic: Clinic) -> None:
    request = clinic.crm.add_lead(contact=clinic.crm.add_contact("Анна", ANNA))
    clinic.mis.put(patient("1", "Белова Анна", ANNA), just_booked())

    clinic.sync()

    assert [lead for lead, _ in tasks(clinic)] == [request]


@pytest.mark.parametrize(
    "row",
    [
        replace(just_booked(), added_at=NOON - timedelta(days=9)),
        replace(just_booked(), added_at=None),
        just_booked(status=VisitStatus.CANCELLED),
        just_booked(status=VisitStatus.COMPLETED),
    ],
    ids=["long ago", "nobody knows when", "cancelled", "over"],
)
def test_what_is_no_news_gives_no_task(clinic: Clinic, row: Visit) -> None:
    clinic.mis.put(patient(), row)

    clinic.sync()

    assert tasks(clinic) == []


def test_a_visit_that_is_moved_as_a_new_row_gives_no_second_task(clinic: Clinic) -> None:
    clinic.mis.put(patient(), just_booked())
    clinic.sync()
    clinic.mis.put(
        replace(just_booked(status=VisitStatus.CANCELLED), moved_to=visit("501").key),
        replace(just_booked("501", hours=24), moved_from=visit("500").key),
    )

    clinic.sync()

    assert len(tasks(clinic)) == 1


def test_a_visit_whose_lead_was_refused_gets_its_task_with_its_lead(clinic: Clinic) -> None:
    clinic.mis.put(patient(), just_booked())
    clinic.crm.refuse("visit ident:500")
    clinic.sync()
    assert tasks(clinic) == []
    clinic.crm._refused.clear()
    clinic.mis.touch()

    clinic.sync()

    assert len(tasks(clinic)) == 1


@pytest.mark.parametrize("lost", ["lose_next_answers", "lose_next_requests"])
def test_a_task_whose_answer_was_lost_is_looked_for_and_not_doubled(clinic: Clinic, lost: str) -> None:
    clinic.mis.put(patient())
    clinic.sync()
    clinic.mis.put(just_booked())
    write = losing(clinic, lost)
    with pytest.raises(TryLater):
        clinic.sync()
    clinic.crm.write_tasks = write  # type: ignore[assignment,method-assign]  # and no longer

    clinic.sync()
    clinic.sync()

    assert len(tasks(clinic)) == 1
    assert clinic.store.wished_tasks() == []


def test_a_task_is_not_sent_again_while_it_may_still_arrive(clinic: Clinic) -> None:
    clinic.mis.put(patient(), just_booked())
    write = losing(clinic, "lose_next_requests")
    with pytest.raises(TryLater):
        clinic.sync()
    clinic.crm.write_tasks = write  # type: ignore[assignment,method-assign]  # and no longer

    list(sync(clinic.mis, clinic.parts()))
    assert tasks(clinic) == [], "amoCRM may still be at work on it"
    clinic.sync()

    assert len(tasks(clinic)) == 1


def calls() -> int:
    clinic, death = lived(), Death(-1, "before")
    clinic.sync(parts=dying(clinic, death))
    return death.calls


def lived() -> Clinic:
    clinic = Clinic()
    clinic.decides(task=BookingTask())
    clinic.mis.put(patient(), just_booked(), just_booked("501", hours=1))
    return clinic


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", range(calls()))
def test_a_pass_that_is_killed_leaves_each_visit_one_task(call: int, moment: Moment) -> None:
    clinic = lived()
    with pytest.raises(Killed):
        clinic.sync(parts=dying(clinic, Death(call, moment)))

    clinic.sync()
    clinic.sync()

    assert tasks(clinic) == [
        (clinic.lead_of(id_).id, f"Записан: Белова Анна, 26.11 {hour}:00") for id_, hour in (("500", 12), ("501", 13))
    ]
    assert clinic.store.wished_tasks() == []


@pytest.mark.parametrize("batches", [1, 2, 3])
@pytest.mark.parametrize("lost", ["lose_next_answers", "lose_next_requests"])
def test_answers_that_are_lost_on_the_way_to_a_task_make_no_second_one(lost: str, batches: int) -> None:
    clinic = lived()
    getattr(clinic.crm, lost)(batches)

    for _ in range(5):
        try:
            clinic.sync()
        except OutcomeUnknown:
            continue
        except TryLater:
            continue

    assert len(tasks(clinic)) == 2
