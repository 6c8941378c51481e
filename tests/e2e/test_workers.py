"""Workers share the clinics: one that dies is replaced, one that stops hands over, and amoCRM notices neither."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import psycopg
import pytest

from priem.cli.demo.verify import verify
from tests.chaos.looking import wrongs
from tests.e2e.conftest import Start
from tests.e2e.systems import Systems
from tests.e2e.test_kill import unkeyed
from tests.postgres import Cluster
from tests.warm import ran

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

TAKEN_OVER = 30.0
HANDED_OVER = 10.0
PATIENCE = 150.0
BETWEEN_LOOKS = 0.4
GO_LIVE = """
from priem.hub.start import setup
setup()
from priem import bootstrap
bootstrap.require_seen("ulybka", sure=True)
"""


@pytest.fixture
def database(postgresql: Cluster, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PRIEM_WORKERS", "1")
    return postgresql.migrated()


class Workers:
    def __init__(self, systems: Systems, database: str) -> None:
        self._systems = systems
        self._database = database
        self._children: dict[int, subprocess.Popen[str]] = {}
        self._names: dict[int, str] = {}
        """What PostgreSQL calls each one's sessions."""

    def start(self, times: int = 1) -> None:
        for _ in range(times):
            name = f"worker_{len(self._names)}"
            self._systems.database = f"{self._database}&application_name={name}"
            child = self._systems.start("worker")
            self._children[child.pid], self._names[child.pid] = child, name

    def serving(self) -> int:
        """Whose the clinic is now, by its process; 0: nobody's."""
        asked = """
            SELECT worker FROM hub_shift
            WHERE shard = (SELECT id FROM hub_clinic) AND beat_at > now() - interval '6 s' AND clinics > 0
        """
        with psycopg.connect(self._database, autocommit=True) as connection:
            row = connection.execute(asked).fetchone()
        pid = int(str(row[0]).rpartition(":")[2]) if row else 0
        return pid if pid in self._children else 0

    def end(self, pid: int, how: signal.Signals) -> int:
        child = self._children.pop(pid)
        child.send_signal(how)
        child.communicate(timeout=HANDED_OVER)
        return int(child.returncode)

    def lose(self, pid: int) -> None:
        """As PostgreSQL does when nothing comes from its machine any more."""
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
        with psycopg.connect(self._database, autocommit=True) as connection:
            assert connection.execute(ended, [self._names[pid]]).fetchall()

    def end_all(self) -> None:
        for pid in list(self._children):
            self.end(pid, signal.SIGKILL)


@pytest.fixture
def systems(start: Start, database: str) -> Systems:
    systems = start(400, 100, amocrm=("--latency-ms", "150", "--rate-limit", "0"))
    systems.database = database
    assert systems.configure().code == 0
    ran(["-c", GO_LIVE], env=systems.environment, check=True)
    return systems


@pytest.fixture
def workers(systems: Systems, database: str) -> Iterator[Workers]:
    workers = Workers(systems, database)
    yield workers
    workers.end_all()


@pytest.mark.timeout(600)
def test_what_a_killed_worker_did_is_gone_on_with_elsewhere(systems: Systems, workers: Workers) -> None:
    began = f"{datetime.now(ZoneInfo('Europe/Moscow')):%Y-%m-%d %H:%M:%S}"

    workers.start(2)
    until(lambda: systems.amocrm_state("contacts")["contacts"] and workers.serving())
    kill(workers)  # in the middle of the first sync
    until_all_is_well(systems, began)

    workers.start()
    systems.clinic("live", changes=12, rate=2)
    kill(workers)  # in the middle of live changes
    until_all_is_well(systems, began)

    workers.start()
    systems.clinic("live", changes=12, rate=2)
    stop(workers)
    until_all_is_well(systems, began)

    workers.start()
    systems.clinic("live", changes=12, rate=2)
    asleep = sent_to_sleep(workers)
    until_all_is_well(systems, began)
    os.kill(asleep, signal.SIGCONT)  # it wakes up in the middle of what others have done meanwhile
    systems.clinic("live", changes=12, rate=2)
    until_all_is_well(systems, began)
    assert unkeyed(systems.amocrm_state("contacts", "leads")) == {}


def kill(workers: Workers) -> None:
    before, at = server_of(workers), time.monotonic()
    workers.end(before, signal.SIGKILL)
    until(workers.serving)
    assert time.monotonic() - at < TAKEN_OVER


def stop(workers: Workers) -> None:
    before, at = server_of(workers), time.monotonic()
    assert workers.end(before, signal.SIGTERM) == 0
    assert time.monotonic() - at < HANDED_OVER
    until(workers.serving)
    assert time.monotonic() - at < TAKEN_OVER


def server_of(workers: Workers) -> int:
    """Whose the clinic is; it may just be on its way to a worker that has come."""
    seen: list[int] = []

    def is_served() -> bool:
        seen.append(workers.serving())
        return seen[-1] != 0

    until(is_served)
    return seen[-1]


def sent_to_sleep(workers: Workers) -> int:
    """As with a machine that is paused: nobody is told, and its locks stay until PostgreSQL notices."""
    asleep = server_of(workers)
    os.kill(asleep, signal.SIGSTOP)
    until(lambda: workers.serving() not in (0, asleep))
    workers.lose(asleep)
    return asleep


def until_all_is_well(systems: Systems, began: str) -> None:
    """Both sides agree, nothing is there twice."""

    def is_well() -> bool:
        verdict = verify(systems.ident.said["control"], systems.amocrm.said["control"], "lenina", began)
        return verdict.is_clean and not list(wrongs(systems))

    until(lambda: not systems.clinic_state()["live"]["running"])
    until(is_well)


def until(is_so: Callable[[], object]) -> None:
    """What is asked are whole clinics: not all the time."""
    deadline, asked = time.monotonic() + PATIENCE, 0.0
    while time.monotonic() - asked < BETWEEN_LOOKS or not is_so():
        asked = time.monotonic() if time.monotonic() - asked >= BETWEEN_LOOKS else asked
        assert time.monotonic() < deadline
        time.sleep(0.1)
