"""What /metrics tells of the shards that workers share."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import timezone

from priem.hub.models import Shift


@pytest.mark.django_db
def test_every_shard_tells_who_serves_it_and_how(client: Client) -> None:
    beat = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
    Shift.objects.create(
        shard=3, worker="one:17", version="0.1.0", began_at=timezone.now(), beat_at=beat, clinics=31, overdue=2.5
    )
    told = client.get("/metrics", headers={"host": "localhost"}).content.decode()

    assert 'priem_shard_beat_timestamp_seconds{shard="3",worker="one:17"} 1.7956836e+09' in told
    assert 'priem_shard_clinics{shard="3",worker="one:17"} 31.0' in told
    assert 'priem_shard_overdue_seconds{shard="3",worker="one:17"} 2.5' in told
