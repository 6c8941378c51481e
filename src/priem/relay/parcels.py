"""A page on its way from an agent to the hub: a head that is read on arrival, and a body that is kept as it came.

The bytes: the head's length (four bytes, the highest first), the head, the body; both are JSON in zlib's packing.
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from priem.model import Page, Patient, Rejected, Visit
from priem.relay import shapes
from priem.relay.shapes import Unreadable
from priem.texts import text

MOST_BYTES = 32 * 1024 * 1024
"""Of one parcel, packed. A page of a thousand records has some 60 KB."""
MOST_UNPACKED = 64 * 1024 * 1024
"""Ten times a page of the largest size; as values of Python it takes many times that, beside other clinics' pages."""
MOST_HEAD = 16 * 1024 * 1024
"""Nearly all of it the cursor, which knows each visit that may still vanish: half a million of them fit."""
MOST_ODD = 20
"""Records of one page: where there are more, the other side is another version, and its page waits for this one."""
MOST_OF_AN_ID = 100
ODD_RECORD = text("The hub cannot read what the agent sent of this record. Are hub and agent of the same version?")
PACKING = 3
"""zlib's level: a third of the time of the usual one, for a tenth more bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a reading stands. A stream is one reading from its beginning on; its parcels are numbered from 1."""

    stream: int = 0
    """0: nothing is to be read yet."""
    sequence: int = 0
    """Of the last parcel."""
    cursor: str | None = None
    """The МИС's, behind it."""
    is_first: bool = True
    """A first reading goes on behind it."""

    @property
    def mark(self) -> str:
        return mark_of(self.cursor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    stream: int
    sequence: int
    before: str
    """The mark of the cursor behind the parcel before it: a chain without a gap."""
    cursor: str
    """Behind this one."""
    records: int
    is_first: bool
    """Part of a first reading that goes on."""
    read_at: datetime

    @property
    def position(self) -> Position:
        return Position(stream=self.stream, sequence=self.sequence, cursor=self.cursor, is_first=self.is_first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a parcel brings: a page, and the cards of its visits' patients who are not on it."""

    page: Page
    cards: tuple[Patient | Rejected, ...] = ()


def mark_of(cursor: str | None) -> str:
    """Tells two cursors apart without showing them; a cursor may be long."""
    return sha256(cursor.encode()).hexdigest()[:32] if cursor is not None else ""


def checksum(parcel: bytes) -> str:
    return sha256(parcel).hexdigest()


def packed(head: Head, load: Load) -> bytes:
    first = zlib.compress(as_bytes(shapes.written(Head, head)), PACKING)
    return len(first).to_bytes(4, "big") + first + zlib.compress(as_bytes(shapes.written(Load, load)), PACKING)


def as_bytes(message: object) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def parted(parcel: bytes) -> tuple[Head, bytes]:
    """The head, and the body as it came. Raises Unreadable."""
    length = int.from_bytes(parcel[:4], "big")
    if len(parcel) < 4 + length:
        raise Unreadable("a parcel that is too short")
    head: Head = shapes.read(Head, message_in(parcel[4 : 4 + length], MOST_HEAD))
    if head.stream < 1 or head.sequence < 1 or head.records < 0 or head.read_at.tzinfo is None:
        raise Unreadable("a head that cannot be")
    return head, parcel[4 + length :]


def load_in(body: bytes) -> Load:
    """Records that cannot be read are rejected, the others go on. Raises Unreadable where there is no page at all."""
    message = message_in(body, MOST_UNPACKED)
    try:
        load: Load = shapes.read(Load, message)
    except Unreadable:
        load, rejected = sifted(message)
        load = replace(load, page=replace(load.page, rejected=(*load.page.rejected, *rejected)))
    return load


def sifted(message: dict[str, Any]) -> tuple[Load, list[Rejected]]:
    """The page with what can be read of it, and the rest as rejected rows. Raises Unreadable."""
    try:
        names = message["shapes"]
        load, page = dict(zip(names["Load"], message["value"], strict=False)), names["Page"]
        kept = dict(zip(page, load["page"], strict=False))
        rejected = []
        for part, kind in (("patients", Patient), ("visits", Visit)):
            good, bad = shapes.parted(kind, names, kept.get(part) or [])
            kept[part] = good
            rejected += [odd(kind.__name__, names, row) for row in bad]
        if len(rejected) > MOST_ODD:
            raise Unreadable("another version")
        load["page"], load["cards"] = list(kept.values()), []  # whoever lacks a card asks for it
        read: Load = shapes.read(Load, {"shapes": names, "value": list(load.values())})
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise error if isinstance(error, Unreadable) else Unreadable(type(error).__name__) from error
    return read, rejected


def odd(kind: str, names: Mapping[str, Sequence[str]], row: Sequence[Any]) -> Rejected:
    key = row[list(names[kind]).index("key")]
    id_ = key[list(names[f"{kind}Key"]).index("id")]
    return Rejected(kind=kind.lower(), id=str(id_)[:MOST_OF_AN_ID], reason=ODD_RECORD)


def message_in(packed_bytes: bytes, most: int) -> dict[str, Any]:
    """Raises Unreadable, also for a small text that would become an endless one."""
    unpacking = zlib.decompressobj()
    try:
        plain = unpacking.decompress(packed_bytes, most)
        if not unpacking.eof:
            raise Unreadable("a text that is too long or broke off")
        message = json.loads(plain)
    except (zlib.error, ValueError, RecursionError) as error:
        raise error if isinstance(error, Unreadable) else Unreadable(type(error).__name__) from error
    if not isinstance(message, dict):
        raise Unreadable("no table")
    return message


def is_of(load: Load, connection: str) -> bool:
    """Whether every record names the agent's own connection: one that names another would meet strangers' links."""
    return are_of(connection, load.page, load.cards)


def are_of(connection: str, page: Page, cards: Sequence[Patient | Rejected] = ()) -> bool:
    """Likewise of what answers a question."""
    keys = [one.key for one in page.patients] + [one.key for one in cards if isinstance(one, Patient)]
    named = {key.connection for key in keys} | {visit.key.connection for visit in page.visits}
    named |= {visit.patient.connection for visit in page.visits}
    return named <= {connection}
