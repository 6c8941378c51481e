"""Whatever goes wrong is one banner on the home page: what it is, since when, what to do; and none once it is over."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client

from priem.amocrm.problems import Answer, Shape, problem_in
from priem.errors import AskOperator, PriemError, TryLater
from priem.hub.agents.source import another_version
from priem.hub.clinics import note_trouble
from priem.hub.models import Authorisation, Clinic, Connection, Incident, IncidentKind
from priem.hub.watch import keeper, unheard
from priem.hub.watch.incidents import Side, begin
from priem.hub.watch.watcher import Watcher
from priem.mis.ident.failures import away, lost, no_column, no_database, unreachable, wrong_login
from priem.mis.ident.sweep import TOO_MANY
from priem.texts import Text, text

pytestmark = pytest.mark.django_db
BANNER = re.compile(r'<p role="status" class="w-banner[^>]*>(.*?)</p>', re.DOTALL)


TOO_MANY_VANISHED = Text(TOO_MANY.template, {"count": "900", "known": "1000", "setting": "x"})


def answered(status: int, detail: str = "") -> PriemError:
    shape: Shape = "json" if detail else "page"
    found = problem_in(Answer(method="GET", path="/api/v4/leads", status=status, shape=shape, body={"detail": detail}))
    assert found
    return found


CLINIC_S = {
    "the computer is off": unreachable("192.168.1.10"),
    "the connection was lost": lost("192.168.1.10"),
    "the database is being restored": away("", ""),
    "the login is refused": wrong_login("192.168.1.10"),
    "the database is gone": no_database("PZ"),
    "the schema has changed": no_column("visits", "Invalid column name 'PlanStart'."),
    "the agent is silent": TryLater(text("The agent on «{host}» in the clinic is silent.", host="REG-1")),
    "the agent is of another version": another_version(),
}
AMOCRM_S = {
    "the token is refused": answered(401),
    "it is not paid": answered(402),
    "the address is not allowed": answered(403, "IP address is not allowed, code 113"),
    "it is blocked": answered(403),
    "the token has no right": answered(403, "Forbidden"),
    "the account is gone": answered(404),
    "there are too many requests": answered(429),
    "it is down": answered(502),
}


@pytest.fixture
def watcher(clinic: Clinic) -> Watcher:
    Clinic.objects.filter(pk=clinic.pk).update(live=True)
    Connection.objects.of(clinic.pk).update(cursor="x", last_read_at=datetime.now(UTC))
    Authorisation.objects.create(clinic=clinic, access="t")
    return Watcher(clinic.pk, beats=False)


def banners(client: Client, language: str = "ru") -> list[str]:
    user, _ = User.objects.get_or_create(username="owner", defaults={"is_staff": True, "is_superuser": True})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    shown = unescape(client.get("/", headers={"accept-language": language}, follow=True).content.decode())
    return [" ".join(re.sub(r"<[^>]+>", "", found).split()) for found in BANNER.findall(shown)]


@pytest.mark.parametrize(
    ("error", "at"),
    [
        *(pytest.param(error, "mis", id=name) for name, error in CLINIC_S.items()),
        *(pytest.param(error, "crm", id=name) for name, error in AMOCRM_S.items()),
    ],
)
def test_what_a_pass_meets_is_one_banner_with_its_cause_and_what_to_do(
    client: Client, clinic: Clinic, watcher: Watcher, error: TryLater | AskOperator, at: Side
) -> None:
    for _ in range(3):
        watcher.begins("ident")
        watcher.fails("ident", error, at)
        note_trouble(clinic.pk, "ident", error.what)
    keeper.look(datetime.now(UTC))
    [banner] = banners(client)
    assert error.what.read("ru") in banner
    assert "Началось: сегодня" in banner
    assert error.advice
    assert banner.endswith(error.advice.read("ru"))
    assert Incident.objects.of(clinic.pk).get().kind != "settings"
    Incident.objects.of(clinic.pk).update(began_at=datetime.now(UTC) - timedelta(hours=1))

    watcher.begins("ident")
    watcher.ends("ident")
    Connection.objects.of(clinic.pk).update(last_error=None)
    assert banners(client) == []
    assert Incident.objects.of(clinic.pk).filter(over_at__isnull=False).count() == 1


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        pytest.param(IncidentKind.SILENCE, keeper.SILENCE, id="nobody follows"),
        pytest.param(IncidentKind.LAG, keeper.LATE, id="late"),
        pytest.param(IncidentKind.DISK, keeper.DISK, id="disk"),
        pytest.param(IncidentKind.QUEUE, unheard.QUEUE, id="queue"),
        pytest.param(IncidentKind.UNKNOWN, unheard.UNKNOWN, id="unknown outcomes"),
        pytest.param(IncidentKind.HOOKS, unheard.HOOKS, id="hooks"),
        pytest.param(IncidentKind.VANISHED, (TOO_MANY_VANISHED, unheard.VANISHED_ADVICE), id="vanished"),
    ],
)
def test_what_no_pass_meets_is_a_banner_too(
    client: Client, clinic: Clinic, kind: IncidentKind, said: tuple[Text, Text]
) -> None:
    begin(clinic.pk, kind, "", said, datetime.now(UTC))
    for language in ("ru", "en"):
        [banner] = banners(client, language)
        assert said[0].read(language) in banner
        assert banner.endswith(said[1].read(language))
    Incident.objects.of(clinic.pk).update(over_at=datetime.now(UTC))
    assert banners(client) == []
