"""From a lead of amoCRM to an application in IDENT: by a trigger, or by the button in the card."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from priem.amocrm.crm import AmoCrm
from priem.booking import RefusalKind, Refused
from priem.engine.bindings import Bound
from priem.engine.kinds import Moved
from priem.errors import AskOperator
from priem.hub.clinics import ClinicData
from priem.hub.ident import tickets
from priem.hub.ident.tickets import Handed
from priem.hub.models import Timetable
from priem.mis.ident.exchange.refusals import TicketRefused
from priem.mis.ident.exchange.ticket import UTM_FIELDS, FromLead, Wish, ticket_for_lead, utm_of
from priem.model import Account, Contact, FieldValue, Lead
from priem.texts import text

DAY_BEGINS = time(8)
A_DAY = timedelta(hours=12)
"""IDENT takes no wish that is longer: who names a day only is wished for within these hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handing:
    """Hands leads of one clinic over to IDENT. Called as the act of stage triggers of the kind `ticket`."""

    clinic: ClinicData
    crm: AmoCrm
    account: Account
    bound: Bound

    def __call__(self, moved: Moved) -> None:
        self.hand_over(moved.lead.id)

    def hand_over(self, lead: int) -> Handed:
        """The lead's application waits for IDENT when it returns; a lead that was handed over before changes nothing.

        Raises Refused with what is wrong with the lead, AskOperator when IDENT has no address here, TryLater.
        """
        connection = connection_of(self.clinic, self.bound.settings.tickets.connection)
        zone = tickets.zone_of_service(self.clinic.id, connection)
        if known := tickets.of_lead(self.clinic.id, lead).get(connection):
            return Handed(known.ticket, known.at, is_new=False)
        found, contact = self._read(lead)
        try:
            ticket = ticket_for_lead(self._from_lead(found, contact, connection, zone), at=datetime.now(UTC), zone=zone)
        except TicketRefused as error:
            raise Refused(
                RefusalKind.INCOMPLETE,
                text("The lead did not go to IDENT: {problems}", problems=error.problems),
                text("Correct the lead or its contact, and try again."),
            ) from error
        return tickets.hand_over(
            self.clinic.id, connection, ticket, zone, lead=lead, stage=(found.pipeline, found.stage)
        )

    def _read(self, id_: int) -> tuple[Lead, Contact]:
        """As they are now: the mirror does not know all fields."""
        lead = next(iter(self.crm.some_leads([id_], self._fields())), None)
        if lead is None:
            raise Refused(RefusalKind.OTHER, text("The lead is not in amoCRM any more."))
        contact = next(iter(self.crm.some_contacts(lead.contacts[:1], ())), None) if lead.contacts else None
        if contact is None:
            raise Refused(
                RefusalKind.INCOMPLETE, text("The lead has no contact."), text("Add a contact with a phone to it.")
            )
        return lead, contact

    def _fields(self) -> Sequence[int]:
        wishes = [info.id for info in self.bound.ticket_fields.values()]
        return [*wishes, *(info.id for info in self.account.lead_fields if info.code.upper() in UTM_FIELDS)]

    def _from_lead(self, lead: Lead, contact: Contact, connection: str, zone: tzinfo) -> FromLead:
        settings = self.bound.settings.tickets
        minutes = timedelta(minutes=settings.minutes)
        wished = {name: as_text(lead.fields.get(info.id, "")) for name, info in self.bound.ticket_fields.items()}
        start, end = wished_time(wished.get("start", ""), minutes, zone)
        doctor_id, doctor_name = self._doctor(wished.get("doctor", ""), connection)
        return FromLead(
            lead=lead,
            contact=contact,
            wish=Wish(start=start, end=end, doctor_id=doctor_id, doctor_name=doctor_name),
            comment=wished.get("comment", ""),
            form=settings.form,
            utm=utm_of(lead, self.account),
        )

    def _doctor(self, written: str, connection: str) -> tuple[int | None, str]:
        """IDENT's number, when that stands there or its timetable knows the name; and the name."""
        if written.isascii() and written.isdigit() and len(written) < 10:
            return int(written), ""
        table = Timetable.objects.of(self.clinic.id).filter(connection=connection).first()
        named = {} if table is None else {name.casefold(): int(id_) for id_, name in table.doctors.items()}
        return named.get(written.casefold()), written


def connection_of(clinic: ClinicData, wanted: str) -> str:
    """The named connection with IDENT, or the only one. Raises AskOperator when that is not plain."""
    known = [row.key for row in clinic.connections if row.kind == "ident" and wanted in ("", row.key)]
    if len(known) != 1:
        raise AskOperator(
            text("Which connection with IDENT takes applications is not plain."),
            text("Name it in the settings: tickets.connection."),
        )
    return known[0]


def wished_time(written: str, minutes: timedelta, zone: tzinfo) -> tuple[datetime | None, datetime | None]:
    """Of a field's value: a moment in UTC, or a day, which is wished for as a whole."""
    if not written:
        return None, None
    if len(written) > len("2026-11-26"):
        start = datetime.fromisoformat(written)
        return start, start + minutes
    start = datetime.combine(date.fromisoformat(written), DAY_BEGINS, zone)
    return start, start + A_DAY


def as_text(value: FieldValue) -> str:
    return value if isinstance(value, str) else ", ".join(value)
