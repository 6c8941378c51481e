import json
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from priem.hub.admin.owned import OwnedAdmin, ReadOnly
from priem.hub.admin.unfolded import column
from priem.hub.amocrm.subscription import findings
from priem.hub.clinics import clinic_data
from priem.hub.models import Clinic, Connection
from priem.hub.roles.rights import Right
from priem.hub.scope import may, visible_clinics
from priem.hub.sentences import readable
from priem.hub.setup.kinds import TITLES
from priem.hub.setup.steps import is_unfinished
from priem.hub.templatetags.moments import moment

BUTTON = (
    "bg-primary-600 border border-transparent font-medium inline-block px-3 py-2 rounded-default text-center text-white"
)

AMOCRM: tuple[Any, Any] = (
    _("access to amoCRM"),
    {"fields": ("base_url", "client_id", "secret_is_there", "redirect_uri", "access_in_words", "allow", "hooks")},
)


@admin.register(Clinic)
class ClinicAdmin(ReadOnly):
    list_display = ("name", "slug", "base_url", "is_live", "access", "connections", "created")
    search_fields = ("slug", "name")
    fieldsets = (
        (None, {"fields": ("name", "slug", "work", "sandbox", "created")}),
        AMOCRM,
        (_("settings"), {"fields": ("settings_text",), "classes": ("collapse",)}),
    )

    def clinic_of(self, row: Any) -> int:  # noqa: ANN401  # a clinic
        return int(row.pk)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:  # noqa: ANN401  # Django's
        """The button for access to amoCRM is for those who may press it."""
        if obj and may(request, Right.SET_UP, obj.pk):
            return self.fieldsets
        bare = (AMOCRM[0], {"fields": [name for name in AMOCRM[1]["fields"] if name != "allow"]})
        return [bare if one is AMOCRM else one for one in self.fieldsets]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return visible_clinics(request).select_related("authorisation")

    @column(_("work"), label={"yes": "success", "no": "info"})
    def is_live(self, clinic: Clinic) -> tuple[str, str]:
        if clinic.live:
            return "yes", gettext("works")
        return (
            ("no", gettext("is being connected"))
            if is_unfinished(clinic)
            else ("yes", gettext("works, kept by a command"))
        )

    @column(_("work"))
    def work(self, clinic: Clinic) -> str:
        return self.is_live(clinic)[1]

    @column(_("access to amoCRM"), label={"yes": "success", "again": "danger", "no": "warning"})
    def access(self, clinic: Clinic) -> tuple[str, str]:
        authorisation = getattr(clinic, "authorisation", None)
        if authorisation is None or not authorisation.access:
            return "no", gettext("not given yet")
        if authorisation.authorise_again:
            why = readable(authorisation.authorise_again)
            return "again", gettext("has to be given again: {why}").format(why=why)
        return "yes", gettext("given")

    @column(_("access to amoCRM"))
    def access_in_words(self, clinic: Clinic) -> str:
        return self.access(clinic)[1]

    @column(_("give access"))
    def allow(self, clinic: Clinic) -> str:
        if not (clinic.client_id and clinic.redirect_uri):
            return "—"
        return format_html(
            '<a class="{}" href="{}">{}</a>',
            BUTTON,
            reverse("amocrm_authorise", args=[clinic.pk]),
            gettext("Allow access"),
        )

    @column(_("webhooks"))
    def hooks(self, clinic: Clinic) -> str:
        return " ".join(readable(finding.what) for finding in findings(clinic_data(clinic)))

    @column(_("connections"))
    def connections(self, clinic: Clinic) -> str:
        return ", ".join(Connection.objects.of(clinic.pk).values_list("key", flat=True)) or "—"

    @column(_("created"), ordering="created_at")
    def created(self, clinic: Clinic) -> str:
        return moment(clinic.created_at)

    @column(_("integration secret"))
    def secret_is_there(self, clinic: Clinic) -> str:
        return gettext("stored, never shown") if clinic.client_secret else gettext("none")

    @column(_("settings"))
    def settings_text(self, clinic: Clinic) -> str:
        return json.dumps(clinic.settings, ensure_ascii=False, indent=2)


@admin.register(Connection)
class ConnectionAdmin(OwnedAdmin):
    list_display = ("key", "clinic_name", "system", "read", "trouble")
    text_columns = ("key",)
    fieldsets = (
        (None, {"fields": ("key", "clinic_name", "system", "read", "trouble")}),
        (_("settings"), {"fields": ("config_text", "secrets_are_there")}),
    )

    @column(_("system"), ordering="kind")
    def system(self, connection: Connection) -> str:
        return str(TITLES.get(connection.kind, connection.kind))

    @column(_("last read"), ordering="last_read_at")
    def read(self, connection: Connection) -> str:
        return moment(connection.last_read_at) or gettext("never yet")

    @column(_("last trouble"))
    def trouble(self, connection: Connection) -> str:
        return readable(connection.last_error) or "—"

    @column(_("settings"))
    def config_text(self, connection: Connection) -> str:
        return json.dumps(connection.config, ensure_ascii=False, indent=2)

    @column(_("secrets"))
    def secrets_are_there(self, connection: Connection) -> str:
        return gettext("stored, never shown") if connection.secrets else gettext("none")
