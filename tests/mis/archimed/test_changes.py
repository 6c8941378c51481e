"""What changed since a cursor, at a rate that a branch bears: stories of a clinic and of Priem's own mishaps."""

import json
from datetime import UTC, datetime

import pytest

from priem.errors import AskOperator, TryLater
from priem.mis.archimed import Archimed
from priem.mis.archimed.pace import Pace
from priem.model import Page, VisitStatus
from tests.contract.source_contract import patients_of, read_on, visits_of
from tests.mis.archimed.clinic import ArchimedClinic
from tests.mis.archimed.conftest import Start
from tests.mis.archimed.recorded import RecordedClinic, Watch

NOON = datetime(2026, 3, 2, 7, tzinfo=UTC)
"""In Yekaterinburg."""


def follow(clinic: RecordedClinic, source: Archimed, cursor: str, seconds: int) -> tuple[list[Page], str]:
    """A pass a second, as Priem makes them."""
    pages: list[Page] = []
    for _ in range(seconds):
        clinic.watch.advance(1)
        came, cursor = read_on(source, cursor)
        pages += came
    return pages, cursor


def in_earnest(start: Start, **settings: object) -> tuple[RecordedClinic, Archimed]:
    """With the usual pace, at noon."""
    clinic = start(**settings)
    clinic.watch = clinic.recorded.watch = Watch(NOON)
    pace = {"requests_per_second": 1.0, "poll_seconds": 2.0, "night_seconds": 30.0, "page_size": 2000}
    return clinic, clinic.open(**pace)


def seconds_since(began: datetime, clinic: RecordedClinic) -> float:
    """Those that the machine took are among them: the clinic's watch goes on meanwhile."""
    return (clinic.watch.now() - began).total_seconds()


def test_a_change_is_seen_within_five_seconds_at_less_than_a_request_a_second(start: Start) -> None:
    clinic, source = in_earnest(start)
    patient = clinic.register("Белова")
    visit = clinic.book(patient)
    _, cursor = read_on(source, None)
    _, cursor = follow(clinic, source, cursor, 10)
    clinic.recorded.asked.clear()
    began = clinic.watch.now()

    for status, surname in ((2, "Орлова"), (5, "Седова"), (3, "Титова")):
        clinic.change(visit, status_id=status, status=None)
        clinic.rename(patient, surname)
        pages, cursor = follow(clinic, source, cursor, 5)
        assert visits_of(pages)[visit].raw_status == str(status)
        assert patients_of(pages)[patient].name.startswith(surname)

    follow(clinic, source, cursor, 45)
    assert len(clinic.recorded.asked) <= seconds_since(began, clinic)


def test_a_large_branch_is_looked_at_within_the_rate_and_new_talons_at_once(start: Start) -> None:
    clinic, source = in_earnest(start)
    clinic.recorded.caps = 5
    for number in range(40):
        clinic.book(clinic.register(f"Белова{number}"), days=1 + number % 9)
    _, cursor = read_on(source, None)
    clinic.recorded.asked.clear()
    began = clinic.watch.now()

    _, cursor = follow(clinic, source, cursor, 60)
    newest = clinic.book("1", days=30)
    pages, cursor = follow(clinic, source, cursor, 20)

    assert newest in visits_of(pages)
    assert len(clinic.recorded.asked) <= seconds_since(began, clinic)
    looked = {dict(query)["page"] for _, path, query in clinic.recorded.asked if path == "medcards"}
    assert looked == {str(number) for number in range(1, 9)}


def test_a_booking_does_not_wait_for_a_first_reading(branch: RecordedClinic) -> None:
    for number in range(20):
        branch.register(f"Белова{number}")
    branch.book("1")
    source = branch.open()
    booked = ""

    told: list[Page] = []
    for page in source.changes(None):
        if not booked:
            booked = branch.book("2", days=5)
        branch.watch.advance(6)
        told.append(page)

    news = [page for page in told if page.is_news]
    assert [set(visits_of([page])) for page in news] == [{booked}]
    assert told[told.index(news[0]) - 1].cursor == news[0].cursor
    assert booked in visits_of(page for page in told if not page.is_news)


def test_at_night_it_asks_seldom(start: Start) -> None:
    clinic, source = in_earnest(start, working_hours="15:00-16:00")
    _, cursor = read_on(source, None)
    clinic.recorded.asked.clear()

    follow(clinic, source, cursor, 60)

    assert 1 <= len(clinic.recorded.asked) <= 6


