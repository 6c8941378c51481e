"""What agent and hub tell each other beside pages: troubles, settings, questions, cards."""

from datetime import timedelta

import pytest

from priem.errors import AskOperator, TryLater
from priem.hub.agents import asking, feeds
from priem.hub.models import Agent as AgentRow
from priem.mis.ident.jobs import Seen
from priem.relay.parcels import parted
from priem.relay.words import Kind
from tests.agent.kit import KEY, Beside, changed, read_all
from tests.mis.ident.clinic import IdentClinic

pytestmark = pytest.mark.slow


def test_what_ails_the_database_is_said_in_the_hub_in_the_same_words(beside: Beside) -> None:
    feeds.begin(beside.clinic.pk, KEY)
    beside.settle()
    cursor = read_all(beside)[-1].cursor
    beside.database(password="wrong")
    beside.started()

    with pytest.raises(AskOperator) as met:
        beside.agent.read_once()
    beside.agent.reading.met(met.value)
    beside.agent.report()

    with pytest.raises(AskOperator, match="does not accept the login") as told:
        list(beside.source().changes(cursor))
    assert told.value.advice == met.value.advice
    assert "password" in told.value.beside


def test_an_agent_that_is_silent_is_missed(beside: Beside) -> None:
    feeds.begin(beside.clinic.pk, KEY)
    beside.settle()
    cursor = read_all(beside)[-1].cursor
    heard = AgentRow.objects.of(beside.clinic.pk).get().heard_at
    AgentRow.objects.of(beside.clinic.pk).update(heard_at=heard - timedelta(minutes=2))

    with pytest.raises(TryLater, match="silent"):
        list(beside.source().changes(cursor))
    with pytest.raises(TryLater, match="silent"):
        beside.source().patients(["1"])


def test_settings_reach_the_agent_with_its_next_report(beside: Beside) -> None:
    beside.agent.report()
    changed(beside, overlap_seconds=123)

    beside.agent.report()

    given = beside.agent.given
    assert given
    assert given.options["overlap_seconds"] == 123


def test_an_answer_that_comes_late_is_there_for_who_asks_again(beside: Beside, ident: IdentClinic) -> None:
    patient = ident.register("Поздняя")
    question = asking.put(beside.clinic.pk, KEY, Kind.PATIENTS, {"ids": [patient]})
    beside.agent.report()
    assert beside.agent.answer_one()

    assert asking.put(beside.clinic.pk, KEY, Kind.PATIENTS, {"ids": [patient]}).pk == question.pk
    assert len(beside.source().patients([patient])) == 1
    assert asking.open_questions(beside.clinic.pk, KEY) == ()


def test_visits_bring_the_cards_of_patients_whom_the_hub_may_not_know(beside: Beside, ident: IdentClinic) -> None:
    patient = ident.register("Давняя")
    feeds.begin(beside.clinic.pk, KEY)
    beside.settle()
    cursor = read_all(beside)[-1].cursor
    ident.book(patient)
    beside.settle()
    asked = len(beside.wire.requests)

    source = beside.source()
    list(source.changes(cursor))
    [card] = source.patients([patient])

    assert getattr(card, "name", "").startswith("Давняя")
    assert len(beside.wire.requests) == asked


def test_parcels_are_small_and_tell_their_place(beside: Beside) -> None:
    feeds.begin(beside.clinic.pk, KEY)
    beside.agent.report()
    beside.agent.read_once()
    head, parcel = beside.agent.spool.first() or pytest.fail("nothing to send")

    assert parted(parcel)[0] == head
    assert (head.stream, head.sequence, head.before, head.is_first) == (1, 1, "", True)
    on_disk = (beside.folder.path / "spool").iterdir()
    assert all("Иван".encode() not in file.read_bytes() for file in on_disk)


def test_what_staff_are_to_do_is_told_with_the_next_look(beside: Beside, ident: IdentClinic) -> None:
    patient = ident.register("Заданцева")
    ident.do(f"INSERT INTO ScheduledReceptions (ID_Patients, ID_CRMJobTypes) VALUES ({patient}, 1)")  # noqa: S608 - own
    job = ident.newest("ScheduledReceptions")
    source = beside.source()

    assert source.jobs([], 30) is None
    beside.settle()
    first = source.jobs([job], 30)
    ident.do(f"UPDATE ScheduledReceptions SET ID_ReceptionsClose = 7 WHERE ID = {job}")  # noqa: S608 - own
    beside.settle()
    then = source.jobs([job], 30)

    assert first
    assert (first.asked, closed_by(first)[job]) == (frozenset(), "")
    assert then
    assert (then.asked, closed_by(then)[job]) == (frozenset({job}), "visit")


def test_the_calendar_is_told_once_for_each_time_that_it_is_asked_for(beside: Beside) -> None:
    source = beside.source()

    assert source.timetable(7) is None
    beside.settle()
    calendar = source.timetable(7)
    beside.settle()

    assert calendar
    assert {str(one.doctor) for one in calendar.days} == calendar.doctors.keys()
    assert any(not stretch.busy for one in calendar.days for stretch in one.stretches)
    assert source.timetable(7) is None, "asked only now"


def closed_by(seen: Seen) -> dict[int, str]:
    return {job.id: job.closed_by for job in seen.jobs}
