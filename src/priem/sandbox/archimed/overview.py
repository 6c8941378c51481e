"""What `/_sandbox/state` tells: everything as it is stored, by branch, and how it was asked for."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING

from .state.branch import Branch
from .tokens import partner_token

if TYPE_CHECKING:
    from .app import Archimed

Row = dict[str, object]
TABLES = ("medcards", "doctors", "shifts", "talons", "statuses", "buildings", "services", "groups", "users")


def state(sandbox: "Archimed", query: Mapping[str, str]) -> Row:
    """Everything, or what `only=talons,requests` names; tables of one branch with `branch=API_ID`."""
    wanted = [name for name in query.get("only", "").split(",") if name]
    chosen = query.get("branch")
    branches = [sandbox.branches[chosen]] if chosen else list(sandbox.branches.values())
    sections = _sections(sandbox, branches)
    unknown = set(wanted) - sections.keys()
    if unknown:
        raise ValueError(f"only: unknown {', '.join(sorted(unknown))}; known: {', '.join(sections)}")
    return {name: sections[name]() for name in wanted or sections}


def _sections(sandbox: "Archimed", branches: list[Branch]) -> dict[str, Callable[[], object]]:
    sections: dict[str, Callable[[], object]] = {
        "branches": lambda: [branch(each) for each in branches],
        "clock": lambda: clock(sandbox),
        "counts": lambda: {each.api_id: {name: len(getattr(each, name)) for name in TABLES} for each in branches},
        "double_bookings": lambda: {each.api_id: each.double_bookings() for each in branches},
        "requests": sandbox.journal.summary,
        "faults": sandbox.faults.shown,
        "live": sandbox.live.summary,
    }
    return sections | {name: _table(branches, name) for name in TABLES}


def _table(branches: list[Branch], name: str) -> Callable[[], object]:
    return lambda: {each.api_id: [_plain(asdict(row)) for row in getattr(each, name).values()] for each in branches}


def _plain(row: Row) -> Row:
    return {name: value.isoformat() if isinstance(value, date | datetime) else value for name, value in row.items()}


def branch(branch: Branch) -> Row:
    """Its account and its manners; invented secrets are there to be told."""
    return {
        "api_id": branch.api_id,
        "secret": branch.secret,
        "access_token": partner_token(branch),
        "name": branch.name,
        "time_zone": branch.zone.key,
        "manners": asdict(branch.manners),
        "shapes": {version: asdict(shape) for version, shape in branch.shapes.items()},
        "statuses": {status.means: status.id for status in branch.statuses.values() if status.means},
    }


def clock(sandbox: "Archimed") -> Row:
    """Now, everywhere."""
    own = sandbox.clock
    return {
        "utc": own.utc().isoformat(),
        "frozen": own.is_frozen,
        "skew": own.skew,
        "local": {each.api_id: each.now().isoformat() for each in sandbox.branches.values()},
    }
