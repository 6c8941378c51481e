"""The clinic's own service for IDENT («Собственный сервис клиники») as a page of settings, connection by connection."""

import re
from typing import Any, ClassVar, cast

from django import forms
from django.core.validators import RegexValidator
from django.db import transaction
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _

from priem.hub.amocrm.address import public_url
from priem.hub.clinics import ClinicData, ConnectionData, clinic_data
from priem.hub.ident.services import Key, change_key, open_service, opened
from priem.hub.models import Clinic, IdentService, Serialization
from priem.hub.setup.fields import ListField, ZoneField
from priem.hub.setup.part import Part
from priem.mis.ident.exchange.writing import CALLS, TICKETS

NAME = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)
ELEMENT = RegexValidator(rf"^{NAME.pattern}$", _("Latin letters, figures and . _ - only; a letter first."))
ELEMENTS = {
    "tickets_list": ("tickets", 0, _("XML: the list of applications")),
    "tickets_one": ("tickets", 1, _("XML: one application")),
    "calls_list": ("calls", 0, _("XML: the list of calls")),
    "calls_one": ("calls", 1, _("XML: one call")),
}
"""Field → of what, and whether it is the list's name or that of one of it."""
USUAL = {"tickets": (TICKETS.document, TICKETS.item), "calls": (CALLS.document, CALLS.item)}
USUAL_ZONE = "Europe/Moscow"
OTHERWISE = _("Empty unless IDENT names this element otherwise.")


class ServiceForm(forms.Form):
    is_open = forms.BooleanField(
        required=False,
        label=_("Open the service for this connection"),
        help_text=_("Priem makes its address and its keys; IDENT gets nothing before they are entered there."),
    )
    time_zone = ZoneField(
        label=_("Time zone of the exchange"),
        help_text=_("Of times that IDENT or a site sends without an offset. It is the clinic's, as a rule."),
    )
    serialization = ListField(
        choices=Serialization.choices,
        label=_("How answers are written"),
        help_text=_("As «Тип сериализации» in IDENT's form says. A request that asks for nothing is answered in JSON."),
    )
    posts_whole = forms.BooleanField(
        required=False,
        label=_("A post is the whole timetable"),
        help_text=_("Else it replaces the days from its first to its last one only, and earlier days stay."),
    )
    renew_key = forms.BooleanField(
        required=False,
        label=_("Make a new key for IDENT"),
        help_text=_("The old one is good for nothing from then on: enter the new one in IDENT."),
    )
    renew_applications_key = forms.BooleanField(
        required=False,
        label=_("Make a new key for sites"),
        help_text=_("Sites, aggregators and the telephony leave applications and calls with it."),
    )
    basic: ClassVar = ("time_zone", "serialization", "posts_whole")
    renewing: ClassVar = ("renew_key", "renew_applications_key")

    def __init__(self, clinic: ClinicData, connection: ConnectionData, data: QueryDict | None, home: str) -> None:
        """`home`: under which address the hub is looked at now."""
        super().__init__(data, prefix=f"service_{connection.key}")
        self.clinic, self.connection, self.home = clinic, connection, home
        self.row = IdentService.objects.of(clinic.id).filter(connection=connection.key).first()
        for name, (of, place, label) in ELEMENTS.items():
            self.fields[name] = field = forms.CharField(
                required=False, max_length=64, label=label, help_text=OTHERWISE, validators=[ELEMENT]
            )
            field.widget.attrs["placeholder"] = USUAL[of][place]
        for name in self.renewing if self.row is None else ("is_open",):
            del self.fields[name]
        self.initial = self.known()

    def known(self) -> dict[str, Any]:
        zone = str(self.connection.config.get("time_zone", "")) or USUAL_ZONE
        row = self.row or IdentService(time_zone=zone)
        own = {name: names[place] for name, (of, place, _) in ELEMENTS.items() if (names := row.element_names.get(of))}
        cast(ZoneField, self.fields["time_zone"]).choices = ZoneField(now=row.time_zone).choices
        return {name: getattr(row, name) for name in self.basic} | own

    @property
    def shown(self) -> list[Any]:
        return [self[name] for name in ("is_open", *self.basic) if name in self.fields]

    @property
    def more(self) -> list[Any]:
        return [self[name] for name in (*ELEMENTS, *self.renewing) if name in self.fields]

    @property
    def address(self) -> str:
        home = public_url(self.clinic) or self.home
        return f"{home}/ident/{self.clinic.slug}/{self.connection.key}"

    @property
    def keys(self) -> list[tuple[Any, str]]:
        if self.row is None:
            return []
        return [(_("IDENT's key"), opened(self.row, "key")), (_("key of sites"), opened(self.row, "applications_key"))]

    def clean(self) -> dict[str, Any]:
        """Both names of a pair or neither."""
        typed = super().clean() or {}
        for of in ("tickets", "calls"):
            names = [name for name, (one, _, _) in ELEMENTS.items() if one == of]
            if len([name for name in names if typed.get(name)]) == 1:
                self.add_error(names[0], _("Both names, of the list and of one of it, or neither."))
        return typed

    @transaction.atomic
    def save(self) -> None:
        typed, key = self.cleaned_data, self.connection.key
        if self.row is None and not typed["is_open"]:
            return
        open_service(self.clinic.id, key, typed["time_zone"])
        row = IdentService.objects.of(self.clinic.id).get(connection=key)
        row.serialization, row.posts_whole = typed["serialization"], typed["posts_whole"]
        row.element_names = {
            of: [typed[f"{of}_list"], typed[f"{of}_one"]] for of in ("tickets", "calls") if typed[f"{of}_list"]
        }
        row.save(update_fields=["serialization", "posts_whole", "element_names"])
        for name, which in (("renew_key", "key"), ("renew_applications_key", "applications_key")):
            if typed.get(name):
                change_key(self.clinic.id, key, cast(Key, which))


class ServicesForm:
    """Those of all connections with IDENT."""

    def __init__(self, request: HttpRequest, clinic: Clinic, data: QueryDict | None) -> None:
        known, home = clinic_data(clinic), request.build_absolute_uri("/").rstrip("/")
        self.rows = [ServiceForm(known, row, data, home) for row in known.connections if row.kind == "ident"]

    def is_valid(self) -> bool:
        return all([row.is_valid() for row in self.rows])  # noqa: C419 - each says what is wrong with it

    def save(self) -> None:
        for row in self.rows:
            row.save()


class ServicePart(Part):
    template = "hub/setup/service.html"
    needs_account = False

    def __init__(self, request: HttpRequest, clinic: Clinic, data: QueryDict | None) -> None:
        super().__init__(request, clinic, data)
        self.form = ServicesForm(request, clinic, data)

    def is_valid(self) -> bool:
        return self.form.is_valid()

    def save(self) -> None:
        self.form.save()
