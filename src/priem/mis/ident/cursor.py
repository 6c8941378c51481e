"""Where a reading of IDENT stands. Its text is what the engine keeps; only this file knows what it means."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from typing import Any, Self

from priem.errors import AskOperator
from priem.mis.ident.known import KnownVisit
from priem.mis.ident.known import written as written_visits
from priem.texts import text

VERSION = 1


class Stage(IntEnum):
    """What a pass reads, in this order. A first reading takes all, a later one what changed."""

    DONE = 0
    ALL_PATIENTS = 1
    ALL_VISITS = 2
    PATIENTS = 3
    VISITS = 4
    ORDERS = 5
    SERVICES = 6
    PAYMENTS = 7
    PLANS = 8
    PLAN_LINES = 9
    PLAN_WORK = 10
    VANISHED = 11
    ASIDE = 12
    LATE_PATIENTS = 13
    LATE_ORDERS = 14
    LATE_SERVICES = 15


FIRST = (Stage.ALL_PATIENTS, Stage.ALL_VISITS)
LATER = tuple(stage for stage in Stage if stage >= Stage.PATIENTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Up to where everything is known. Noted before a pass begins, in force once it is done."""

    at: datetime
    """The server's own clock, local and naive as everything in IDENT."""
    stamp: int = 0
    """The rowversion up to which visits are read, itself included; 0 where there is none."""
    patient: int = 0
    service: int = 0
    """The highest ids seen: what has no time of change at all is at least noticed when it is new."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A visit as it was read. A database in which it looks older, or is another one, is an older copy."""

    id: int
    added: datetime | None
    stamp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    horizon: datetime
    """Visits that begin before it were not part of the first reading."""
    noted: Marks
    """What `read` becomes when the running pass is done."""
    read: Marks | None = None
    """None until the first reading is done."""
    stage: Stage = Stage.ALL_PATIENTS
    after: int = 0
    """The last id (or rowversion) of this stage that is done."""
    restored: int = 0
    """How often the database was found to have gone back to an older copy."""
    anchor: Anchor | None = None
    """The visit with the highest id that was read: the first that a restored backup lacks, or knows otherwise."""
    known: tuple[str, ...] | None = ()
    """Visits that were given out and may still vanish, piece by piece (see known); None: nobody noted them."""
    swept: datetime | None = None
    """When they were last compared with the database, by the server's clock."""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """What is left to read of this pass."""
        whole = FIRST if self.read is None else LATER
        return tuple(stage for stage in whole if stage >= self.stage)

    @property
    def place(self) -> tuple[int, str, int, int]:
        """Grows from page to page, as long as the server's clock does not go back."""
        return (self.restored, self.read.at.isoformat() if self.read else "", self.stage, self.after)

    @property
    def is_fresh(self) -> bool:
        """A later pass of which nothing is read yet."""
        return self.read is not None and self.stage is LATER[0] and self.after == 0

    @property
    def is_untouched(self) -> bool:
        """A first reading of which nothing is read yet."""
        return self.read is None and self.stage is FIRST[0] and self.after == 0

    def knowing(self, visits: Iterable[KnownVisit]) -> Self:
        chunk = written_visits(visits)
        return replace(self, known=(*(self.known or ()), chunk)) if chunk and self.known is not None else self

    def entering(self, stage: Stage) -> Self:
        return self if self.stage == stage else replace(self, stage=stage, after=0)

    def done(self) -> Self:
        return replace(self, read=self.noted, stage=Stage.DONE, after=0)

    def begin(self, noted: Marks) -> Self:
        return replace(self, noted=noted, stage=LATER[0], after=0)

    def over_again(self, noted: Marks) -> Self:
        """Everything anew: what was read no longer says what is in the database."""
        return replace(self, noted=noted, read=None, stage=FIRST[0], after=0, restored=self.restored + 1, anchor=None)

    def __str__(self) -> str:
        return json.dumps(
            {
                "v": VERSION,
                "since": self.horizon.isoformat(),
                "restored": self.restored,
                "stage": self.stage.name.lower(),
                "after": self.after,
                "read": self.read and written(self.read),
                "noted": written(self.noted),
                "anchor": self.anchor and [self.anchor.id, iso(self.anchor.added), self.anchor.stamp],
                "swept": iso(self.swept),
                "known": self.known,
            }
        )

    @classmethod
    def parse(cls, kept: str) -> Self:
        try:
            return cls._from(json.loads(kept))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise AskOperator(
                text("The place where reading of IDENT stopped cannot be understood."),
                text("It was written by another version of Priem, or by hand. Start the first reading again."),
            ) from error

    @classmethod
    def _from(cls, parts: dict[str, Any]) -> Self:
        if parts["v"] != VERSION:
            raise ValueError(parts["v"])
        return cls(
            horizon=datetime.fromisoformat(parts["since"]),
            noted=marks(parts["noted"]),
            read=marks(parts["read"]) if parts["read"] else None,
            stage=Stage[parts["stage"].upper()],
            after=int(parts["after"]),
            restored=int(parts["restored"]),
            anchor=anchor(*parts["anchor"]) if parts["anchor"] else None,
            swept=datetime.fromisoformat(parts["swept"]) if parts.get("swept") else None,
            known=None if parts.get("known") is None else tuple(map(str, parts["known"])),
        )


def written(mark: Marks) -> dict[str, object]:
    """The rowversion as SQL Server prints it, for those who compare it with the database."""
    stamp = f"0x{mark.stamp:016X}"
    return {"at": mark.at.isoformat(), "rowversion": stamp, "patient": mark.patient, "service": mark.service}


def iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def anchor(id_: int, added: str | None, stamp: int) -> Anchor:
    return Anchor(int(id_), datetime.fromisoformat(added) if added else None, int(stamp))


def marks(parts: dict[str, Any]) -> Marks:
    return Marks(
        at=datetime.fromisoformat(parts["at"]),
        stamp=int(parts["rowversion"], 16),
        patient=int(parts["patient"]),
        service=int(parts["service"]),
    )