def test_what_changed_while_priem_was_down_comes_after_it(branch: RecordedClinic) -> None:
    patient = branch.register("Белова")
    visit, removed = branch.book(patient), branch.book(patient, days=4)
    old = branch.register("Седов", changedate="05.04.2019 14:26:23", creationdate="11.10.2016")
    _, cursor = read_on(branch.open(), None)

    branch.confirm(visit)
    branch.change(removed, deleted=True, delete_reason_id=1, delete_reason="Отказ пациента")
    branch.rename(patient, "Орлова")
    pages, _ = read_on(branch.open(), cursor)

    assert visits_of(pages)[visit].status is VisitStatus.CONFIRMED
    assert visits_of(pages)[removed].status is VisitStatus.CANCELLED
    assert patients_of(pages)[patient].name.startswith("Орлова")
    assert old not in patients_of(pages)


def test_a_change_without_a_new_time_of_change_is_seen_all_the_same(branch: RecordedClinic) -> None:
    visit = branch.book(branch.register("Белова"))
    source = branch.open()
    _, cursor = read_on(source, None)
    stamp = branch.recorded.talons[-1]["update_datetime"]

    branch.change(visit, room="Кабинет № 9", update_datetime=stamp)
    pages, _ = read_on(source, cursor)

    assert visits_of(pages)[visit].room == "Кабинет № 9"


def test_a_talon_that_is_gone_without_a_trace_is_deleted(branch: RecordedClinic) -> None:
    patient = branch.register("Белова")
    visit, stays = branch.book(patient), branch.book(patient, days=4)
    source = branch.open()
    _, cursor = read_on(source, None)
    _, cursor = read_on(source, cursor)

    branch.remove(visit)
    pages, _ = read_on(source, cursor)
    again, cursor = read_on(source, cursor)  # as if the first were not carried out
    later, _ = read_on(source, cursor)

    for told in (pages, again):
        assert {key: visit.status for key, visit in visits_of(told).items()} == {visit: VisitStatus.DELETED}
    assert visits_of(later) == {}
    assert stays in {str(row["id"]) for row in branch.recorded.talons}


def test_a_talon_that_went_while_priem_was_down_is_deleted(branch: RecordedClinic) -> None:
    patient = branch.register("Белова")
    visit, stays = branch.book(patient), branch.book(patient, days=4)
    called_off = branch.book(patient, days=1)
    branch.change(called_off, status_id=4, status=None)
    known, cursor = read_on(branch.open(), None)

    branch.remove(visit)
    branch.remove(called_off)
    source = branch.open()
    told, cursor = read_on(source, cursor)
    once_more, _ = read_on(branch.open(), cursor)  # nobody knew yet that it had been told
    _, cursor = read_on(source, cursor)
    branch.confirm(stays)
    _, cursor = read_on(source, cursor)
    later, _ = read_on(branch.open(), cursor)

    before, after = visits_of(known)[visit], visits_of(told)[visit]
    assert (after.status, after.patient, after.starts_at) == (VisitStatus.DELETED, before.patient, before.starts_at)
    assert visits_of(told)[called_off].status is VisitStatus.CANCELLED
    assert visits_of(once_more)[visit].status is VisitStatus.DELETED
    assert set(visits_of(later)) == {stays}


def test_a_branch_that_is_another_after_a_restart_has_deleted_nothing(branch: RecordedClinic) -> None:
    patient = branch.register("Белова")
    visits = [branch.book(patient, days=1 + number) for number in range(6)]
    _, cursor = read_on(branch.open(), None)

    for visit in visits[:5]:
        branch.remove(visit)
    pages, _ = read_on(branch.open(), cursor)

    assert set(visits_of(pages)) == {visits[5]}
    assert ["5 of 6" in str(row.reason) for page in pages for row in page.rejected] == [True]


def test_a_place_whose_talons_cannot_be_read_is_said(branch: RecordedClinic) -> None:
    branch.book(branch.register("Белова"))
    _, cursor = read_on(branch.open(), None)

    with pytest.raises(AskOperator):
        read_on(branch.open(), json.dumps(json.loads(cursor) | {"known": "nonsense"}))


def test_a_talon_that_is_moved_out_of_the_span_is_followed(branch: RecordedClinic) -> None:
    visit = branch.book(branch.register("Белова"))
    source = branch.open(days_ahead=30)
    _, cursor = read_on(source, None)

    far = branch.now().replace(year=branch.now().year + 2)
    branch.change(visit, date=f"{far:%d.%m.%Y}", datetime=f"{far:%d.%m.%Y} 10:00:00")
    pages, _ = read_on(source, cursor)

    assert visits_of(pages)[visit].starts_at.year == far.year


