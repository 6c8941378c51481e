"""What is said beside pages: the settings, how the agent does, questions and answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from priem.relay.parcels import Position
from priem.relay.shapes import Unreadable

NOT_FROM_HUB = frozenset(
    {
        *("server", "port", "instance", "database", "login", "password"),
        *("encryption", "certificate", "driver", "login_timeout"),
    }
)
"""The way to the database is said beside it, never by the hub: whoever takes the hub over cannot turn an agent against
another server, and the password stays in the clinic."""


class Halt(StrEnum):
    """Why an agent does not read, though it could."""

    NONE = ""
    FULL = "full"
    """It holds as much as it may for a hub that takes nothing."""
    DISK = "disk"
    """The disk is short."""
    RESTS = "rests"
    """Nobody has asked for anything yet."""


class Kind(StrEnum):
    """What the hub may ask. None of them carries a statement."""

    CHECK = "check"
    COUNT = "count"
    DIRECTORY = "directory"
    SAMPLES = "samples"
    PATIENTS = "patients"
    REREAD = "reread"
    APPLICATIONS = "applications"
    JOBS = "jobs"
    TIMETABLE = "timetable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    id: int
    kind: str
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Settings of a connection, as far as they are the hub's to say."""

    connection: str
    kind: str
    options: Mapping[str, Any]
    profile_name: str = ""
    profile: str = ""
    """The statements themselves; empty: the built-in ones of that name."""
    interval: float = 1.0
    """Seconds from one look for changes to the next."""
    cards_at_first: bool = False
    """Whether visits of a first reading bring their patients' cards along: where not everybody becomes a contact."""

    def as_json(self) -> dict[str, Any]:
        return {
            "connection": self.connection,
            "kind": self.kind,
            "options": dict(self.options),
            "profile_name": self.profile_name,
            "profile": self.profile,
            "interval": self.interval,
            "cards_at_first": self.cards_at_first,
        }

    @property
    def version(self) -> str:
        return sha256(json.dumps(self.as_json(), sort_keys=True).encode()).hexdigest()[:16]

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Given":
        """Raises Unreadable."""
        try:
            return cls(
                connection=str(told["connection"]),
                kind=str(told["kind"]),
                options={str(name): value for name, value in told["options"].items() if name not in NOT_FROM_HUB},
                profile_name=str(told.get("profile_name") or ""),
                profile=str(told.get("profile") or ""),
                interval=min(max(float(told.get("interval") or 1.0), 0.1), 3600.0),
                cards_at_first=told.get("cards_at_first") is True,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Unreadable(type(error).__name__) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What the hub says to whatever the agent tells it."""

    stream: int
    sequence: int
    mark: str
    """Where the hub stands: stream, number of the last parcel that it keeps, and its cursor's mark."""
    version: str
    """Of the settings in force."""
    given: Given | None = None
    """They themselves, when the agent has others."""
    questions: tuple[Asked, ...] = ()
    look: int = 0
    """Grows when somebody wants the database to be looked at now."""
    again: float = 10.0
    """Seconds until the agent is to tell how it does."""

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Orders":
        """Raises Unreadable."""
        try:
            asked = (
                Asked(id=int(one["id"]), kind=str(one["kind"]), about=dict(one.get("about") or {}))
                for one in told.get("questions") or ()
            )
            return cls(
                stream=int(told["stream"]),
                sequence=int(told["sequence"]),
                mark=str(told["mark"]),
                version=str(told["version"]),
                given=Given.from_json(told["settings"]) if told.get("settings") else None,
                questions=tuple(asked),
                look=int(told.get("look") or 0),
                again=min(max(float(told.get("again") or 10.0), 0.05), 600.0),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise error if isinstance(error, Unreadable) else Unreadable(type(error).__name__) from error

    def as_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "stream": self.stream,
            "sequence": self.sequence,
            "mark": self.mark,
            "version": self.version,
            "look": self.look,
            "again": self.again,
        }
        if self.given:
            told["settings"] = self.given.as_json()
        if self.questions:
            told["questions"] = [{"id": one.id, "kind": one.kind, "about": dict(one.about)} for one in self.questions]
        return told


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How an agent does. No word about anybody."""

    program: str
    """Its version of Priem."""
    host: str
    version: str
    """Of the settings that it goes by; empty: none yet."""
    position: Position
    """Of the last parcel that it holds or has sent; its cursor is not told."""
    waiting: int = 0
    waiting_bytes: int = 0
    lag: float = 0.0
    """Seconds since the oldest parcel that still waits was read."""
    read_at: datetime | None = None
    """When the database was last looked at to its end."""
    halt: Halt = Halt.NONE
    trouble: Mapping[str, Any] | None = None
    """What keeps it from reading, see texts."""

    def as_json(self) -> dict[str, Any]:
        return {
            "program": self.program,
            "host": self.host,
            "version": self.version,
            "stream": self.position.stream,
            "sequence": self.position.sequence,
            "waiting": self.waiting,
            "waiting_bytes": self.waiting_bytes,
            "lag": round(self.lag, 1),
            "read_at": self.read_at.isoformat() if self.read_at else None,
            "halt": self.halt.value,
            "trouble": self.trouble,
        }


def position_as_json(position: Position) -> dict[str, Any]:
    return {
        "stream": position.stream,
        "sequence": position.sequence,
        "cursor": position.cursor,
        "is_first": position.is_first,
    }


def position_from_json(told: Mapping[str, Any]) -> Position:
    """Raises Unreadable."""
    try:
        cursor = told["cursor"]
        return Position(
            stream=int(told["stream"]),
            sequence=int(told["sequence"]),
            cursor=str(cursor) if cursor is not None else None,
            is_first=told["is_first"] is True,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Unreadable(type(error).__name__) from error
