"""What `priem doctor --hub` says of the hub itself, in words that whoever looks after it can act upon."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from priem.hub.clinics import ConnectionData, save_connection
from priem.hub.models import Agent, Clinic, Hearing, Pulse, ReceivedHook, Shift
from priem.hub.store import DjangoStore
from priem.hub.tokens import DjangoTokens
from priem.hub.watch.checkup import check_hub, check_workers
from priem.model import Severity
from priem.ports import Tokens
from tests.contract.store_records import MOTHER, creates

pytestmark = pytest.mark.django_db(transaction=True)


def said() -> dict[str, Severity]:
    return {finding.what.read("ru"): finding.severity for _, found in check_hub() for finding in found}


def troubles() -> list[str]:
    return sorted(what for what, severity in said().items() if severity is not Severity.FINE)


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PRIEM_PUBLIC_URL", raising=False)
    monkeypatch.delenv("PRIEM_WORKERS", raising=False)


def test_of_a_hub_that_is_well_nothing_is_to_be_mended(clinic: Clinic) -> None:
    clinic.live = True
    clinic.save()
    Pulse.objects.create(clinic=clinic, beat_at=datetime.now(UTC))
    assert troubles() == ["У узла нет внешнего адреса, поэтому amoCRM не может сообщать об изменениях."]
    assert "Запущенных клиник: 1, все ведутся." in said()


def test_it_says_who_is_silent_what_waits_and_which_key_is_missing(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clinic.live = True
    clinic.save()
    earlier = datetime.now(UTC) - timedelta(minutes=90)
    save_connection(clinic.pk, ConnectionData(key="ident", kind="ident", secrets={"password": "open sesame"}))
    DjangoTokens(clinic.pk).save(Tokens(access="access-token-1"))
    DjangoStore(clinic.pk, now=lambda: earlier).intend([creates(MOTHER)])
    Agent.objects.create(clinic=clinic, connection="ident", token="t", enrolled_at=earlier, heard_at=earlier)
    Hearing.objects.create(clinic=clinic, destination="https://hub.example/amocrm/hooks/x")
    ReceivedHook.objects.create(clinic=clinic, received_at=earlier, body=b"x")
    monkeypatch.setenv("PRIEM_SECRET_KEY_FILE", str(tmp_path / "another.key"))
    monkeypatch.setenv("PRIEM_LEAST_DISK_MB", "1_000_000_000")
    monkeypatch.setenv("PRIEM_PUBLIC_URL", "http://127.0.0.1:9/")

    found = troubles()

    for words in (
        "зашифрованы другим ключом",
        "свободно только",
        "которые никто не ведёт: 1 из 1 (smile)",
        "Сообщения amoCRM ждут уже 90 мин",
        "итог которых неизвестен больше часа: 1",
        "Агент клиники smile (ident) молчит уже 90 мин",
        "Узел не отвечает по адресу http://127.0.0.1:9",
        "amoCRM ничего не сообщает клинике smile",
    ):
        assert any(words in one for one in found), (words, found)
    assert "open sesame" not in str(found)


def test_workers_are_counted_by_their_heartbeat() -> None:
    now = datetime.now(UTC)
    assert [one.severity for one in check_workers(now)] == [Severity.BROKEN]
    for shard, worker, version, beat in ((0, "a:1", "1", 0), (1, "b:2", "2", 5), (2, "c:3", "1", 99)):
        beat_at = now - timedelta(seconds=beat)
        Shift.objects.create(shard=shard, worker=worker, version=version, began_at=beat_at, beat_at=beat_at)
    words = " ".join(one.what.read("ru") for one in check_workers(now))
    assert "Рабочих процессов: 2, частей клиник у них: 2" in words
    assert "никто не ведёт: 1" in words
    assert "разных версий: 1, 2" in words
