"""What goes through the clinic's own service for IDENT. Names and phones stay in their rows: nobody needs them here."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from priem.hub.admin.owned import CLINIC, OwnedAdmin, WholeDaysFilter, in_amocrm
from priem.hub.admin.unfolded import column
from priem.hub.ident.services import Key, change_key, opened
from priem.hub.ident.tickets import state_of
from priem.hub.models import IdentCall, IdentService, IdentTicket, Timetable
from priem.hub.models.owned import OwnedRows
from priem.hub.roles.rights import Right
from priem.hub.scope import may, visible
from priem.hub.sentences import readable
from priem.hub.templatetags.moments import moment

COLOURS = {"accepted": "success", "discarded": "danger", "": "info"}


@admin.register(IdentService)
class ServiceAdmin(OwnedAdmin):
    list_display = ("connection", "clinic_name", "heard", "time_zone", "serialization", "posts_whole")
    list_filter = (CLINIC,)
    text_columns = ("connection",)
    actions = ("renew_key", "renew_sites_key")
    fields = ("connection", "clinic_name", "address", "heard", "time_zone", "serialization", "posts_whole")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ANN401  # Django's signature
        """The keys for those who set the clinic up."""
        keys = ("ident_key", "sites_key") if obj and may(request, Right.SET_UP, obj.clinic_id) else ()
        return (*self.fields, *keys)

    @column(_("last request"), ordering="heard_at")
    def heard(self, service: IdentService) -> str:
        return moment(service.heard_at) or gettext("never yet")

    @column(_("address behind the hub's own"))
    def address(self, service: IdentService) -> str:
        return f"/ident/{service.clinic.slug}/{service.connection}"

    @column(_("IDENT's key"))
    def ident_key(self, service: IdentService) -> str:
        return opened(service, "key")

    @column(_("key of sites"))
    def sites_key(self, service: IdentService) -> str:
        return opened(service, "applications_key")

    def has_set_up_permission(self, request: HttpRequest) -> bool:
        return may(request, Right.SET_UP)

    @admin.action(description=_("A new key for IDENT"), permissions=["set_up"])
    def renew_key(self, request: HttpRequest, chosen: OwnedRows[IdentService]) -> None:
        self._renew(request, chosen, "key")

    @admin.action(description=_("A new key of sites"), permissions=["set_up"])
    def renew_sites_key(self, request: HttpRequest, chosen: OwnedRows[IdentService]) -> None:
        self._renew(request, chosen, "applications_key")

    def _renew(self, request: HttpRequest, chosen: OwnedRows[IdentService], which: Key) -> None:
        """Of the clinics that this person sets up; he may see others."""
        mine = visible(request, IdentService.objects.all(), Right.SET_UP)
        for row in mine.filter(pk__in=[row.pk for row in chosen]):
            change_key(row.clinic_id, row.connection, which)
            said = gettext("{connection}: the key is new. Enter it where the old one stands.")
            messages.success(request, said.format(connection=row.connection))


@admin.register(IdentTicket)
class TicketAdmin(OwnedAdmin):
    list_display = ("made", "ticket", "lead_there", "state", "connection", "clinic_name")
    list_filter = (CLINIC, ("at", WholeDaysFilter))
    ordering = ("-pk",)
    text_columns = ("ticket",)
    id_columns = ("lead",)
    fields = ("ticket", "lead_there", "connection", "made", "given", "accepted", "state", "clinic_name")

    @column(_("made"), ordering="id")
    def made(self, ticket: IdentTicket) -> str:
        return moment(ticket.at)

    @column(_("first given to IDENT"))
    def given(self, ticket: IdentTicket) -> str:
        return moment(ticket.given_at) or "—"

    @column(_("accepted by IDENT"))
    def accepted(self, ticket: IdentTicket) -> str:
        return moment(ticket.accepted_at) or "—"

    @column(_("lead"))
    def lead_there(self, ticket: IdentTicket) -> str:
        return in_amocrm(ticket.clinic, "lead", ticket.lead)

    @column(_("what became of it"), label=COLOURS)
    def state(self, ticket: IdentTicket) -> tuple[str, str]:
        return ticket.became, readable(state_of(ticket, get_current_timezone()))


@admin.register(IdentCall)
class CallAdmin(OwnedAdmin):
    list_display = ("began", "call", "direction", "seconds", "connection", "clinic_name")
    list_filter = (CLINIC, ("started_at", WholeDaysFilter))
    ordering = ("-pk",)
    text_columns = ("call",)
    fields = list_display

    @column(_("began"), ordering="id")
    def began(self, call: IdentCall) -> str:
        return moment(call.started_at)

    @column(_("direction"))
    def direction(self, call: IdentCall) -> str:
        return gettext("incoming") if call.content.get("direction") == "in" else gettext("outgoing")

    @column(_("seconds of talk"))
    def seconds(self, call: IdentCall) -> str:
        if call.ended_at is None:
            return gettext("goes on")
        return (
            str(int((call.ended_at - call.answered_at).total_seconds())) if call.answered_at else gettext("no answer")
        )


@admin.register(Timetable)
class TimetableAdmin(OwnedAdmin):
    list_display = (
        *("connection", "posted", "from_database", "doctors_count", "branches_there", "intervals", "unreadable"),
        "clinic_name",
    )
    fields = (
        *("connection", "posted", "from_database", "doctors_there", "branches_there", "intervals", "unreadable"),
        "clinic_name",
    )
    list_filter = (CLINIC,)
    ordering = ("-posted_at", "-pk")
    text_columns = ("connection",)

    @column(_("posted"), ordering="posted_at")
    def posted(self, table: Timetable) -> str:
        return moment(table.posted_at)

    @column(_("doctors"))
    def doctors_count(self, table: Timetable) -> str:
        return str(len(table.doctors))

    @column(_("doctors"))
    def doctors_there(self, table: Timetable) -> str:
        return ", ".join(sorted(table.doctors.values())) or "—"

    @column(_("branches"))
    def branches_there(self, table: Timetable) -> str:
        return ", ".join(sorted(table.branches.values())) or "—"
