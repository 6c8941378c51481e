"""What monitoring gets to see, and that the reference names exactly that."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from priem.hub.models import BranchName, Clinic, Connection, ExchangeRecord, Incident, IncidentKind, Shift
from priem.hub.watch import delays
from priem.hub.watch.delays import Tally, slot_of
from priem.texts import text

pytestmark = pytest.mark.django_db
REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "metrics.md"
WATCHING = Path(__file__).parents[3] / "docs" / "how-to" / "watch-the-hub.md"
ROW = re.compile(r"^\| `(priem_\w+)` \| ([\w, ]+) \|", re.MULTILINE)
Found = dict[str, dict[tuple[tuple[str, str], ...], float]]


@pytest.fixture
def clinic(clinic: Clinic) -> Clinic:
    """With something of everything."""
    now = datetime.now(UTC)
    Connection.objects.of(clinic.pk).update(last_read_at=now)
    for branch in ("1", "2"):
        BranchName.objects.create(clinic=clinic, connection="ident", branch=branch, name="Ленина 5")
    delays.add(clinic.pk, Tally({(("ident", "1"), slot_of(now), 1500): 3, (("ident", ""), slot_of(now), 1500): 1}))
    Incident.objects.create(clinic=clinic, kind="disk", began_at=now, what=text("The password is wrong."))
    Shift.objects.create(shard=3, worker="one:17", version="0.1.0", began_at=now, beat_at=now)
    return clinic


def told(client: Client) -> Found:
    written = client.get("/metrics", headers={"host": "localhost"}).content.decode()
    found: Found = {}
    for family in text_string_to_metric_families(written):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def asked(
    clinic: Clinic, sort: str, *, ago: float, failed: bool = False, incoming: bool = False, times: int = 1
) -> None:
    ExchangeRecord.objects.create(
        clinic=clinic,
        system="amocrm",
        what="GET /api/v4/leads",
        sort=sort,
        started_at=datetime.now(UTC) - timedelta(seconds=ago),
        milliseconds=3,
        failed=failed,
        incoming=incoming,
        times=times,
    )


def test_the_reference_names_every_metric_with_its_labels_and_no_other(client: Client, clinic: Clinic) -> None:
    asked(clinic, "leads", ago=5)
    given = {name: {label for labels in samples for label, _ in labels} for name, samples in told(client).items()}
    written = {name: set(labels.split(", ")) for name, labels in ROW.findall(REFERENCE.read_text("utf-8"))}
    assert written == given


def test_the_page_on_watching_explains_every_kind_of_incident() -> None:
    explained = re.findall(r"^\| `([a-z]+)` \|", WATCHING.read_text("utf-8"), re.MULTILINE)
    assert sorted(explained) == sorted(IncidentKind.values)


def test_delay_and_standing_come_by_branch(client: Client, clinic: Clinic) -> None:
    Incident.objects.of(clinic.pk).update(kind="away", connection="ident")
    found = told(client)
    place = (("branch", "1"), ("clinic", "smile"), ("connection", "ident"))
    assert found["priem_branch_delay_seconds"][(*place, ("quantile", "0.5"))] == 1.5
    assert found["priem_delay_seconds"][("clinic", "smile"), ("quantile", "0.99")] == 1.5
    assert set(found["priem_in_step"].values()) == {0.0}


def test_the_last_answer_is_none_that_failed_and_nothing_that_amocrm_told_by_itself(
    client: Client, clinic: Clinic
) -> None:
    asked(clinic, "contacts", ago=90_000)
    asked(clinic, "leads", ago=7200)
    asked(clinic, "leads", ago=60, failed=True)
    asked(clinic, "hook", ago=5, incoming=True)
    [at] = told(client)["priem_amocrm_last_answer_timestamp_seconds"].values()
    assert abs(datetime.now(UTC).timestamp() - 7200 - at) < 30


def test_the_budget_is_spent_by_what_priem_asks(client: Client, clinic: Clinic) -> None:
    asked(clinic, "leads", ago=10, times=30)
    asked(clinic, "hook", ago=5, incoming=True, times=500)
    [used] = told(client)["priem_amocrm_budget_used_ratio"].values()
    assert 0 < used < 0.2


def test_health_counts_what_is_out_of_step_and_names_nobody(client: Client, clinic: Clinic) -> None:
    assert client.get("/healthz").json()["out_of_step"] == {"clinics": 0, "branches": 0}
    Incident.objects.of(clinic.pk).update(kind="away", connection="ident")
    answer = client.get("/healthz")
    assert answer.json()["out_of_step"] == {"clinics": 1, "branches": 2}
    assert "smile" not in answer.content.decode()
