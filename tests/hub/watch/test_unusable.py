"""A PostgreSQL that is there and yet not fit for Priem: whoever installs it reads why, and what to do."""

import json
import os
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.hub.watch.pooler import Pool
from tests.postgres import Cluster
from tests.warm import PRIEM, ran

pytestmark = pytest.mark.slow
LOOK = """
import json, sys
from priem.hub.environment import database
from priem.hub.start import home
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "priem.hub.settings"
django.setup()
from django.db import connections
from priem.hub.watch.checkup import check_store
for url in sys.argv[1:]:
    connections["default"].close()
    connections["default"].settings_dict.update(database(url, home()))
    print(json.dumps([[one.severity.value, one.what.read("ru")] for one in check_store()]))
"""

HUB = """
from priem.hub.start import setup
setup()
from priem.hub.clinics import ClinicData, save_clinic
from priem.hub.tokens import DjangoTokens
from priem.ports import Tokens
DjangoTokens(save_clinic(ClinicData(slug="smile", name="Улыбка"))).save(Tokens(access="access-token-1"))
"""


def test_an_old_one_is_refused_in_words_by_every_command(postgresql: Cluster, tmp_path: Path) -> None:
    with closing(Pool(postgresql, shares=False, version="13.22")) as pool:
        environment = {**os.environ, "DATABASE_URL": pool.url, "PRIEM_HOME": str(tmp_path)}
        doctor = ran([*PRIEM, "doctor", "--hub", "--json"], env=environment)
        worker = ran([*PRIEM, "worker"], env=environment)
    [[finding]] = json.loads(doctor.stdout)["parts"].values()
    assert (doctor.returncode, worker.returncode) == (1, 1)
    assert finding["severity"] == "broken"
    assert finding["what"]["ru"] == "PostgreSQL слишком старый для этой версии Priem."
    assert finding["what"]["ru"] in worker.stderr


def test_one_that_nobody_answers_for_is_waited_for_and_is_no_fault_of_priem(tmp_path: Path) -> None:
    nowhere = {**os.environ, "DATABASE_URL": "postgres://u:secret@127.0.0.1:9/priem", "PRIEM_HOME": str(tmp_path)}
    worker = ran([*PRIEM, "worker"], env=nowhere)
    assert worker.returncode == 75, "systemd and whoever wrote a script know: later"
    assert "База данных узла не отвечает." in worker.stderr
    assert "secret" not in worker.stderr


def test_what_it_lacks_is_said(postgresql: Cluster, tmp_path: Path) -> None:
    whole, other, copy, foreign = (f"{name}_{os.getpid()}" for name in ("whole", "other", "copy", "foreign"))
    with psycopg.connect(postgresql.url(), autocommit=True) as session:
        for name in (whole, copy, foreign):
            session.execute(f"CREATE DATABASE {name} TEMPLATE {postgresql.template()}")
        session.execute(f"CREATE DATABASE {other} ENCODING 'WIN1251' TEMPLATE template0")
        session.execute(f"ALTER DATABASE {copy} SET default_transaction_read_only = on")
        session.execute(f"CREATE ROLE stranger_{os.getpid()} LOGIN IN ROLE pg_read_all_data")
    urls = [postgresql.url(name) for name in (whole, other, copy, foreign)]
    urls[-1] = urls[-1].replace("priem@", f"stranger_{os.getpid()}@")
    environment = {**os.environ, "DATABASE_URL": urls[0], "PRIEM_HOME": str(tmp_path)}
    looked = ran(["-c", LOOK, *urls], env=environment, check=True)

    fine, encoded, read_only, others = map(json.loads, looked.stdout.splitlines())
    assert fine == [["fine", "PostgreSQL отвечает, таблицы соответствуют этой версии."]]
    assert ["broken", "База данных хранит тексты в кодировке WIN1251: не каждое имя в неё помещается."] in encoded
    assert ["broken", "Этот PostgreSQL не принимает изменений."] in read_only
    assert ["warning", "PostgreSQL не даёт Priem создавать и менять таблицы."] in others


def test_a_worker_with_another_key_takes_no_clinics(postgresql: Cluster, tmp_path: Path) -> None:
    hub = {**os.environ, "DATABASE_URL": postgresql.migrated(), "PRIEM_HOME": str(tmp_path / "hub")}
    ran(["-c", HUB], env=hub, check=True)
    worker = ran([*PRIEM, "worker"], env={**hub, "PRIEM_HOME": str(tmp_path / "elsewhere")})
    assert worker.returncode == 1
    assert "PRIEM_SECRET_KEY_FILE" in worker.stderr