def test_when_everything_vanishes_nothing_counts_as_deleted(branch: RecordedClinic) -> None:
    patient = branch.register("Белова")
    for hour in range(30):
        branch.book(patient, days=1 + hour)
    source = branch.open(page_size=100)
    _, cursor = read_on(source, None)

    branch.recorded.talons.clear()
    pages, cursor = read_on(source, cursor)
    again, cursor = read_on(source, cursor)
    branch.watch.advance(600)
    later, cursor = read_on(source, cursor)
    restarted, _ = read_on(branch.open(page_size=100), cursor)

    assert visits_of([*pages, *again, *later, *restarted]) == {}
    assert [page.rejected for page in restarted if page.rejected] == [], "it was said, and is not said for ever"
    said = [[str(row.reason) for page in some for row in page.rejected] for some in (pages, again, later)]
    assert ["30 of 30" in reason for reason in said[0]] == [True]
    assert said[1:] == [[], said[0]]


def test_a_status_that_somebody_has_just_added_gets_its_name(start: Start) -> None:
    clinic = start(statuses={"Ждёт в холле": "arrived"})
    visit = clinic.book(clinic.register("Белова"), status=None)
    source = clinic.open()
    _, cursor = read_on(source, None)

    clinic.recorded.statuses[77] = "Ждёт в холле"
    clinic.change(visit, status_id=77)
    clinic.watch.advance(90)
    pages, _ = read_on(source, cursor)

    assert visits_of(pages)[visit].status is VisitStatus.ARRIVED
    assert visits_of(pages)[visit].raw_status == "77"


def test_an_outage_half_way_loses_nothing(sandboxed: ArchimedClinic) -> None:
    """While the clinic's server is away: pages of HTML, cut connections, errors."""
    patient = sandboxed.register("Белова")
    visit = sandboxed.book(patient)
    source = sandboxed.open()
    _, cursor = read_on(source, None)
    sandboxed.confirm(visit)

    for kind in ("html_200", "502", "cut_before", "500"):
        sandboxed.sandbox.fault(kind, count=2 if kind == "cut_before" else 1)
        with pytest.raises(TryLater):
            list(source.changes(cursor))
    pages, _ = read_on(source, cursor)

    assert visits_of(pages)[visit].status is VisitStatus.CONFIRMED


def test_a_connection_that_was_cut_once_is_no_trouble(sandboxed: ArchimedClinic) -> None:
    source = sandboxed.open()
    _, cursor = read_on(source, None)
    visit = sandboxed.book(sandboxed.register("Белова"))
    sandboxed.sandbox.fault("cut_before", count=1)

    pages, _ = read_on(source, cursor)

    assert visit in visits_of(pages)


def test_many_old_visits_are_found_among_talons_of_all_days(branch: RecordedClinic) -> None:
    patient = branch.register("Белова")
    old = [branch.book(patient, days=-100 - number) for number in range(12)]
    source = branch.open(page_size=5)
    _, cursor = read_on(source, None)
    branch.recorded.asked.clear()

    page = source.reread(cursor, [], [*old, "777"])

    assert set(visits_of([page])) == set(old)
    assert len(branch.recorded.asked) <= 6


def test_one_of_many_records_is_read_page_by_page(branch: RecordedClinic) -> None:
    ids = [branch.register(f"Белова{number}") for number in range(14)]
    source = branch.open(page_size=5)
    _, cursor = read_on(source, None)
    branch.recorded.asked.clear()

    page = source.reread(cursor, [*ids, "999"], [])

    assert set(patients_of([page])) == set(ids)
    assert len(branch.recorded.asked) == 4  # three pages, and the one that is on none


def test_a_pace_gives_what_it_has_saved_and_then_its_rate() -> None:
    watch = Watch(NOON)
    pace = Pace(1.0, watch)

    burst = 0
    while pace.may():
        pace.spend()
        burst += 1
    pace.wait()

    assert burst == 3
    assert 0.9 < watch.waited < 1.1


def test_what_a_branch_shows_of_itself(branch: RecordedClinic) -> None:
    visit = branch.book(branch.register("Белова"))
    source = branch.open(branch_name="Центр")

    shown, samples = source.directory(), source.samples(5)

    assert shown.branches == {"1": "Центр"}
    assert shown.doctors == {"8": "Сергеев Иван Петрович"}
    assert shown.statuses["1"] == "Запись"
    assert (shown.services, shown.categories) == (("Приём хирурга",), ("Приёмы",))
    assert [one.key.id for one in samples.visits] == [visit]
    assert [one.name for one in samples.patients] == ["Белова Вера"]
