"""A clinic's desks and its amoCRM, kept open between the questions of frames: opening them anew takes a second."""

import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from priem import configuration
from priem.amocrm.crm import AmoCrm
from priem.booking import Booking
from priem.engine.bindings import bind
from priem.engine.reception import Reception
from priem.errors import PriemError
from priem.hub.amocrm.access import connect
from priem.hub.booking.receptions import reception
from priem.hub.clinics import ClinicData, clinic_data
from priem.hub.clock import SystemClock
from priem.hub.exchanges import DjangoExchanges
from priem.hub.models import Clinic
from priem.hub.references import resolved
from priem.hub.widget.ident_desk import ident_desks
from priem.mis import open_desk
from priem.model import Account

ACCOUNT_SECONDS = 300.0
"""How old users, pipelines and fields of amoCRM may be."""


@dataclass(slots=True)
class Office:
    """Used by many threads."""

    clinic: ClinicData
    crm: AmoCrm
    desks: dict[str, Booking]
    account: Account
    reception: Reception
    mark: str
    read_at: float = field(default_factory=time.monotonic)
    is_renewing: bool = False

    def close(self) -> None:
        self.crm.close()
        for desk in self.desks.values():
            getattr(desk, "close", lambda: None)()


class Offices:
    """Of one process."""

    def __init__(self) -> None:
        self._open: dict[int, Office] = {}
        self._locks: dict[int, threading.Lock] = {}
        self._lock = threading.Lock()

    def of(self, clinic: Clinic) -> Office:
        """Raises PriemError when amoCRM cannot be asked, or the settings do not fit it."""
        data = clinic_data(clinic)
        mark = mark_of(data)
        office = self._open.get(data.id)
        if office is None or office.mark != mark:
            with self._lock_of(data.id):
                office = self._open.get(data.id)
                if office is None or office.mark != mark:
                    office = self._put(opened(data, mark))
        elif time.monotonic() - office.read_at > ACCOUNT_SECONDS and not office.is_renewing:
            office.is_renewing = True
            threading.Thread(target=self._renew, args=(office,), name="widget-office", daemon=True).start()
        office.desks.update(ident_desks(data.id))  # IDENT may have posted its first timetable since
        return office

    def close(self) -> None:
        with self._lock:
            for office in self._open.values():
                office.close()
            self._open.clear()

    def _lock_of(self, id_: int) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(id_, threading.Lock())

    def _put(self, office: Office) -> Office:
        # The one before is not closed: somebody may be asking it this moment. What it holds goes with it.
        self._open[office.clinic.id] = office
        return office

    def _renew(self, office: Office) -> None:
        try:
            account = office.crm.account()
            office.reception = reception_of(office.clinic, office.crm, office.desks, account)
            office.account, office.read_at = account, time.monotonic()
        except PriemError:
            office.read_at = time.monotonic() - ACCOUNT_SECONDS / 2  # tried again, but not with every question
        finally:
            office.is_renewing = False


def mark_of(clinic: ClinicData) -> str:
    """Of all that an office is made of."""
    secrets = [sorted(row.secrets.items()) for row in clinic.connections]
    written = f"{clinic.mark} {clinic.client_id} {clinic.client_secret} {secrets}"
    return hashlib.sha256(written.encode()).hexdigest()


def opened(clinic: ClinicData, mark: str) -> Office:
    crm = connect(clinic, "interactive")
    exchanges, clock = DjangoExchanges(clinic.id), SystemClock()
    found = (
        open_desk(row.kind, row.key, {**row.config, **resolved(row.secrets)}, exchanges, clock)
        for row in clinic.connections
    )
    desks: dict[str, Booking] = {desk.connection: desk for desk in found if desk}
    account = crm.account()
    reception = reception_of(clinic, crm, desks, account)
    return Office(clinic=clinic, crm=crm, desks=desks, account=account, reception=reception, mark=mark)


def reception_of(clinic: ClinicData, crm: AmoCrm, desks: Mapping[str, Booking], account: Account) -> Reception:
    bound = bind(configuration.settings_from_json(clinic.settings), account)
    return reception(clinic.id, crm, bound, desks)


OFFICES = Offices()
