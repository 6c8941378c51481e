"""What IDENT adds to a clinic's passes."""

from dataclasses import replace

from priem.amocrm.crm import AmoCrm
from priem.engine.sync import Clinic
from priem.hub.clinics import ClinicData
from priem.hub.ident.calendar_watch import CalendarWatch
from priem.hub.ident.following import TicketWatch
from priem.hub.ident.handing import Handing
from priem.hub.ident.jobs import JobWatch
from priem.hub.ident.listening import CallWatch
from priem.hub.ident.slot_list import SlotWatch
from priem.model import Account


def with_ident(parts: Clinic, clinic: ClinicData, crm: AmoCrm, account: Account) -> Clinic:
    """As it is where no connection is IDENT's."""
    if not any(row.kind == "ident" for row in clinic.connections):
        return parts
    handing = Handing(clinic=clinic, crm=crm, account=account, bound=parts.bound)
    watch = TicketWatch(clinic_id=clinic.id, crm=crm, store=parts.store, bound=parts.bound, clock=parts.clock)
    calls = CallWatch(clinic_id=clinic.id, client=crm.client, clock=parts.clock, settings=parts.bound.settings.calls)
    jobs = JobWatch(
        clinic_id=clinic.id, crm=crm, store=parts.store, bound=parts.bound, clock=parts.clock,
        settle_seconds=parts.settle_seconds,
    )  # fmt: skip
    settings = parts.bound.settings.slot_list
    slots = SlotWatch(clinic_id=clinic.id, crm=crm, clock=parts.clock, settings=settings)
    calendars = CalendarWatch(clinic_id=clinic.id, clock=parts.clock)
    watches = (watch, calls, jobs, calendars, slots)
    return replace(parts, acts={**parts.acts, "ticket": handing}, chores=(*parts.chores, *watches))
