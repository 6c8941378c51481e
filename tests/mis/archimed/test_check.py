"""What clinics stumble over, each with a piece of advice in the reader's language."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from priem.model import Finding, Severity
from tests.mis.archimed.conftest import Start
from tests.mis.archimed.recorded import RecordedClinic, doctor

Trouble = Callable[[RecordedClinic], object]


def at_work(start: Start, **settings: object) -> RecordedClinic:
    """With patients, visits and a schedule: nothing to find fault with."""
    clinic = start(**settings)
    clinic.book(clinic.register("Белова"))
    shift = {"date": "26.04.2026", "start": "08:00", "end": "23:00", "room": "Кабинет № 2"}
    slots = [{"start": "08:00", "end": "08:20", "free": True}]
    clinic.recorded.schedules = [{"id": 8, "name": "Сергеев И. П.", "schedules": [{**shift, "intervals": slots}]}]
    return clinic


def bad(findings: object) -> list[Finding]:
    assert isinstance(findings, tuple)
    return [finding for finding in findings if finding.severity is not Severity.FINE]


def test_a_branch_in_order_has_nothing_to_mend(start: Start) -> None:
    findings = at_work(start).open().check()

    assert bad(findings) == []
    assert len(findings) >= 5


def does_not_narrow(clinic: RecordedClinic) -> None:
    clinic.recorded.narrows = False
    clinic.book("1", days=-90)


TROUBLES: list[tuple[Trouble, str]] = [
    (lambda clinic: clinic.recorded.schedules.clear(), "Intervals of the schedule in the next two weeks: 0."),
    (
        lambda clinic: clinic.recorded.doctors.append(doctor("v4", 9, "Орлова", "Ольга", None, "ЛОР", 0)),
        "Doctors without a length of visit (max_time is 0): 9 Орлова Ольга.",
    ),
    (lambda clinic: clinic.recorded.doctors.clear(), "Doctors: 0."),
    (lambda clinic: clinic.recorded.statuses.clear(), "ArchiMed+ names no statuses of talons."),
    (
        lambda clinic: clinic.recorded.statuses.update({7: "Перезвонить"}),
        "Statuses without a meaning: 7 Перезвонить.",
    ),
    (lambda clinic: clinic.recorded.without.add("services"), "ArchiMed+ has no method services here."),
    (lambda clinic: clinic.recorded.without.add("intervals"), "ArchiMed+ has no method intervals here."),
    (lambda clinic: clinic.recorded.without.add("talonstatuses"), "ArchiMed+ names no statuses of talons."),
    (lambda clinic: clinic.recorded.cards.clear(), "Cards: 0, visits from today on: 1."),
    (
        lambda clinic: setattr(clinic.recorded, "ahead", timedelta(minutes=-7)),
        "The clock of ArchiMed+'s gateway differs by -7 min from this server's.",
    ),
    (
        does_not_narrow,
        "This API does not narrow talons by days, so all of them are read page by page.",
    ),
]


def test_a_status_without_a_meaning_is_not_listed_with_those_that_have_one(start: Start) -> None:
    clinic = at_work(start)
    clinic.recorded.statuses[7] = "Перезвонить"

    (listed,) = (str(one.what) for one in clinic.open().check() if str(one.what).startswith("Statuses of talons"))

    assert "1 Запись: «Is booked»" in listed
    assert "Перезвонить" not in listed


@pytest.mark.parametrize(("trouble", "said"), TROUBLES, ids=[said for _, said in TROUBLES])
def test_a_trouble_is_found_and_there_is_advice(start: Start, trouble: Trouble, said: str) -> None:
    clinic = at_work(start)
    trouble(clinic)

    found = {finding.what.read("en"): finding for finding in bad(clinic.open().check())}

    assert said in found
    advice = found[said].advice
    assert advice
    assert advice.read("ru") != advice.read("en")
    assert found[said].what.read("ru") != said


def test_a_wrong_secret_is_broken_and_nothing_more_is_tried(start: Start) -> None:
    clinic = at_work(start)

    [finding] = clinic.open(api_secret="another secret of thirty-two letters").check()

    assert finding.severity is Severity.BROKEN
    assert "does not let Priem in" in finding.what.read("en")
    assert "api_secret" in finding.beside
    assert len(clinic.recorded.asked) == 1


def test_a_clock_that_is_wrong_is_told_beside_a_token_that_is_refused(start: Start) -> None:
    clinic = at_work(start)
    clinic.recorded.ahead = timedelta(hours=2)

    findings = clinic.open(api_secret="another secret of thirty-two letters").check()

    assert ["differs by +120 min" in finding.what.read("en") for finding in findings] == [True, False]


def test_a_zone_that_is_wrong_is_told_by_changes_that_are_still_to_come(start: Start) -> None:
    clinic = at_work(start, time_zone="Europe/Moscow")

    later = clinic.now() + timedelta(hours=2)
    clinic.change("2283", update_datetime=f"{later:%d.%m.%Y %H:%M:%S}")

    [finding] = bad(clinic.open().check())
    assert "time_zone" in finding.beside


def test_a_missing_core_method_is_broken(start: Start) -> None:
    clinic = at_work(start)
    clinic.recorded.without.add("talons")

    broken = [finding for finding in clinic.open().check() if finding.severity is Severity.BROKEN]

    assert [finding.what.read("en") for finding in broken] == ["ArchiMed+ has no method talons here."]
