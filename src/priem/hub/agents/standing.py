"""Where an agent stands, as its request finds it: who it is, what it is to read, how far its reading came. One question
to the database, since a thousand agents report all day and night.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.db import connection

from priem.hub.agents.enrolling import hashed
from priem.hub.models import Agent, AgentFeed, AgentQuestion, Clinic, Connection
from priem.hub.quick import conversions, converted, name_of

OF_AGENT = ("id", "clinic_id", "connection", "host", "program", "report", "heard_at")
OF_FEED = ("id", "clinic_id", "connection", "stream", "sequence", "mark", "is_first", "asked_at", "look")


@dataclass(frozen=True, slots=True)
class Standing:
    """The clinic and the connection that an agent may speak for are its token's."""

    agent: Agent
    kind: str | None
    """Of the connection; None: it was removed."""
    config: str
    settings: str
    """Of the connection and of the clinic, as JSON: they seldom change, so nobody has to read them each time."""
    feed: AgentFeed | None
    is_asked: bool
    """Questions wait for it."""

    @property
    def clinic_id(self) -> int:
        return self.agent.clinic_id

    @property
    def connection(self) -> str:
        return self.agent.connection


def standing_of(token: str) -> Standing | None:
    """None for a token that is not in force."""
    if not token:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            question(connection.vendor), [connection.ops.adapt_datetimefield_value(datetime.now(UTC)), hashed(token)]
        )
        row = cursor.fetchone()
    return standing_in(row) if row else None


def standing_in(row: tuple[Any, ...]) -> Standing:
    of_agent, rest = row[: len(OF_AGENT)], row[len(OF_AGENT) :]
    kind, config, settings, is_asked, *of_feed = rest
    return Standing(
        agent=Agent.from_db("default", OF_AGENT, converted(of_agent, conversions(Agent, OF_AGENT, connection.vendor))),
        kind=kind,
        config=config or "{}",
        settings=settings or "{}",
        feed=feed_in(of_feed) if of_feed[0] else None,
        is_asked=bool(is_asked),
    )


def feed_in(row: Sequence[Any]) -> AgentFeed:
    return AgentFeed.from_db(
        "default", OF_FEED, converted(tuple(row), conversions(AgentFeed, OF_FEED, connection.vendor))
    )


@cache
def question(vendor: str) -> str:
    del vendor  # tests change it in one process
    agent, feed = (", ".join(f"{of}.{name}" for name in names) for of, names in (("a", OF_AGENT), ("f", OF_FEED)))
    settings = connection.ops.quote_name("settings")
    return f"""
        SELECT {agent}, c.kind, c.config, k.{settings},
               EXISTS (SELECT 1 FROM {name_of(AgentQuestion)} q
                       WHERE q.clinic_id = a.clinic_id AND q.connection = a.connection
                             AND q.answered_at IS NULL AND q.until > %s),
               {feed}
        FROM {name_of(Agent)} a JOIN {name_of(Clinic)} k ON k.id = a.clinic_id
        LEFT JOIN {name_of(Connection)} c ON c.clinic_id = a.clinic_id AND c.key = a.connection
        LEFT JOIN {name_of(AgentFeed)} f ON f.clinic_id = a.clinic_id AND f.connection = a.connection
        WHERE a.token = %s AND a.revoked_at IS NULL
    """  # noqa: S608  # our own names only
