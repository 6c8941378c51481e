"""Troubles as people meet them: once, with a beginning and an end."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from priem.amocrm.stopping import AccountStopped
from priem.errors import AskOperator, TryLater
from priem.hub.models import (
    Authorisation,
    Clinic,
    Connection,
    Delay,
    Hearing,
    Incident,
    IncidentKind,
    Pulse,
    ReceivedHook,
    VisitFact,
)
from priem.hub.store import DjangoStore
from priem.hub.watch import delays, keeper
from priem.hub.watch.delays import Delays, bound_of, courses, of_places, slot_of
from priem.hub.watch.metrics import Clinics
from priem.hub.watch.watcher import Watcher
from priem.mis.archimed.changes import TOO_MANY as OF_ARCHIMED
from priem.mis.ident.sweep import TOO_MANY as OF_IDENT
from priem.model import Outcome, Page, Patient, PatientKey, Rejected, State, Visit, VisitKey, VisitStatus
from priem.texts import Text, text
from tests.contract.store_records import MOTHER, creates

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PLACE = ("ident", "1")
AWAY = TryLater(text("IDENT does not answer."))


class Day:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def day() -> Day:
    return Day()


@pytest.fixture
def watcher(clinic: Clinic, day: Day) -> Watcher:
    Connection.objects.of(clinic.pk).update(cursor="x", last_read_at=NOON)
    Authorisation.objects.create(clinic=clinic, access="t")
    return Watcher(clinic.pk, day)


def a_pass(watcher: Watcher, changes: int = 0, page: Page | None = None) -> None:
    watcher.begins("ident")
    watcher.saw("ident", page, {"1": changes} if changes else {})
    watcher.ends("ident")


def kinds(clinic: Clinic, *, over: bool = False) -> list[str]:
    rows = Incident.objects.of(clinic.pk).filter(over_at__isnull=not over)
    return list(rows.order_by("pk").values_list("kind", flat=True))


def test_a_computer_that_is_off_is_one_incident_with_its_length_and_what_was_made_up_for(
    watcher: Watcher, clinic: Clinic, day: Day
) -> None:
    for _ in range(3):
        watcher.begins("ident")
        watcher.fails("ident", AWAY, "mis")
        day.passes(minutes=20)
    assert kinds(clinic) == ["away"]

    a_pass(watcher, changes=7)

    [incident] = Incident.objects.of(clinic.pk)
    assert (incident.began_at, incident.over_at, incident.caught_up) == (NOON, day.now, 7)
    assert incident.what == AWAY.what


def test_a_hiccup_is_no_history(watcher: Watcher, clinic: Clinic, day: Day) -> None:
    watcher.begins("ident")
    watcher.fails("ident", AWAY, "mis")
    day.passes(seconds=5)
    a_pass(watcher)
    assert not Incident.objects.of(clinic.pk).exists()


@pytest.mark.parametrize(
    ("error", "at", "kind"),
    [
        (AWAY, "mis", "away"),
        (AskOperator(text("The password is wrong.")), "mis", "closed"),
        (TryLater(text("amoCRM cannot be reached.")), "crm", "amocrm"),
        (AccountStopped(text("Blocked."), text("Write to them.")), "crm", "stopped"),
        (AskOperator(text("There is no pipeline {name}.", name="x")), "crm", "settings"),
    ],
)
def test_whose_trouble_it_is(watcher: Watcher, clinic: Clinic, error: TryLater, at: str, kind: str) -> None:
    watcher.begins("ident")
    watcher.fails("ident", error, "mis" if at == "mis" else "crm")
    assert kinds(clinic) == [kind]


def test_an_account_that_has_to_be_authorised_again_is_closed(watcher: Watcher, clinic: Clinic) -> None:
    Authorisation.objects.filter(clinic=clinic).update(authorise_again=text("Revoked."))
    watcher.begins("ident")
    watcher.fails("ident", AskOperator(text("amoCRM does not accept Priem's token.")), "crm")
    assert kinds(clinic) == ["stopped"]


def test_another_trouble_ends_the_one_before(watcher: Watcher, clinic: Clinic, day: Day) -> None:
    watcher.begins("ident")
    watcher.fails("ident", AWAY, "mis")
    day.passes(minutes=5)
    watcher.fails("ident", AskOperator(text("The password is wrong.")), "mis")
    assert (kinds(clinic), kinds(clinic, over=True)) == (["closed"], ["away"])


def test_a_process_that_stopped_is_noticed_and_forgotten_when_it_is_back(
    watcher: Watcher, clinic: Clinic, day: Day
) -> None:
    Clinic.objects.filter(pk=clinic.pk).update(live=True)
    watcher.beat()
    keeper.look(day.now)
    assert kinds(clinic) == []

    day.passes(minutes=10)
    keeper.look(day.now)
    assert kinds(clinic) == ["silence"]

    Pulse.objects.of(clinic.pk).update(beat_at=day.now)
    day.passes(minutes=1)
    keeper.look(day.now)
    assert (kinds(clinic), kinds(clinic, over=True)) == ([], ["silence"])


def test_a_clinic_that_nobody_ever_followed_is_not_silent(clinic: Clinic) -> None:
    Clinic.objects.filter(pk=clinic.pk).update(live=True)
    keeper.look(NOON)
    assert kinds(clinic) == []


def silent_after(watcher: Watcher, clinic: Clinic, day: Day, *gaps: float) -> list[str]:
    """Single passes with so many minutes between them, the last gap without one."""
    Clinic.objects.filter(pk=clinic.pk).update(live=True)
    watcher.passes()
    for gap in gaps[:-1]:
        day.passes(minutes=gap)
        watcher.passes()
    day.passes(minutes=gaps[-1])
    keeper.look(day.now)
    return kinds(clinic)


@pytest.mark.parametrize(
    ("gaps", "said"),
    [
        pytest.param((60 * 24 * 30,), [], id="one pass by hand promises nothing"),
        pytest.param((5, 5, 50), [], id="a timer may be late"),
        pytest.param((5, 5, 70), ["silence"], id="a timer that has stopped"),
        pytest.param((60 * 24, 60 * 24, 60 * 24 * 2), [], id="a daily one"),
        pytest.param((60 * 24, 60 * 24, 60 * 24 * 4), ["silence"], id="a daily one that has stopped"),
    ],
)
def test_single_passes_are_missed_by_their_own_measure(
    watcher: Watcher, clinic: Clinic, day: Day, gaps: tuple[float, ...], said: list[str]
) -> None:
    assert silent_after(watcher, clinic, day, *gaps) == said


def test_a_single_pass_ends_the_silence_of_who_has_stopped(watcher: Watcher, clinic: Clinic, day: Day) -> None:
    Clinic.objects.filter(pk=clinic.pk).update(live=True)
    watcher.beat()
    day.passes(minutes=10)
    keeper.look(day.now)
    day.passes(minutes=1)
    Watcher(clinic.pk, day).passes()
    keeper.look(day.now)
    assert (kinds(clinic), kinds(clinic, over=True)) == ([], ["silence"])


def test_changes_that_are_late_without_another_reason_are_an_incident(clinic: Clinic) -> None:
    Clinic.objects.filter(pk=clinic.pk).update(live=True)
    delays.add(clinic.pk, delays.Tally({(PLACE, slot_of(NOON), bound_of(timedelta(minutes=4))): 3}))
    keeper.look(NOON)
    assert kinds(clinic) == ["lag"]


def test_lateness_after_an_outage_is_explained_by_it(clinic: Clinic, watcher: Watcher, day: Day) -> None:
    Clinic.objects.filter(pk=clinic.pk).update(live=True)
    watcher.begins("ident")
    watcher.fails("ident", AWAY, "mis")
    day.passes(minutes=30)
    a_pass(watcher, changes=3)
    keeper.look(day.now)
    assert kinds(clinic) == []


def test_a_full_disk_is_told(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    Clinic.objects.filter(pk=clinic.pk).update(live=True)
    monkeypatch.setenv("PRIEM_LEAST_DISK_MB", "999_000_000_000")
    keeper.look(NOON)
    assert kinds(clinic) == [IncidentKind.DISK]


# --- what no pass fails of -----------------------------------------------------------------------------


def live(clinic: Clinic) -> Clinic:
    Clinic.objects.filter(pk=clinic.pk).update(live=True)
    return clinic


def test_messages_that_wait_for_long_are_an_incident_until_they_are_looked_at(clinic: Clinic) -> None:
    hook = ReceivedHook.objects.create(clinic=live(clinic), received_at=NOON, body=b"x")
    keeper.look(NOON + timedelta(minutes=4))
    assert kinds(clinic) == []
    keeper.look(NOON + timedelta(minutes=6))
    assert kinds(clinic) == ["queue"]
    hook.delete()
    keeper.look(NOON + timedelta(minutes=7))
    assert (kinds(clinic), kinds(clinic, over=True)) == ([], ["queue"])


def test_messages_that_wait_because_amocrm_is_away_are_no_second_incident(
    clinic: Clinic, watcher: Watcher, day: Day
) -> None:
    ReceivedHook.objects.create(clinic=live(clinic), received_at=NOON, body=b"x")
    watcher.begins("ident")
    watcher.fails("ident", TryLater(text("amoCRM cannot be reached.")), "crm")
    day.passes(minutes=10)
    keeper.look(day.now)
    assert kinds(clinic) == ["amocrm"]


def test_an_outcome_that_is_not_known_for_an_hour_is_an_incident(clinic: Clinic) -> None:
    DjangoStore(live(clinic).pk, now=lambda: NOON).intend([creates(MOTHER)])
    keeper.look(NOON + timedelta(minutes=59))
    assert kinds(clinic) == []
    keeper.look(NOON + timedelta(minutes=61))
    assert kinds(clinic) == ["unknown"]


def test_hooks_that_do_not_come_back_are_an_incident_until_one_comes(clinic: Clinic) -> None:
    asked = Hearing.objects.create(clinic=live(clinic), destination="https://hub.example/x", alive_since=NOON)
    store = DjangoStore(clinic.pk, now=lambda: NOON + timedelta(minutes=1))
    store.intend([creates(MOTHER)])
    store.record([(creates(MOTHER), Outcome(ref="1", state=State.DONE, id=1), None)])
    keeper.look(NOON + timedelta(minutes=5))
    assert kinds(clinic) == []
    keeper.look(NOON + timedelta(minutes=20))
    assert kinds(clinic) == ["hooks"]
    asked.heard_at = NOON + timedelta(minutes=21)
    asked.save()
    keeper.look(NOON + timedelta(minutes=22))
    assert (kinds(clinic), kinds(clinic, over=True)) == ([], ["hooks"])


def test_a_quiet_clinic_is_not_deaf_and_a_refused_subscription_is_told(clinic: Clinic) -> None:
    asked = Hearing.objects.create(clinic=live(clinic), destination="https://hub.example/x", alive_since=NOON)
    keeper.look(NOON + timedelta(days=2))
    assert kinds(clinic) == []
    asked.alive_since, asked.trouble = None, text("amoCRM did not let Priem subscribe to changes.")
    asked.save()
    keeper.look(NOON + timedelta(days=2))
    assert kinds(clinic) == ["hooks"]


@pytest.mark.parametrize("too_many", [OF_IDENT, OF_ARCHIMED], ids=["ident", "archimed"])
def test_visits_that_vanish_in_a_mass_are_an_incident_until_sweeps_find_them(
    watcher: Watcher, clinic: Clinic, day: Day, too_many: Text
) -> None:
    reason = Text(too_many.template, {"count": "900", "known": "1000", "setting": "x"})
    rejected = Rejected(kind="visit", id="7", reason=reason)
    DjangoStore(clinic.pk, now=day).reject("ident", [rejected])
    a_pass(watcher, page=Page(rejected=(rejected,), cursor="1"))
    keeper.look(day.now)
    [incident] = Incident.objects.of(clinic.pk)
    assert (incident.kind, incident.connection, incident.what) == ("vanished", "ident", reason)

    day.passes(minutes=20)
    a_pass(watcher)
    keeper.look(day.now)
    assert kinds(clinic) == ["vanished"]
    day.passes(minutes=10)
    keeper.look(day.now)
    assert (kinds(clinic), kinds(clinic, over=True)) == ([], ["vanished"])


# --- delays -----------------------------------------------------------------------------------------


def since_noon(clinic: Clinic) -> Delays:
    return of_places([clinic.pk], NOON)[clinic.pk, None]


def test_a_change_counts_from_the_reading_that_could_not_have_it_yet(
    watcher: Watcher, clinic: Clinic, day: Day
) -> None:
    day.passes(seconds=1)
    a_pass(watcher)
    day.passes(seconds=2)
    watcher.begins("ident")
    day.passes(seconds=0.5)
    watcher.saw("ident", None, {"1": 1, "": 1})
    watcher.ends("ident")

    found = since_noon(clinic)
    assert (found.changes, found.median, found.p99) == (2, 3_000, 3_000)  # 2.5 s, as the bound above them


def test_an_outage_is_in_the_delay(watcher: Watcher, clinic: Clinic, day: Day) -> None:
    a_pass(watcher)
    day.passes(minutes=50)
    a_pass(watcher, changes=1)
    assert since_noon(clinic).p99 == 3_600_000


def test_a_first_reading_says_nothing_about_delays(clinic: Clinic, day: Day) -> None:
    first = Watcher(clinic.pk, day)
    day.passes(hours=2)
    a_pass(first, changes=250)
    assert not Delay.objects.of(clinic.pk).exists()


def test_delays_of_a_day_by_hour(clinic: Clinic) -> None:
    for minutes, delay in ((0, 1), (61, 4), (62, 40)):
        moment = NOON + timedelta(minutes=minutes)
        delays.add(clinic.pk, delays.Tally({(PLACE, slot_of(moment), bound_of(timedelta(seconds=delay))): 1}))
    day = courses(clinic.pk, NOON + timedelta(hours=2, minutes=30))[None]
    assert [hour.p99 for hour in day.hours[-3:]] == [1_000, 45_000, None]
    assert (len(day.hours), day.began + timedelta(hours=21)) == (24, NOON)
    assert (day.day.changes, day.now.changes) == (3, 0)


def test_many_changes_are_few_rows(clinic: Clinic) -> None:
    for _ in range(50):
        delays.add(clinic.pk, delays.Tally({(PLACE, slot_of(NOON), 1_000): 20}))
    assert list(Delay.objects.of(clinic.pk).values_list("changes", flat=True)) == [1000]
    delays.forget(clinic.pk, NOON + timedelta(days=40))
    assert not Delay.objects.of(clinic.pk).exists()


# --- facts ------------------------------------------------------------------------------------------


def visit(status: VisitStatus) -> Visit:
    return Visit(
        key=VisitKey("ident", "500"),
        patient=PatientKey("ident", "10"),
        status=status,
        raw_status="x",
        starts_at=NOON,
        branch="1",
        branch_name="Ленина 5",
    )


def test_how_far_a_visit_got_is_remembered_without_the_person(watcher: Watcher, clinic: Clinic) -> None:
    patient = Patient(key=PatientKey("ident", "10"), name="Анна", source="Сайт")
    a_pass(watcher, page=Page(patients=(patient,), visits=(visit(VisitStatus.BOOKED),), cursor="1"))
    a_pass(watcher, page=Page(visits=(visit(VisitStatus.PAID),), cursor="2"))
    [row] = VisitFact.objects.of(clinic.pk)
    assert (row.branch, row.status, row.came, row.paid) == ("Ленина 5", "paid", True, True)
    assert "Анна" not in repr(row.__dict__)


def test_a_look_at_many_clinics_asks_no_more_than_at_one(clinic: Clinic, day: Day) -> None:
    Clinic.objects.filter(pk=clinic.pk).update(live=True)
    counts = []
    for more in (0, 20):
        Clinic.objects.bulk_create(Clinic(slug=f"c{n}", name="Улыбка", live=True) for n in range(more))
        with CaptureQueriesContext(connection) as captured:
            keeper.look(day.now)
            list(Clinics(day.now).collect())
        counts.append(len(captured.captured_queries))
    assert counts[1] == counts[0]
