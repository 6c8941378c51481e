"""A clinic's desks with its amoCRM and its memory. Kept open between questions: a person waits for each of them."""

import hashlib
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import structlog
from django.db import connections

from priem import configuration
from priem.amocrm.crm import AmoCrm
from priem.booking import Booking
from priem.engine.bindings import Bound, bind
from priem.engine.reception import Reception
from priem.errors import AskOperator, PriemError
from priem.hub.amocrm.access import connected
from priem.hub.amocrm.remembered import keep, kept
from priem.hub.clinics import ClinicData
from priem.hub.clock import SystemClock
from priem.hub.exchanges import DjangoExchanges
from priem.hub.ident.desk import ident_desk
from priem.hub.ident.handing import Handing
from priem.hub.models import IdentService
from priem.hub.references import resolved
from priem.hub.store import DjangoStore
from priem.mis import open_desk
from priem.model import Account
from priem.ports import Crm

log = structlog.get_logger(__name__)
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
class Office:
    """Used by many threads."""

    clinic: ClinicData
    crm: AmoCrm
    account: Account
    reception: Reception
    age: float = 0.0
    """Seconds since amoCRM told what the account is."""

    @property
    def desks(self) -> Mapping[str, Booking]:
        return self.reception.desks

    def handing(self) -> Handing:
        """To IDENT, of leads."""
        return Handing(clinic=self.clinic, crm=self.crm, account=self.account, bound=self.reception.bound)


@contextmanager
def opened(clinic: ClinicData, *, at_once: bool = False) -> Iterator[Office]:
    """For as long as the block lasts. Raises AskOperator when the settings do not fit the account.

    `at_once`: with the account as it was told some time ago, where the settings fit that. Reading it takes a second.
    """
    with connected(clinic, "interactive") as crm, desks_of(clinic) as desks:
        account, bound, age = remembered(clinic, crm) if at_once else read(clinic, crm)
        yield Office(clinic, crm, account, reception(clinic.id, crm, bound, desks), age)


def read(clinic: ClinicData, crm: AmoCrm) -> tuple[Account, Bound, float]:
    account = crm.account()
    bound = bind(configuration.settings_from_json(clinic.settings), account)
    keep(clinic.id, account)
    return account, bound, 0.0


def remembered(clinic: ClinicData, crm: AmoCrm) -> tuple[Account, Bound, float]:
    known = kept(clinic.id)
    if known is None:
        return read(clinic, crm)
    try:
        bound = bind(configuration.settings_from_json(clinic.settings), known.account)
    except AskOperator:
        return read(clinic, crm)  # the settings name what was made since
    crm.remember(known.account)
    return known.account, bound, known.age


@dataclass(slots=True)
class Kept:
    office: Office
    stack: ExitStack
    mark: str
    until: float
    """On the monotonic clock."""
    users: int = 0
    is_retired: bool = False


@dataclass(slots=True)
class Receptions:
    """Those of this process. One that does not fit its clinic any more makes way at once; one that is only old is
    renewed while it goes on answering. Each closes after its last user."""

    _kept: dict[int, Kept] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _openings: dict[int, threading.Lock] = field(default_factory=dict)

    @contextmanager
    def of(self, clinic: ClinicData) -> Iterator[Office]:
        """Raises PriemError when amoCRM cannot be asked, or the settings do not fit it."""
        mark = mark_of(clinic)
        kept = self._taken(clinic, mark) or self._opened(clinic, mark)
        try:
            yield kept.office
        finally:
            self._given_back(kept)

    def _taken(self, clinic: ClinicData, mark: str) -> Kept | None:
        with self._lock:
            kept = self._kept.get(clinic.id)
            if kept is None or kept.mark != mark:
                return None
            kept.users += 1
            if kept.until < time.monotonic():
                kept.until = time.monotonic() + KEPT_FOR / 2  # tried again, but not with every question
                threading.Thread(target=self._renew, args=(clinic, mark), name="reception", daemon=True).start()
            return kept

    def _opened(self, clinic: ClinicData, mark: str) -> Kept:
        """amoCRM is asked for it: others who want the same one wait, other clinics do not."""
        with self._lock:
            opening = self._openings.setdefault(clinic.id, threading.Lock())
        with opening:
            return self._taken(clinic, mark) or self._put(clinic, kept_open(clinic, mark, at_once=True))

    def _renew(self, clinic: ClinicData, mark: str) -> None:
        try:
            self._given_back(self._put(clinic, kept_open(clinic, mark, at_once=False)))
        except PriemError as error:
            log.warning("a clinic's reception was not renewed", clinic=clinic.slug, why=str(error.what))
        finally:
            connections.close_all()

    def _put(self, clinic: ClinicData, fresh: Kept) -> Kept:
        with self._lock:
            self._retire(clinic.id)
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


def mark_of(clinic: ClinicData) -> str:
    """Of all that an office is made of."""
    secrets = [sorted(row.secrets.items()) for row in clinic.connections]
    services = sorted(IdentService.objects.of(clinic.id).values_list("connection", "time_zone"))
    written = f"{clinic.mark} {clinic.client_id} {clinic.client_secret} {secrets} {services}"
    return hashlib.sha256(written.encode()).hexdigest()


def kept_open(clinic: ClinicData, mark: str, *, at_once: bool) -> Kept:
    with ExitStack() as stack:
        office = stack.enter_context(opened(clinic, at_once=at_once))
        return Kept(office, stack.pop_all(), mark, time.monotonic() + KEPT_FOR - office.age)


RECEPTIONS = Receptions()
