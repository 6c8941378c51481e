"""A clinic's desks with its amoCRM and its memory. Kept open between requests: a person waits for each of them."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from priem import configuration
from priem.booking import Booking
from priem.engine.bindings import Bound, bind
from priem.engine.reception import Reception
from priem.hub.amocrm.access import connected
from priem.hub.clinics import ClinicData, load_clinic
from priem.hub.clock import SystemClock
from priem.hub.exchanges import DjangoExchanges
from priem.hub.ident.desk import ident_desk
from priem.hub.references import resolved
from priem.hub.store import DjangoStore
from priem.mis import open_desk
from priem.model import Account
from priem.ports import Crm

KEPT_FOR = 300.0
"""Seconds, after which stages and users that were made in amoCRM meanwhile are known, too."""


@contextmanager
def desks_of(clinic: ClinicData) -> Iterator[Mapping[str, Booking]]:
    """Of those connections whose МИС lets others book. Raises AskOperator for settings that a desk does not take."""
    with ExitStack() as stack:
        exchanges = DjangoExchanges(clinic.id)
        stack.callback(exchanges.flush)
        desks: dict[str, Booking] = {}
        for row in clinic.connections:
            given = {**row.config, **resolved(row.secrets)}
            desk = open_desk(row.kind, row.key, given, exchanges, SystemClock())
            if desk := desk or (ident_desk(clinic.id, row.key) if row.kind == "ident" else None):
                desks[row.key] = desk
                stack.callback(getattr(desk, "close", lambda: None))
        yield desks


def reception(clinic_id: int, crm: Crm, bound: Bound, desks: Mapping[str, Booking]) -> Reception:
    return Reception(crm=crm, store=DjangoStore(clinic_id), bound=bound, clock=SystemClock(), desks=desks)


@dataclass(frozen=True, slots=True)
class Opened:
    reception: Reception
    account: Account


@contextmanager
def opened(clinic: ClinicData) -> Iterator[Opened]:
    """For as long as the block lasts. Raises AskOperator when the settings do not fit the account."""
    with connected(clinic, "interactive") as crm, desks_of(clinic) as desks:
        account = crm.account()
        bound = bind(configuration.settings_from_json(clinic.settings), account)
        yield Opened(reception(clinic.id, crm, bound, desks), account)


@dataclass(slots=True)
class Kept:
    opened: Opened
    stack: ExitStack
    mark: str
    until: float
    """On the monotonic clock."""
    users: int = 0
    is_retired: bool = False


@dataclass(slots=True)
class Receptions:
    """Those of this process. One that is old, or changed since, makes way, and closes after its last user."""

    _kept: dict[int, Kept] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def of(self, slug: str) -> Iterator[Opened]:
        clinic = load_clinic(slug)
        kept = self._taken(clinic) or self._put(clinic, opened_for_long(clinic))
        try:
            yield kept.opened
        finally:
            self._given_back(kept)

    def _taken(self, clinic: ClinicData) -> Kept | None:
        with self._lock:
            kept = self._kept.get(clinic.id)
            if kept and (kept.mark != clinic.mark or kept.until < time.monotonic()):
                self._retire(clinic.id)
                return None
            if kept:
                kept.users += 1
            return kept

    def _put(self, clinic: ClinicData, fresh: Kept) -> Kept:
        """Opened outside the lock: amoCRM is asked for it, and other clinics do not wait for that."""
        with self._lock:
            self._retire(clinic.id)  # two have opened one at the same time
            self._kept[clinic.id] = fresh
            fresh.users += 1
            return fresh

    def _retire(self, clinic_id: int) -> None:
        if kept := self._kept.pop(clinic_id, None):
            kept.is_retired = True
            if kept.users == 0:
                kept.stack.close()

    def _given_back(self, kept: Kept) -> None:
        with self._lock:
            kept.users -= 1
            if kept.is_retired and kept.users == 0:
                kept.stack.close()

    def close(self) -> None:
        with self._lock:
            for clinic_id in list(self._kept):
                self._retire(clinic_id)


def opened_for_long(clinic: ClinicData) -> Kept:
    with ExitStack() as stack:
        open_one = stack.enter_context(opened(clinic))
        return Kept(open_one, stack.pop_all(), clinic.mark, time.monotonic() + KEPT_FOR)


RECEPTIONS = Receptions()
