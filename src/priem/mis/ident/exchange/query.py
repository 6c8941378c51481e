"""What IDENT asks for with a GET. docs/reference/ident.md §1.4"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from urllib.parse import parse_qsl

from priem.mis.ident.exchange.moments import in_utc, moment
from priem.mis.ident.exchange.refusals import BadRequest
from priem.texts import text

MOST_PARAMETERS = 50
FIGURES = re.compile(r"[0-9]{1,40}")
MOST_ROWS = 1_000_000_000
"""Greater figures mean the same, and would not fit the database's whole numbers."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A period with both its ends, and the page of it."""

    since: datetime | None
    until: datetime | None
    """In UTC. None where IDENT did not say, which only a question about running calls may do."""
    limit: int | None = None
    """None: everything."""
    offset: int = 0


def read_query(query_string: str, zone: tzinfo, *, dates_required: bool = True) -> Asked:
    """Raises BadRequest when a date is missing or something is not what it should be. Letter case does not matter."""
    given = parameters(query_string)
    return Asked(
        since=read_moment(given, "dateTimeFrom", zone, required=dates_required),
        until=read_moment(given, "dateTimeTo", zone, required=dates_required),
        # A limit of 0 is taken for "no limit configured": an empty page would look like the end of the data.
        limit=read_number(given, "limit") or None,
        offset=read_number(given, "offset") or 0,
    )


def parameters(query_string: str) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(query_string, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
    except ValueError as error:
        raise BadRequest(text("The address has too many parameters.")) from error
    return {name.casefold(): value.strip() for name, value in pairs}


def read_moment(given: Mapping[str, str], name: str, zone: tzinfo, *, required: bool) -> datetime | None:
    written = given.get(name.casefold(), "")
    if not written and not required:
        return None
    if not written:
        raise BadRequest(text("The parameter {parameter} is missing.", parameter=name))
    try:
        return in_utc(moment(written, zone))
    except ValueError as error:
        raise BadRequest(
            text("The parameter {parameter} is not a time such as 2025-12-16T00:00:00+03:00.", parameter=name)
        ) from error


def read_number(given: Mapping[str, str], name: str) -> int | None:
    written = given.get(name, "")
    if not written:
        return None
    if not FIGURES.fullmatch(written):
        raise BadRequest(text("The parameter {parameter} is not a whole number.", parameter=name))
    return min(int(written), MOST_ROWS)
