"""Parcels as they come, each once and in order; and where the reading of a connection stands.

The hub alone knows that: an agent that lost its disk, and a hub that was restored from a backup, both go on from here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Count, Exists, F, Max, Min, OuterRef, Sum

from priem.errors import TryLater
from priem.hub.models import AgentFeed, AgentParcel, Connection
from priem.hub.models.owned import OwnedRows
from priem.hub.quick import change, done, first_of, rows_of
from priem.hub.waking import wake
from priem.mis.ident.cursor import Cursor
from priem.relay.parcels import Head, Position, mark_of
from priem.texts import text

MOST_PARCELS = 5000
MOST_BYTES = 512 * 1024 * 1024
"""Of what a connection's passes have not taken yet. An agent keeps the rest, and then stops reading."""
STALE = timedelta(hours=1)
"""A reading that nobody wanted for so long is begun anew: whoever goes live today wants the visits to come today."""
BETWEEN_ASKING = timedelta(seconds=15)
"""Between two notes that somebody wants the pages: less than it takes to count as forgotten."""
AT_ONCE = 4
WORD = "agent"
DONE = f"""
    DELETE FROM {AgentParcel._meta.db_table}
    WHERE clinic_id = %s AND connection = %s AND (stream < %s OR (stream = %s AND sequence <= %s))
"""  # noqa: S608, SLF001  # nothing but our own table's name, which only Django's documented _meta tells


class Elsewhere(Exception):
    """The reading stands at another place than the parcel goes on from."""


@dataclass(frozen=True, slots=True)
class Place:
    """The cursor that the engine keeps: what is done of what came."""

    stream: int
    sequence: int

    def __str__(self) -> str:
        return f"{WORD}:{self.stream}:{self.sequence}"

    @classmethod
    def parse(cls, kept: str | None) -> "Place | None":
        """None for a cursor that is not of an agent's reading."""
        word, *numbers = (kept or "").split(":")
        if word != WORD or len(numbers) != 2 or not all(one.isdecimal() for one in numbers):
            return None
        return cls(int(numbers[0]), int(numbers[1]))


FEED = tuple(field.attname for field in AgentFeed._meta.concrete_fields if field.name != "cursor")  # noqa: SLF001  # Django documents _meta


def feed_of(clinic_id: int, connection: str) -> AgentFeed:
    """Without its cursor, which may be long and is seldom wanted: it is fetched when somebody looks at it."""
    for row in rows_of(AgentFeed, clinic_id, *FEED, connection=connection):
        return AgentFeed.from_db("default", FEED, row)
    feed, _ = AgentFeed.objects.defer("cursor").get_or_create(clinic_id=clinic_id, connection=connection)
    return feed


def rows(clinic_id: int, connection: str) -> OwnedRows[AgentFeed]:
    return AgentFeed.objects.of(clinic_id).filter(connection=connection)


def parcels(clinic_id: int, connection: str) -> OwnedRows[AgentParcel]:
    return AgentParcel.objects.of(clinic_id).filter(connection=connection)


def position(feed: AgentFeed) -> Position:
    return Position(stream=feed.stream, sequence=feed.sequence, cursor=feed.cursor, is_first=feed.is_first)


def receive(clinic_id: int, connection: str, head: Head, body: bytes, checksum: str) -> AgentFeed:
    """Keeps a parcel; one that is kept already, or was, is taken once. In the database when it returns.

    Raises Elsewhere, and TryLater when the clinic's passes have to take some first.
    """
    with transaction.atomic():
        feed = locked(clinic_id, connection)
        if head.stream != feed.stream:
            raise Elsewhere
        if head.sequence <= feed.sequence:
            require_same(feed, head, checksum)
            return feed
        if head.sequence != feed.sequence + 1 or head.before != feed.mark:
            raise Elsewhere
        require_room(clinic_id, connection)
        keep(feed, head, body, checksum)
        wake(clinic_id)
    return feed


def locked(clinic_id: int, connection: str) -> AgentFeed:
    """Until the transaction ends."""
    mine = rows(clinic_id, connection).defer("cursor").select_for_update()
    if (feed := mine.first()) is None:
        feed_of(clinic_id, connection)
        feed = mine.get()
    return feed


def keep(feed: AgentFeed, head: Head, body: bytes, checksum: str) -> None:
    AgentParcel.objects.create(
        clinic_id=feed.clinic_id,
        connection=feed.connection,
        stream=head.stream,
        sequence=head.sequence,
        checksum=checksum,
        size=len(body),
        records=head.records,
        is_first=head.is_first,
        read_at=head.read_at,
        came_at=datetime.now(UTC),
        body=body,
    )
    feed.sequence, feed.cursor, feed.mark, feed.is_first = (
        head.sequence,
        head.cursor,
        mark_of(head.cursor),
        head.is_first,
    )
    feed.save(update_fields=["sequence", "cursor", "mark", "is_first"])


def require_same(feed: AgentFeed, head: Head, checksum: str) -> None:
    """A parcel whose answer was lost is sent again. Another one under its number is of a reading that went its own way:
    an agent's disk was put back to an older state."""
    kept = parcels(feed.clinic_id, feed.connection).filter(stream=head.stream, sequence=head.sequence)
    known = kept.values_list("checksum", flat=True).first()
    if known is not None and known != checksum:
        raise Elsewhere
    if head.sequence == feed.sequence and mark_of(head.cursor) != feed.mark:
        raise Elsewhere


