"""What `priem doctor --hub` says of the way to PostgreSQL."""

from contextlib import closing

import psycopg
import pytest

from priem.hub.watch.sessions import pool_findings, room_findings
from priem.model import Severity
from tests.hub.watch.pooler import Pool
from tests.postgres import Cluster


@pytest.mark.slow
def test_a_pool_that_hands_sessions_around_is_found(postgresql: Cluster) -> None:
    with closing(Pool(postgresql, shares=True)) as pool:
        [finding] = pool_findings(lambda: psycopg.connect(pool.url, autocommit=True))
        assert finding.severity is Severity.BROKEN
        assert "pool_mode = session" in str(finding.advice)


@pytest.mark.slow
def test_a_pool_that_hands_out_whole_sessions_is_fine(postgresql: Cluster) -> None:
    with closing(Pool(postgresql, shares=False)) as pool:
        [finding] = pool_findings(lambda: psycopg.connect(pool.url, autocommit=True))
        assert finding.severity is Severity.FINE


@pytest.mark.slow
def test_without_a_pool_nothing_is_said(postgresql: Cluster) -> None:
    assert list(pool_findings(lambda: psycopg.connect(postgresql.url(), autocommit=True))) == []


@pytest.mark.parametrize(("most", "workers", "needed"), [(200, 4, None), (200, 5, 230), (100, 2, 110)])
def test_connections_are_counted_before_they_run_out(most: int, workers: int, needed: int | None) -> None:
    found = [finding.advice.values["needed"] for finding in room_findings(most, workers) if finding.advice]
    assert found == ([str(needed)] if needed else [])
