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


TURNS = """
import threading
import time
from priem.hub.shifts.crew import Crew, Lane
from priem.hub.shifts.listening import listen
from priem.hub.waking import tell_of_hooks, wake

class Kept:
    id, lane, began = CLINIC, Lane.LIVE, None
    def turn(self, is_enough):
        self.began = time.monotonic()
        had_turn.set()
        return time.monotonic() + 3600
    def close(self):
        pass

crew, kept, had_turn, hears = Crew(), Kept(), threading.Event(), threading.Event()
threading.Thread(target=crew.run, daemon=True).start()
heard = lambda clinic, is_hook: crew.wake(clinic)
threading.Thread(target=listen, args=(heard, hears.set, threading.Event()), daemon=True).start()
crew.add(kept, time.monotonic() + 3600)
hears.wait(10)
took = []
for call in (wake, lambda clinic: tell_of_hooks([clinic])) * 5:
    had_turn.clear()
    told = time.monotonic()
    call(CLINIC)
    assert had_turn.wait(10)
    took.append(kept.began - told)
say(sorted(took))
"""


@pytest.mark.slow
def test_a_workers_turn_begins_at_once(postgresql: Cluster, tmp_path: Path) -> None:
    process = HubProcess(tmp_path, TURNS, postgresql.migrated())
    took = process.says()
    process.end()

    # On a machine that tests share one of ten may have waited for a processor.
    assert took[5] < 0.2, took
