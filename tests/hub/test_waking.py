"""Who keeps a clinic in step hears at once that something has come."""

from pathlib import Path

import psycopg
import pytest
from django.db import transaction

from priem.hub.models import Clinic
from priem.hub.waking import CHANNEL, bell, wake
from tests.hub.conftest import HubProcess
from tests.postgres import Cluster


@pytest.mark.django_db(transaction=True)
def test_the_bell_rings_once_what_came_is_there_for_all() -> None:
    clinic = Clinic.objects.create(slug="smile")
    other = Clinic.objects.create(slug="other")
    with transaction.atomic():
        wake(clinic.pk)
        assert not bell(clinic.pk).is_set()

    assert bell(clinic.pk).is_set()
    assert not bell(other.pk).is_set()


@pytest.mark.django_db(transaction=True)
def test_what_is_taken_back_wakes_nobody() -> None:
    clinic = Clinic.objects.create(slug="smile")
    bell(clinic.pk).clear()
    with transaction.atomic():
        wake(clinic.pk)
        transaction.set_rollback(True)

    assert not bell(clinic.pk).is_set()


WAKE = """
from django.db import transaction
from priem.hub.waking import tell_of_hooks, wake
with transaction.atomic():
    wake(CLINIC)
    transaction.set_rollback(True)
wake(CLINIC)
tell_of_hooks([CLINIC, 77])
say(CLINIC)
"""


@pytest.mark.slow
def test_on_postgresql_other_processes_hear_it(postgresql: Cluster, tmp_path: Path) -> None:
    url = postgresql.migrated()
    with psycopg.connect(url, autocommit=True) as listening:
        listening.execute(f"LISTEN {CHANNEL}".encode())
        process = HubProcess(tmp_path, WAKE, url)
        clinic = process.says()
        heard = [notice.payload for notice in listening.notifies(timeout=10, stop_after=3)]
        process.end()

    assert heard == [str(clinic), f"{clinic} hook", "77 hook"]
