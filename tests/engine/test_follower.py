"""A clinic that is followed: how it rests after failures, what is said of them, and its nightly comparison."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from priem.engine.nightly import Nightly
from priem.errors import AskOperator, PriemError, TryLater
from priem.model import Page
from priem.passes import LONGEST_PAUSE, RECONCILING, Follower, News, Pause, Trouble, one_pass
from priem.texts import text
from tests.engine.clinic import Clinic, Mis, patient, visit

AWAY = TryLater(text("The server is away."))
WRONG = AskOperator(text("The password is wrong."))


class Troubled(Mis):
    """Fails as often as there are errors waiting."""

    def __init__(self, *errors: PriemError) -> None:
        super().__init__()
        self.errors = list(errors)

    def changes(self, since: str | None) -> Iterator[Page]:
        if self.errors:
            raise self.errors.pop(0)
        yield from super().changes(since)


def follower(clinic: Clinic, nightly: Nightly | None = None) -> Follower:
    return Follower((clinic.mis,), clinic.parts(), threading.Event(), 0.001, nightly)


def followed(of: Follower, enough: int) -> list[tuple[str, News]]:
    """The first so many news that are troubles, or the end of one."""
    found: list[tuple[str, News]] = []
    for connection, item in of.news():
        if isinstance(item, Trouble):
            found.append((connection, item))
            if len(found) == enough:
                of.stop.set()
    return found


def said(found: list[tuple[str, News]]) -> list[str]:
    return [str(item.error) if item.error else "well" for _, item in found if isinstance(item, Trouble)]


def test_a_trouble_is_said_once_and_once_more_when_it_is_over(clinic: Clinic) -> None:
    clinic.mis = Troubled(AWAY, AWAY, AWAY)

    assert said(followed(hurried(follower(clinic)), 2)) == ["The server is away.", "well"]
    assert clinic.store.troubles["ident"] is None


def hurried(of: Follower) -> Follower:
    """Its pauses last no time."""

    class Hurried(Pause):
        def lengthen(self, error: TryLater | AskOperator, shortest: float) -> bool:
            is_news = super().lengthen(error, shortest)
            self.until = 0.0
            return is_news

    of.pauses["ident"] = Hurried()
    return of


def test_another_trouble_is_said_too(clinic: Clinic) -> None:
    clinic.mis = Troubled(AWAY, AWAY, WRONG, WRONG)

    assert said(followed(hurried(follower(clinic)), 3)) == ["The server is away.", "The password is wrong.", "well"]


def test_what_is_wrong_stands_beside_the_connection(clinic: Clinic) -> None:
    clinic.mis = Troubled(WRONG)

    with pytest.raises(AskOperator):
        list(one_pass((clinic.mis,), clinic.parts()))
    assert clinic.store.troubles == {"ident": WRONG.what}

    list(one_pass((clinic.mis,), clinic.parts()))
    assert clinic.store.troubles == {"ident": None}


def lengths(pause: Pause, times: int, error: TryLater | AskOperator = AWAY) -> list[float]:
    found = []
    for _ in range(times):
        pause.lengthen(error, 1.0)
        found.append(pause.length)
    return found


def test_pauses_double_up_to_a_minute() -> None:
    assert lengths(Pause(), 8) == [1, 2, 4, 8, 16, 32, LONGEST_PAUSE, LONGEST_PAUSE]


@pytest.mark.parametrize(("chance", "part"), [(0.0, 0.8), (0.5, 1.0), (1.0, 1.2)])
def test_pauses_are_up_to_a_fifth_shorter_or_longer(
    chance: float, part: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("priem.passes.time.monotonic", lambda: 100.0)
    pause = Pause(jitter=lambda: chance)

    pause.lengthen(AWAY, 10.0)

    assert pause.until == pytest.approx(100.0 + 10.0 * part)


def test_nobody_comes_back_sooner_than_he_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("priem.passes.time.monotonic", lambda: 100.0)
    pause = Pause(jitter=lambda: 0.0)

    pause.lengthen(TryLater(text("The server is away."), after=90.0), 1.0)

    assert pause.until == 190.0


def test_the_first_success_ends_the_pause() -> None:
    pause = Pause()
    lengths(pause, 5)

    assert pause.end()
    assert (pause.length, pause.end()) == (0.0, False)


def at(hour: int, day: int = 26) -> datetime:
    return datetime(2026, 11, day, hour, 0, tzinfo=UTC)


def test_the_comparison_is_due_once_a_day_in_the_zone_of_amocrm(clinic: Clinic) -> None:
    nightly = Nightly(at=time(3, 30), zone=ZoneInfo("Europe/Moscow"), since=at(12))  # 00:30 in UTC

    assert [nightly.is_due(moment, clinic.store) for moment in (at(13), at(0, 27), at(1, 27))] == [False, False, True]
    clinic.clock.time = at(1, 27)
    clinic.store.reconciled()
    assert [nightly.is_due(moment, clinic.store) for moment in (at(2, 27), at(23, 27), at(1, 28))] == [
        False,
        False,
        True,
    ]


def test_links_are_compared_at_night_while_changes_go_on(clinic: Clinic) -> None:
    clinic.mis.put(patient(), visit("500", total=1900))
    clinic.sync()
    clinic.crm.edit_lead(clinic.lead_of("500").id, price=1)
    now = clinic.clock.now()
    of = follower(clinic, Nightly(at=now.time(), zone=UTC, since=now - timedelta(hours=1)))
    clinic.mis.put(visit("501", hours=2))

    for connection, item in of.news():
        if connection == RECONCILING and not isinstance(item, Trouble) and item.carried:
            of.stop.set()

    assert clinic.lead_of("500").price == 1900
    assert clinic.lead_of("501").contacts == (clinic.contact_of("1").id,)


def test_without_repair_the_night_only_looks(clinic: Clinic) -> None:
    clinic.mis.put(patient(), visit("500", total=1900))
    clinic.sync()
    clinic.crm.edit_lead(clinic.lead_of("500").id, price=1)
    settings = clinic.settings
    clinic.settings = replace(settings, reconcile=replace(settings.reconcile, repair=False))
    now = clinic.clock.now()
    of = follower(clinic, Nightly(at=now.time(), zone=UTC, since=now - timedelta(hours=1)))

    for _ in range(9):
        list(of.compare_some())

    assert clinic.store.reconciled_at()
    assert clinic.lead_of("500").price == 1


def test_a_night_that_fails_is_said_and_tried_again(clinic: Clinic) -> None:
    clinic.mis.put(patient(), visit("500", total=1900))
    clinic.sync()
    now = clinic.clock.now()
    of = follower(clinic, Nightly(at=now.time(), zone=UTC, since=now - timedelta(hours=1)))
    clinic.crm.stop(TryLater(text("amoCRM is away.")))

    found = []
    for connection, item in of.news():
        if isinstance(item, Trouble) and connection == RECONCILING:
            found.append(item.error)
            clinic.crm.resume()
            of.pauses[RECONCILING].until = 0.0
            if len(found) == 2:
                of.stop.set()

    assert [str(error) for error in found] == ["amoCRM is away.", "None"]
    assert clinic.store.reconciled_at()


def test_a_bell_ends_the_rest(clinic: Clinic) -> None:
    bell = threading.Event()
    of = replace(follower(clinic), bell=bell, interval=3600.0)
    passes = of.news()
    clinic.mis.put(patient())
    assert next(passes)  # the first pass

    clinic.mis.put(patient("2"))
    bell.set()

    while len(clinic.crm.all_contacts) < 2:
        next(passes)  # or it would rest for an hour
