"""The clinic's short lists (statuses, reasons, doctors, prices), kept for a while. A missing method is empty."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from threading import Lock

from priem.mis.archimed.api import Api, Params
from priem.mis.archimed.config import Config
from priem.mis.archimed.failures import NoMethod
from priem.mis.archimed.loose import Row, an_id, words
from priem.mis.archimed.rows import DOCTOR_FIELDS
from priem.ports import Clock

ROWS = 500
MOST_PAGES = 100
FIELDS: Mapping[str, Sequence[str]] = {
    "doctors": DOCTOR_FIELDS,
    "services": ("id", "code", "name", "group_id", "group_name", "duration", "base_cost"),
}
"""The rest have only ids and names."""
AT_MOST_EVERY = timedelta(minutes=1)
"""How often a list is read because it lacks something."""


def asking_for(fields: Sequence[str]) -> list[tuple[str, str]]:
    return [("fields[]", name) for name in fields]


class Dictionaries:
    """Safe for many threads: at worst two read the same list."""

    def __init__(self, config: Config, api: Api, clock: Clock, spend: Callable[[], None] = lambda: None) -> None:
        self._api = api
        self._clock = clock
        self._spend = spend
        self._lasts = timedelta(minutes=config.dictionaries_minutes)
        self._kept: dict[str, tuple[datetime, tuple[Row, ...] | None]] = {}
        self._lock = Lock()

    def rows(self, method: str) -> tuple[Row, ...]:
        """Empty where the installation has no such method."""
        return self._read(method, self._lasts) or ()

    def is_there(self, method: str) -> bool:
        return self._read(method, self._lasts) is not None

    def names(self, method: str) -> Mapping[str, str]:
        """By id, in the list's order."""
        return named_rows(self.rows(method))

    def names_with(self, method: str, ids: set[str]) -> Mapping[str, str]:
        """Read anew when it lacks one of these: somebody has just added it."""
        names = self.names(method)
        if ids <= names.keys():
            return names
        return named_rows(self._read(method, min(AT_MOST_EVERY, self._lasts)) or ())

    def forget(self) -> None:
        with self._lock:
            self._kept.clear()

    def _read(self, method: str, lasts: timedelta) -> tuple[Row, ...] | None:
        now = self._clock.now()
        with self._lock:
            kept = self._kept.get(method)
        if kept and timedelta() <= now - kept[0] < lasts:
            return kept[1]
        found: tuple[Row, ...] | None
        try:
            found = tuple(self._all(method))
        except NoMethod:
            found = None
        with self._lock:
            self._kept[method] = (now, found)
        return found

    def _all(self, method: str) -> Iterator[Row]:
        seen: set[str] = set()
        for page in range(1, MOST_PAGES + 1):
            params: Params = [*asking_for(FIELDS.get(method, ())), ("page", page), ("limit", ROWS)]
            self._spend()
            listing = self._api.listing(method, params)
            fresh = [row for row in listing.rows if an_id(row.get("id")) not in seen]
            yield from fresh
            seen |= {an_id(row.get("id")) for row in fresh}
            # A server that knows no pages gives the same one again and again.
            if len(listing.rows) < listing.limit or not fresh or page == listing.pages:
                return


def named_rows(rows: Sequence[Row]) -> Mapping[str, str]:
    return {id_: words(row.get("name")) for row in rows if (id_ := an_id(row.get("id")))}
