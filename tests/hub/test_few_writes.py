"""What a pass over a clinic does not write: with thousands of clinics each row for nothing is thousands."""

from datetime import UTC, datetime

import pytest
from pytest_django import DjangoAssertNumQueries

from priem.hub.agents import feeds
from priem.hub.models import AgentFeed, Clinic, Connection
from priem.hub.store import DjangoStore
from priem.texts import text

pytestmark = pytest.mark.django_db
AWAY = text("The agent in the clinic has not answered yet.")


@pytest.fixture
def connection() -> Connection:
    clinic = Clinic.objects.create(slug="smile")
    return Connection.objects.create(clinic=clinic, key="ident", kind="ident")


def test_a_reading_is_noted_once(connection: Connection, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    store = DjangoStore(connection.clinic_id)
    store.advance("ident", "agent:1:7")
    with django_assert_num_queries(0):
        store.note("ident", None)
    connection.refresh_from_db()
    read_at = connection.last_read_at
    assert read_at
    assert connection.last_error is None

    store.note("ident", None)  # the next pass found nothing new, and that is news
    connection.refresh_from_db()
    assert connection.last_read_at
    assert connection.last_read_at > read_at


def test_a_trouble_that_is_over_is_noted_whenever_that_is(connection: Connection) -> None:
    store = DjangoStore(connection.clinic_id)
    store.advance("ident", "agent:1:7")
    store.note("ident", AWAY)
    connection.refresh_from_db()
    assert connection.last_error == AWAY

    store.note("ident", None)
    connection.refresh_from_db()
    assert connection.last_error is None


def test_only_who_may_wait_for_pages_says_so(connection: Connection) -> None:
    """An agent brings a first reading's pages sooner while somebody wants them; what changes later comes by itself."""
    clinic, long_ago = connection.clinic_id, datetime(2026, 11, 2, tzinfo=UTC)
    feeds.begin(clinic, "ident")
    feed = AgentFeed.objects.of(clinic)
    feed.update(asked_at=long_ago)
    feeds.place_for(clinic, "ident", "agent:1:0")
    assert feed.get().asked_at != long_ago

    feed.update(asked_at=long_ago, is_first=False)
    feeds.place_for(clinic, "ident", "agent:1:0")
    assert feed.get().asked_at == long_ago