def require_room(clinic_id: int, connection: str) -> None:
    waiting = parcels(clinic_id, connection).aggregate(number=Count("pk"), size=Sum("size"))
    if waiting["number"] >= MOST_PARCELS or (waiting["size"] or 0) >= MOST_BYTES:
        raise TryLater(text("The hub has not taken what the agent sent before."), after=30)


def begin(clinic_id: int, connection: str, since: str | None = None) -> AgentFeed:
    """A new reading: from the beginning, or from a cursor of the hub's own reading before there was an agent."""
    with transaction.atomic():
        feed_of(clinic_id, connection)
        feed = rows(clinic_id, connection).defer("cursor").select_for_update().get()
        parcels(clinic_id, connection).delete()
        feed.stream, feed.sequence, feed.cursor, feed.mark = feed.stream + 1, 0, since, mark_of(since)
        feed.is_first, feed.begun_from = since is None, mark_of(since)
        feed.begun_at = feed.asked_at = datetime.now(UTC)
        feed.save()
    return feed


def place_for(clinic_id: int, connection: str, since: str | None) -> Place:
    """Where the engine's cursor stands in what came; a reading is begun where none fits it."""
    feed, place, now = feed_of(clinic_id, connection), Place.parse(since), datetime.now(UTC)
    if may_be_awaited(feed) and (feed.asked_at is None or not timedelta(0) <= now - feed.asked_at < BETWEEN_ASKING):
        change(AgentFeed, clinic_id, {"asked_at": now}, connection=connection)
    if place is not None and 0 < place.stream <= feed.stream:
        # Of a stream before: it was begun anew since, and everything of the new one is news.
        return place if place.stream == feed.stream else Place(feed.stream, 0)
    if place is not None or since is None:
        is_whole = feed.stream > 0 and not feed.begun_from and has_all(feed)
        return Place((feed if is_whole and not is_stale(feed, now) else begin(clinic_id, connection)).stream, 0)
    Cursor.parse(since)  # one of IDENT's own, from when the hub itself read; nonsense is said
    goes_on = feed.stream > 0 and feed.begun_from == mark_of(since) and has_all(feed)
    return Place((feed if goes_on else begin(clinic_id, connection, since)).stream, 0)


def may_be_awaited(feed: AgentFeed) -> bool:
    """A first reading, or none yet: whoever asks waits for its pages. What changes later comes by itself, and a row for
    every pass would be the greater work."""
    return feed.is_first or feed.stream == 0


def has_all(feed: AgentFeed) -> bool:
    """Nothing of this reading is done and gone yet."""
    kept = parcels(feed.clinic_id, feed.connection).filter(stream=feed.stream).aggregate(first=Min("sequence"))
    return kept["first"] == 1 if feed.sequence else True


def is_stale(feed: AgentFeed, now: datetime) -> bool:
    kept = parcels(feed.clinic_id, feed.connection).aggregate(last=Max("came_at"))
    newest = kept["last"] if feed.is_first else None
    return feed.begun_at is not None and max(feed.begun_at, newest or feed.begun_at) < now - STALE


def set_aside(clinic_id: int, connection: str) -> bool:
    """A parcel cannot be opened at all: everything is read anew, it along. Not more often than once in STALE, or a hub
    that does not understand its agents would have them read for ever; gives whether that was now."""
    feed = feed_of(clinic_id, connection)
    if feed.begun_at is not None and feed.begun_at > datetime.now(UTC) - STALE:
        return False
    begin(clinic_id, connection)
    return True


def forget_strays() -> int:
    """What agents brought for connections that were removed since; gives how many parcels went."""
    there = Connection.objects.of_all().filter(clinic=OuterRef("clinic"), key=OuterRef("connection"))
    strays = AgentParcel.objects.of_all().filter(~Exists(there))
    ids = list(strays.values_list("pk", flat=True)[:MOST_PARCELS])
    AgentParcel.objects.of_all().filter(pk__in=ids).delete()
    AgentFeed.objects.of_all().filter(~Exists(there)).delete()
    return len(ids)


def forget_done(clinic_id: int, connection: str) -> None:
    """What the clinic's own cursor has passed. A rehearsal reads with a cursor of its own, and takes nothing away."""
    if place := Place.parse(first_of(Connection, clinic_id, "cursor", key=connection)):
        done(DONE, [clinic_id, connection, place.stream, place.stream, place.sequence])


def arrived(clinic_id: int, connection: str, place: Place) -> Iterator[AgentParcel]:
    """What is there behind that place, in order."""
    while True:
        there = parcels(clinic_id, connection).filter(stream=place.stream, sequence__gt=place.sequence)
        some = list(there.order_by("sequence")[:AT_ONCE])
        yield from some
        if len(some) < AT_ONCE:
            return
        place = Place(place.stream, some[-1].sequence)


def look_now(clinic_id: int, connection: str) -> None:
    """Somebody wants the database to be looked at without waiting for its turn."""

    rows(clinic_id, connection).update(look=F("look") + 1)


def leave_agent(clinic_id: int, connection: str) -> None:
    """The hub reads the database itself from now on: behind what the agent sent, if all of that is done, else anew."""
    mine = Connection.objects.of(clinic_id).filter(key=connection)
    place = Place.parse(mine.values_list("cursor", flat=True).first())
    if place is None:
        return
    feed = feed_of(clinic_id, connection)
    is_done = (place.stream, place.sequence) == (feed.stream, feed.sequence)
    mine.filter(cursor=str(place)).update(cursor=feed.cursor if is_done else None)
    parcels(clinic_id, connection).delete()  # nobody takes them any more, and they hold patients' data
