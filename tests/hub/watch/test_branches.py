"""How each branch of a clinic does: in step or not, since when not and why, and how long its changes take."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from priem.engine.sync import Progress
from priem.hub.models import BranchName, Clinic, Connection, Delay, Incident, SourcePicture
from priem.hub.watch import delays, keeper
from priem.hub.watch.branches import Branches, branches_of
from priem.hub.watch.delays import Tally, bound_of, courses, slot_of
from priem.hub.watch.instep import in_step
from priem.hub.watch.watcher import Watcher
from priem.model import (
    Action,
    LeadDraft,
    Outcome,
    Page,
    PatientKey,
    State,
    Step,
    Visit,
    VisitKey,
    VisitStatus,
    Why,
)
from priem.texts import text
from priem.watching import written

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LENIN, MIRA, SUBURB = ("ident", "1"), ("ident", "2"), ("suburb", "1")


@pytest.fixture
def clinic(clinic: Clinic) -> Clinic:
    """Two branches in one database, a third one with its own."""
    Connection.objects.create(clinic=clinic, key="suburb", kind="ident")
    named = ((LENIN, "Ленина 5"), (MIRA, "Мира 1"), (SUBURB, "Пригород"))
    BranchName.objects.bulk_create(
        BranchName(clinic=clinic, connection=of, branch=id_, name=name) for (of, id_), name in named
    )
    Connection.objects.of(clinic.pk).update(cursor="x", last_read_at=NOON)
    Clinic.objects.filter(pk=clinic.pk).update(live=True)
    return clinic


def visit(id_: str, branch: str, name: str) -> Visit:
    return Visit(
        key=VisitKey("ident", id_),
        patient=PatientKey("ident", "10"),
        status=VisitStatus.BOOKED,
        raw_status="x",
        starts_at=NOON,
        branch=branch,
        branch_name=name,
    )


def took(clinic: Clinic, place: tuple[str, str], seconds: float, at: datetime, changes: int = 1) -> None:
    delays.add(clinic.pk, Tally({(place, slot_of(at), bound_of(timedelta(seconds=seconds))): changes}))


def away(clinic: Clinic, of: str, began_at: datetime) -> Incident:
    what, advice = text("The SQL Server {server} does not answer.", server="192.168.1.10"), text("Is it on?")
    return Incident.objects.create(
        clinic=clinic, kind="away", connection=of, what=what, advice=advice, began_at=began_at
    )


# --- measured ---------------------------------------------------------------------------------------


def test_a_change_counts_for_the_branch_of_its_visit(clinic: Clinic) -> None:
    moments = iter([NOON + timedelta(seconds=seconds) for seconds in (1, 3, 3, 3, 3, 3, 3)])
    watcher = Watcher(clinic.pk, lambda: next(moments), beats=False)
    watcher.begins("ident")
    watcher.saw("ident", None, {"1": 2, "2": 1, "": 4})
    watcher.ends("ident")
    rows = Delay.objects.of(clinic.pk).order_by("branch").values_list("connection", "branch", "bound", "changes")
    assert list(rows) == [("ident", "", 3000, 4), ("ident", "1", 3000, 2), ("ident", "2", 3000, 1)]


def test_what_was_only_looked_at_or_refused_is_no_change_of_a_branch() -> None:
    def step(branch: str, action: Action = Action.UPDATE) -> Step:
        draft, why = LeadDraft(ref="1", id=7), Why("link")
        return Step(action=action, key=VisitKey("ident", "5"), draft=draft, why=why, branch=branch)

    done, refused = Outcome(ref="1", state=State.DONE), Outcome(ref="1", state=State.REFUSED)
    carried = [(step("1"), done), (step("1"), done), (step("2"), refused), (step("2", Action.LEAVE), done)]
    assert written(Progress(carried=carried)) == {"1": 2}


def test_measuring_asks_nothing_for_a_change(clinic: Clinic) -> None:
    counts = []
    for changes in (1, 500):
        watcher = Watcher(clinic.pk, iter_of_moments().__next__, beats=False)
        with CaptureQueriesContext(connection) as captured:
            watcher.begins("ident")
            watcher.saw("ident", None, {"1": changes, "2": changes})
            watcher.ends("ident")
        counts.append(len(captured.captured_queries))
    assert counts[0] == counts[1]


def iter_of_moments() -> Iterator[datetime]:
    moment = NOON
    while True:
        moment += timedelta(seconds=1)
        yield moment


def test_names_of_branches_are_learnt_from_pages_once(clinic: Clinic) -> None:
    learnt, page = Branches(clinic.pk), Page(visits=(visit("1", "1", "Ленина 7"), visit("2", "9", "")), cursor="1")
    learnt.learn(page)
    with CaptureQueriesContext(connection) as captured:
        for _ in range(5):
            learnt.learn(page)
    assert len(captured.captured_queries) == 0
    assert branches_of([clinic.pk])[clinic.pk] == {
        LENIN: "Ленина 7",
        MIRA: "Мира 1",
        SUBURB: "Пригород",
        ("ident", "9"): "9",
    }


def test_branches_that_are_not_read_are_left_out(clinic: Clinic) -> None:
    Connection.objects.of(clinic.pk).filter(key="ident").update(config={"only_branches": ["2"]})
    SourcePicture.objects.create(
        clinic=clinic, connection="ident", directory={"branches": {"3": "Садовая"}}, taken_at=NOON
    )
    assert set(branches_of([clinic.pk])[clinic.pk]) == {MIRA, SUBURB}


# --- in step or not ---------------------------------------------------------------------------------


def standing(clinic: Clinic, now: datetime = NOON) -> set[tuple[str, str]]:
    return {place for id_, place, is_well in in_step([clinic.pk], now) if not is_well and id_ == clinic.pk}


def test_a_database_that_is_silent_keeps_its_own_branches_out_of_step(clinic: Clinic) -> None:
    assert standing(clinic) == set()
    away(clinic, "ident", NOON)
    assert standing(clinic) == {LENIN, MIRA}


def test_what_stops_the_clinic_stops_every_branch_and_what_only_warns_none(clinic: Clinic) -> None:
    Incident.objects.create(clinic=clinic, kind="disk", began_at=NOON, what=text("The password is wrong."))
    assert standing(clinic) == set()
    Incident.objects.create(clinic=clinic, kind="stopped", began_at=NOON, what=text("The password is wrong."))
    assert standing(clinic) == {LENIN, MIRA, SUBURB}


def test_one_late_branch_is_out_of_step_though_the_clinic_is_not_late(clinic: Clinic) -> None:
    took(clinic, LENIN, 2, NOON, changes=90)
    took(clinic, MIRA, 240, NOON - timedelta(minutes=5))
    took(clinic, MIRA, 240, NOON, changes=3)
    assert standing(clinic) == {MIRA}
    assert courses(clinic.pk, NOON)[MIRA].late_since == NOON - timedelta(minutes=5)
    keeper.look(NOON)
    assert not Incident.objects.of(clinic.pk).exists()


def test_another_database_that_is_silent_does_not_explain_a_late_branch(client: Client, clinic: Clinic) -> None:
    now = datetime.now(UTC)
    away(clinic, "suburb", now)
    took(clinic, MIRA, 240, now)
    assert standing(clinic, now) == {MIRA, SUBURB}
    assert "не совпадает: изменения запаздывают" in home(client)


def test_what_was_kept_back_by_an_outage_is_not_late_once_more(clinic: Clinic) -> None:
    away(clinic, "ident", NOON - timedelta(hours=1))
    Incident.objects.of(clinic.pk).update(over_at=NOON - timedelta(minutes=1))
    took(clinic, LENIN, 3600, NOON)
    assert standing(clinic) == set()


# --- as the page shows it ---------------------------------------------------------------------------


def home(client: Client, language: str = "ru") -> str:
    user, _ = User.objects.get_or_create(username="owner", defaults={"is_staff": True, "is_superuser": True})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client.get("/", headers={"accept-language": language}, follow=True).content.decode()


def test_the_home_page_has_a_line_for_each_branch_with_its_chart_in_words(client: Client, clinic: Clinic) -> None:
    now = datetime.now(UTC)
    took(clinic, LENIN, 1.4, now, changes=3)
    took(clinic, SUBURB, 1.4, now)
    incident = away(clinic, "suburb", now - timedelta(minutes=20))
    shown = home(client)
    for words in (
        "Ленина 5",
        "Мира 1",
        "Пригород",
        "задержка 1,5\u00a0с",
        "Задержка по часам за сутки: не больше 1,5\u00a0с",
    ):
        assert words in shown, words
    assert shown.count("● совпадает") == 2
    assert shown.count("задержка 1,5\u00a0с") == 1, "nothing is said of a delay where nothing goes over"
    assert shown.count(f'href="#incident-{incident.pk}"') == 1
    assert f'id="incident-{incident.pk}"' in shown


def test_a_clinic_with_one_branch_has_no_lines_of_branches(client: Client, clinic: Clinic) -> None:
    Connection.objects.of(clinic.pk).filter(key="suburb").delete()
    BranchName.objects.of(clinic.pk).exclude(branch="1", connection="ident").delete()
    took(clinic, LENIN, 1.4, datetime.now(UTC))
    assert "w-branches" not in home(client)


def test_more_branches_ask_no_more_of_the_home_page(client: Client, clinic: Clinic) -> None:
    home(client)
    counts = []
    for more in (0, 30):
        BranchName.objects.bulk_create(
            BranchName(clinic=clinic, connection="ident", branch=f"x{n}", name=f"Филиал {n}") for n in range(more)
        )
        with CaptureQueriesContext(connection) as captured:
            home(client)
        counts.append(len(captured.captured_queries))
    assert counts[0] == counts[1]
