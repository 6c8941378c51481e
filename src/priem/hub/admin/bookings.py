"""What was asked of МИС's desks and what became of it. Whoever is new there stands in `content`, which is not shown."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from priem.hub.admin.owned import CLINIC, OwnedAdmin, WholeDaysFilter, in_amocrm
from priem.hub.admin.unfolded import ChoicesFilter, column
from priem.hub.models import BookingIntent
from priem.hub.sentences import readable
from priem.hub.templatetags.moments import moment
from priem.intents import Phase

COLOURS = {
    Phase.DONE.value: "success",
    Phase.REFUSED.value: "danger",
    Phase.NOT_DONE.value: "danger",
    Phase.SENT.value: "warning",
    Phase.INTENDED.value: "info",
}


@admin.register(BookingIntent)
class BookingAdmin(OwnedAdmin):
    list_display = ("begun", "what", "lead_there", "visit_page", "outcome", "why", "clinic_name")
    list_filter = (CLINIC, ("phase", ChoicesFilter), ("deed", ChoicesFilter), ("begun_at", WholeDaysFilter))
    ordering = ("-pk",)
    text_columns = ("ref",)
    id_columns = ("lead",)
    fieldsets = (
        (None, {"fields": ("what", "outcome", "why", "lead_there", "contact_there", "visit_page", "clinic_name")}),
        (_("what was asked"), {"fields": ("asked_by", "connection", "patient", "doctor", "branch", "wished")}),
        (_("how it went"), {"fields": ("begun", "changed", "attempt", "ref")}),
    )

    @column(_("began"), ordering="id")
    def begun(self, row: BookingIntent) -> str:
        return moment(row.begun_at)

    @column(_("changed"))
    def changed(self, row: BookingIntent) -> str:
        return moment(row.changed_at)

    @column(_("what"))
    def what(self, row: BookingIntent) -> str:
        return row.get_deed_display()

    @column(_("who"))
    def asked_by(self, row: BookingIntent) -> str:
        return row.actor or "—"

    @column(_("time"))
    def wished(self, row: BookingIntent) -> str:
        return moment(row.starts_at) or "—"

    @column(_("lead"))
    def lead_there(self, row: BookingIntent) -> str:
        return in_amocrm(row.clinic, "lead", row.lead)

    @column(_("contact"))
    def contact_there(self, row: BookingIntent) -> str:
        return in_amocrm(row.clinic, "contact", row.contact)

    @column(_("visit"))
    def visit_page(self, row: BookingIntent) -> str:
        """The one that came of it, or that was to be changed."""
        if not (id_ := row.result or row.visit):
            return "—"
        parts = {"slug": row.clinic.slug, "kind": "visit", "record": f"{row.connection}:{id_}"}
        style = "text-primary-600 dark:text-primary-400 hover:underline"
        return format_html('<a class="{}" href="{}">{}</a>', style, reverse("record", kwargs=parts), id_)

    @column(_("outcome"), label=COLOURS)
    def outcome(self, row: BookingIntent) -> tuple[str, str]:
        return row.phase, row.get_phase_display()

    @column(_("reason"))
    def why(self, row: BookingIntent) -> str:
        return readable(row.said) or "—"
