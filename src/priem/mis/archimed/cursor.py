"""How far a branch was read, between passes. It is what Priem keeps: everything else is found by looking."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, Self

from priem.errors import AskOperator
from priem.mis.archimed import watched
from priem.mis.archimed.loose import Row
from priem.texts import text

VERSION = 1


class Stage(IntEnum):
    """What is read first. After it, only looks."""

    PATIENTS = 0
    VISITS = 1
    DONE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    since: datetime
    """Visits that begin before it get no lead."""
    at: datetime
    """Up to then every card is known, by our clock."""
    stage: Stage = Stage.PATIENTS
    page: int = 0
    """The last one of the stage that is done."""
    limit: int = 0
    """Rows in a page of this stage."""
    number: int = 0
    """Counts what came after the first reading."""
    known: str = ""
    """Talons that may still vanish (see watched)."""

    @property
    def watched(self) -> Sequence[Row]:
        try:
            return list(watched.read(self.known))
        except (ValueError, OverflowError, zlib.error) as error:
            raise not_understood() from error

    @property
    def place(self) -> tuple[int, int, int]:
        """Grows from page to page."""
        return (self.number, self.stage, self.page)

    def after(self, stage: Stage, page: int, limit: int) -> Self:
        return replace(self, stage=stage, page=page, limit=limit)

    def done(self, known: str) -> Self:
        return replace(self, stage=Stage.DONE, page=0, limit=0, known=known)

    def later(self, at: datetime, known: str) -> Self:
        return replace(self, number=self.number + 1, at=max(at, self.at), known=known)

    def __str__(self) -> str:
        return json.dumps(
            {
                "v": VERSION,
                "since": self.since.isoformat(),
                "at": self.at.astimezone(UTC).isoformat(),
                "stage": self.stage.name.lower(),
                "page": self.page,
                "limit": self.limit,
                "number": self.number,
                "known": self.known,
            }
        )

    @classmethod
    def parse(cls, kept: str) -> Self:
        try:
            return cls._from(json.loads(kept))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise not_understood() from error

    @classmethod
    def _from(cls, parts: dict[str, Any]) -> Self:
        since, at = datetime.fromisoformat(parts["since"]), datetime.fromisoformat(parts["at"])
        if parts["v"] != VERSION or since.tzinfo is None or at.tzinfo is None:
            raise ValueError(parts["v"])
        return cls(
            since=since,
            at=at,
            stage=Stage[parts["stage"].upper()],
            page=int(parts["page"]),
            limit=int(parts["limit"]),
            number=int(parts["number"]),
            known=str(parts.get("known") or ""),
        )


def not_understood() -> AskOperator:
    return AskOperator(
        text("The place where reading of ArchiMed+ stopped cannot be understood."),
        text("It was written by another version of Priem, or by hand. Start the first reading again."),
    )
