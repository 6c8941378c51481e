"""A hub that has lived on SQLite moves to PostgreSQL, and goes on as if nothing had happened."""

import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest

from tests.e2e.conftest import Start
from tests.e2e.systems import Systems
from tests.postgres import Cluster
from tests.warm import Python, ran

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
SETUP = """
import sys
from priem.hub.start import setup
setup()
from priem.hub.clinics import load_clinic
from priem.hub.store import DjangoStore
"""
FURNISH = """
from tests.hub.roles.world import make_world
from priem.hub.models import AuditEntry, VisitFact
world = make_world()
from priem.model import Contact, PatientKey
DjangoStore(world.own.pk).mirror([Contact(id=7, name="Ан\\0на", fields={5: "\\0\\U0001f9b7"}, updated_at=1)])
AuditEntry.objects.create(clinic=world.own, deed="link", about="patient ident:10", changes=[["a", 1, None]])
fact = {"connection": "ident", "visit": "1", "patient": "2", "branch": "Main", "status": "paid", "total": "1500.10"}
VisitFact.objects.create(clinic=world.own, **fact)
"""
WORKING = """
with DjangoStore(load_clinic("ulybka").id).exclusively():
    print("working", flush=True)
    sys.stdin.read()
"""
READ = """
from priem.hub.models import MirroredContact, VisitFact
fact = VisitFact.objects.of_all().get(branch="Main")
print([c.name for c in MirroredContact.objects.of_all().filter(crm_id=7)], fact.total)
[password] = [one.secrets["password"] for one in load_clinic("own").connections if one.secrets]
print(password, load_clinic("ulybka").authorised)
"""


def hub(systems: Systems, code: str) -> str:
    return ran(["-c", SETUP + code], env=environment(systems), check=True).stdout


def environment(systems: Systems) -> dict[str, str]:
    return {**systems.environment, "DJANGO_SETTINGS_MODULE": "priem.hub.settings"}


@contextmanager
def at_work(systems: Systems) -> Iterator[None]:
    pipe = subprocess.PIPE
    with Python(["-c", SETUP + WORKING], env=environment(systems), stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "working\n"
        yield
        process.kill()


def test_a_hub_moves_with_all_it_knows_and_makes_nothing_twice(start: Start, postgresql: Cluster) -> None:
    systems = start(20, 10)
    systems.database = ""
    assert systems.configure().code == 0
    first = systems.priem("sync", "--json").json
    assert first["contacts"]["created"] > 0
    hub(systems, FURNISH)
    (systems.home / "address").write_text(address := postgresql.empty())
    with closing(sqlite3.connect(systems.home / "db.sqlite3")) as left:
        rows = rows_of(left)

    with at_work(systems):
        refused = systems.priem("migrate-store", f"file:{systems.home / 'address'}")
        assert "С базой сейчас работают" in refused.err, refused.err
    moved = systems.priem("migrate-store", f"file:{systems.home / 'address'}", "--json")

    assert moved.code == 0, moved.err
    assert (moved.json["rows"], moved.json["cleaned"], moved.json["key_fits"]) == (sum(rows.values()), 1, True)
    with psycopg.connect(address) as there:
        for table, count in rows.items():
            assert there.execute(f'SELECT count(*) FROM "{table}"'.encode()).fetchone() == (count,), table  # noqa: S608 - as found
    assert "перенесены в PostgreSQL" in systems.priem("doctor").err  # a hub without DATABASE_URL begins nothing anew
    systems.database = address
    assert hub(systems, READ).split("\n")[:2] == ["['Анна'] 1500.10", "open sesame True"]
    before = systems.amocrm_state("contacts", "leads")
    again = systems.priem("sync", "--clinic", "ulybka", "--json").json
    assert not any({**again["contacts"], **again["leads"]}.values())
    assert systems.amocrm_state("contacts", "leads") == before
    systems.clinic("live", changes=12, rate=400)
    deadline = time.monotonic() + 60
    while not (more := systems.priem("sync", "--clinic", "ulybka", "--json").json)["leads"]["created"]:
        assert time.monotonic() < deadline, more
    refused = systems.priem("migrate-store", address)
    assert "уже на PostgreSQL" in refused.err


def test_nothing_is_written_over(postgresql: Cluster, start: Start) -> None:
    systems = start(1, 0)
    systems.database = postgresql.migrated()
    assert systems.configure().code == 0
    taken, systems.database = systems.database, ""

    assert "уже есть данные" in systems.priem("migrate-store", taken).err
    assert "не пускает" in systems.priem("migrate-store", "postgres://nobody@127.0.0.1:9/none").err
    assert "не адрес" in systems.priem("migrate-store", "sqlite:///x").err
    assert systems.priem("migrate-store", "env:NOWHERE").code == 1
    assert (systems.home / "db.sqlite3").exists()
    hub(systems, "")


def rows_of(left: sqlite3.Connection) -> dict[str, int]:
    names = [name for (name,) in left.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    # What migrations have done is PostgreSQL's own; the rest is SQLite's.
    own = [name for name in names if name not in ("django_migrations", "sqlite_sequence")]
    return {name: left.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in own}  # noqa: S608 - as found
