"""The hub's questions. Each is one of a few that are known here; none carries a statement."""

import json
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from priem.errors import PriemError, TryLater
from priem.mis.ident import Ident
from priem.mis.ident.applications import Application
from priem.mis.ident.calendar import Calendar
from priem.mis.ident.jobs import Job
from priem.model import Finding, Page, Patient, Rejected
from priem.ports import Counts
from priem.relay import shapes
from priem.relay.parcels import PACKING
from priem.relay.texts import trouble_as_json
from priem.relay.words import Asked, Kind
from priem.showing import Directory
from priem.texts import text

MOST_IDS = 5000
MOST_SAMPLES = 500
MOST_DAYS = 3650
MOST_TIMETABLE_DAYS = 366
Told = tuple[Any, object]
"""A type and a value of it."""


def answer(asked: Asked, source: Ident, cursor: str | None) -> dict[str, Any]:
    """Ready for JSON; a failure is an answer, too."""
    try:
        kind, value = ROOMS[Kind(asked.kind)](source, asked.about, cursor)
        return {"answer": shapes.written(kind, value)}
    except PriemError as error:
        return {"trouble": trouble_as_json(error)}
    except (ValueError, KeyError, TypeError):
        return {"trouble": trouble_as_json(TryLater(text("This agent does not understand the hub's question.")))}


def not_now(error: PriemError) -> dict[str, Any]:
    return {"trouble": trouble_as_json(error)}


def packed(told: Mapping[str, Any]) -> bytes:
    return zlib.compress(json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode(), PACKING)


def check(source: Ident, _about: Mapping[str, Any], _cursor: str | None) -> Told:
    return tuple[Finding, ...], tuple(source.check())


def count(source: Ident, about: Mapping[str, Any], cursor: str | None) -> Told:
    return Counts, source.count(cursor if about.get("since") else None)


def directory(source: Ident, _about: Mapping[str, Any], _cursor: str | None) -> Told:
    return Directory, source.directory()


def samples(source: Ident, about: Mapping[str, Any], _cursor: str | None) -> Told:
    return Page, source.samples(min(int(about["count"]), MOST_SAMPLES))


def patients(source: Ident, about: Mapping[str, Any], _cursor: str | None) -> Told:
    return tuple[Patient | Rejected, ...], source.patients(ids(about, "ids"))


def reread(source: Ident, about: Mapping[str, Any], cursor: str | None) -> Told:
    if cursor is None:
        raise TryLater(text("The agent has not begun to read yet."))
    return Page, source.reread(cursor, ids(about, "patients"), ids(about, "visits"))


def applications(source: Ident, about: Mapping[str, Any], _cursor: str | None) -> Told:
    return tuple[Application, ...], source.applications(ids(about, "tickets"))


def jobs(source: Ident, about: Mapping[str, Any], _cursor: str | None) -> Told:
    seen = source.jobs([int(id_) for id_ in ids(about, "held")], min(int(about["days"]), MOST_DAYS))
    return tuple[Job, ...] | None, seen and seen.jobs


def timetable(source: Ident, about: Mapping[str, Any], _cursor: str | None) -> Told:
    return Calendar, source.timetable(min(int(about["days"]), MOST_TIMETABLE_DAYS))


def ids(about: Mapping[str, Any], name: str) -> list[str]:
    """Raises ValueError for more than anybody needs at once."""
    given = about[name]
    if not isinstance(given, list) or len(given) > MOST_IDS:
        raise ValueError(name)
    return [str(one) for one in given]


ROOMS: Mapping[Kind, Callable[[Ident, Mapping[str, Any], str | None], Told]] = {
    Kind.CHECK: check,
    Kind.COUNT: count,
    Kind.DIRECTORY: directory,
    Kind.SAMPLES: samples,
    Kind.PATIENTS: patients,
    Kind.REREAD: reread,
    Kind.APPLICATIONS: applications,
    Kind.JOBS: jobs,
    Kind.TIMETABLE: timetable,
}
