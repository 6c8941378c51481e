"""IDENT's CRM jobs: ScheduledReceptions, which are no visits. docs/reference/ident.md §2.3 (the meaning: inferred)"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, runtime_checkable

from priem.mis.ident.catalogue import Catalogue
from priem.mis.ident.reading import CLOSES_A_JOB, Reader
from priem.mis.ident.rows import Row, id_of, whole, words


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    id: int
    patient: str
    """The patient's id."""
    kind: str
    comment: str
    closed_by: str
    """`visit`, `delay`, `refusal` or `talk`; empty while it is open."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What IDENT has of its jobs."""

    jobs: tuple[Job, ...]
    asked: frozenset[int]
    """The ids that were asked for by name: of these alone, what is not among the jobs is gone."""


@runtime_checkable
class TellsOfJobs(Protocol):
    """IDENT's database, read by the hub itself or by an agent."""

    def jobs(self, held: Collection[int], days: int) -> Seen | None:
        """The open ones of the last days, and those of these ids. None where there are none to be had, or not yet."""


def jobs(reader: Reader, catalogue: Catalogue, held: Collection[int], days: int) -> Iterator[Job] | None:
    """The open ones of the last days, and those of these ids that are there; None where the database has no jobs."""
    if "jobs" not in reader.profile():
        return None
    rows = {id_of(row): row for row in reader.open_jobs(reader.clocks().now - timedelta(days=days))}
    rows |= {id_of(row): row for row in reader.with_ids("jobs", set(held) - rows.keys())}
    catalogue.know("job_types", (whole(row["Type"]) for row in rows.values()))
    return (to_job(row, catalogue) for row in rows.values() if whole(row["Patient"]) is not None)


def to_job(row: Row, catalogue: Catalogue) -> Job:
    closed = (way for way in CLOSES_A_JOB if row[way] is not None)
    return Job(
        id=id_of(row),
        patient=str(whole(row["Patient"])),
        kind=catalogue.job_types.get(whole(row["Type"]) or 0, ""),
        comment=words(row["Comment"]),
        closed_by=next(closed, "").removeprefix("By").lower(),
    )
