"""What became of applications: the rows of OnlineTickets. docs/reference/ident.md §2.3 (their meaning is inferred)"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from priem.mis.ident.reading import Reader
from priem.mis.ident.rows import moment, whole, words

STATEMENT = "applications"


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An application that is in IDENT. Times are the clinic's wall clock."""

    ticket: str
    """The id under which it was given to IDENT."""
    row: int
    created_at: datetime
    inserted_at: datetime | None
    discarded: bool
    """Somebody threw it away."""


@runtime_checkable
class TellsOfApplications(Protocol):
    """IDENT's database, read by the hub itself or by an agent."""

    def applications(self, tickets: Sequence[str]) -> tuple[Application, ...]:
        """What IDENT has of the applications that were given to it under these ids."""


def applications(reader: Reader, tickets: Sequence[str]) -> Iterator[Application]:
    """Those of these ids that are there; none where the database or the profile has no such table."""
    for row in reader.with_ids(STATEMENT, tickets, "Ticket"):  # type: ignore[arg-type]  # ids of tickets are texts
        id_, created = whole(row["ID"]), moment(row["Created"])
        if id_ is not None and created is not None:
            yield Application(
                ticket=words(row["Ticket"]),
                row=id_,
                created_at=created,
                inserted_at=moment(row["Inserted"]),
                discarded=bool(row["Discarded"]),
            )
