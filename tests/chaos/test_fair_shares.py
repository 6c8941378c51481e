"""A clinic whose database hangs, one whose amoCRM fails and one with a large first sync cost the others nothing."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.e2e.conftest import Start
from tests.e2e.systems import Systems
from tests.e2e.test_meanwhile import SOON, delays_of_bookings, wait_for
from tests.postgres import Cluster
from tests.warm import Python, ran

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PATIENTS = 3000
"""Of the large one: twelve requests, each of which takes ten seconds."""
SET_UP = """
import sys
from pathlib import Path
from priem.hub.start import setup
setup()
from priem import bootstrap, configuration
for name in sys.argv[1:]:
    file = configuration.read(Path(name))
    bootstrap.configure(file)
    bootstrap.require_seen(file.clinic.slug, sure=True)
"""
# With one place for what is live, one clinic that hangs weighs as much as eight do in earnest.
WORKER = """
import sys
from priem.hub.shifts.crew import PLACES, Lane
PLACES.update({Lane.LIVE: 1, Lane.SLOW: 2})
sys.argv = ["priem", "worker"]
from priem.cli import main
main()
"""


@pytest.fixture
def database(postgresql: Cluster, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PRIEM_WORKERS", "1")
    return postgresql.migrated()


@pytest.fixture
def quiet(start: Start, database: str) -> Systems:
    systems = start(30, 20)
    systems.database = database
    return systems


@pytest.fixture
def worker(quiet: Systems) -> Iterator[Python]:
    with Python(["-c", WORKER], env=quiet.environment) as child:
        yield child
        child.kill()


@pytest.mark.timeout(300)
def test_what_others_suffer_delays_no_clinic(start: Start, quiet: Systems, database: str, worker: Python) -> None:
    hanging, failing, large = start(20, 10), start(20, 10), start(PATIENTS, 20)
    set_up(quiet, quiet=quiet, hanging=hanging, failing=failing)
    wait_for(lambda: all(one.amocrm_state("leads")["leads"] for one in (quiet, hanging, failing)))

    set_up(quiet, large=large)
    large.amocrm_fault("slow", count=None, seconds=10, method="POST")
    wait_for(lambda: large.amocrm_state("contacts")["contacts"])
    failing.amocrm_fault("500", count=None)
    failing.clinic("live", changes=5, rate=10)
    hanging.clinic("faults", kind="silent", seconds=600)  # fifteen seconds each time, until a question is given up
    quiet.clinic("live", changes=24, rate=6)
    delays = delays_of_bookings(quiet)

    assert len(delays) >= 3, "too few bookings to prove anything"
    assert max(delays) <= SOON
    assert len(large.amocrm_state("contacts")["contacts"]) < PATIENTS, "the first sync was over too soon"
    wait_for(lambda: troubled(database) == 2)
    assert worker.poll() is None


def set_up(hub: Systems, **clinics: Systems) -> None:
    """In step from the moment on in which a worker hears of it."""
    files: list[Path] = []
    for slug, systems in clinics.items():
        written = systems.clinic_toml().replace('slug = "ulybka"', f'slug = "{slug}"')
        files.append(hub.home / f"{slug}.toml")
        files[-1].write_text(written, encoding="utf-8")
    ran(["-c", SET_UP, *map(str, files)], env=hub.environment, check=True)


def troubled(database: str) -> int:
    with psycopg.connect(database, autocommit=True) as connection:
        row = connection.execute("SELECT coalesce(sum(troubled), 0) FROM hub_shift").fetchone()
    return int(row[0]) if row else 0
