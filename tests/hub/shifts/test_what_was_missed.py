"""What a worker looks for now and then, in case a wake-up was lost."""

from pathlib import Path

import pytest

from tests.hub.conftest import HubProcess
from tests.postgres import Cluster

CHECKS = """
import math
import time
from django.utils import timezone
from priem.hub.models import Clinic, Connection, ReceivedHook, RecalledRecord
from priem.hub.shifts import foreman as foremen
from priem.hub.shifts.crew import Crew
from priem.hub.shifts.shards import shard_of

foremen.BETWEEN_CHECKS = 0.0
Clinic.objects.filter(pk=CLINIC).update(live=True)
Connection.objects.of(CLINIC).update(config={"through": "agent"})
crew = Crew()
foreman = foremen.Foreman(crew)
foreman.take(shard_of(CLINIC))
foreman.look()
foreman.look()

def due():
    seat, = crew.seats()
    seat.due = math.inf
    foreman.look()
    return None if seat.due == math.inf else seat.due - time.monotonic()

say(due())
ReceivedHook.objects.create(clinic_id=CLINIC, received_at=timezone.now(), body=b"{}")
say(due())
RecalledRecord.objects.create(clinic_id=CLINIC, connection="ident", kind="visit", record="7")
say(due())
"""


@pytest.mark.slow
def test_hooks_gather_and_what_is_to_be_read_does_not_wait(postgresql: Cluster, tmp_path: Path) -> None:
    """A hook comes back for every write: were each found by the look a pass of its own, a fifth of all would be."""
    process = HubProcess(tmp_path, CHECKS, postgresql.migrated())
    nothing, hook, recalled = process.says(), process.says(), process.says()
    process.end()

    assert nothing is None
    assert 0.5 < hook <= 2.0
    assert recalled <= 0.0
