"""Before there is a connection: IDENT's server looked for in the network, and the letter that asks for a login."""

from dataclasses import fields
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from priem.errors import PriemError
from priem.hub.models import Clinic
from priem.hub.sentences import readable
from priem.hub.setup.access import of_clinic, page
from priem.mis.ident.access_letter import Sender, as_html, checked
from priem.mis.ident.discovery.network import Look, servers

PATIENCE = Look(patience=0.5, within=8.0)
"""A person waits for the answer: 254 hosts, 64 at a time, take some seconds."""
LABELS = {
    "organisation": _("Legal name of the clinic"),
    "director": _("Director, in full"),
    "email": _("The clinic's common mailbox"),
    "position": _("The director's position"),
    "clinic": _("What the clinic is called, if it is not its legal name"),
    "address": _("Address"),
    "inn": _("INN"),
    "ogrn": _("OGRN"),
    "phone": _("Phone"),
    "contact": _("Whom to ask about the technical side"),
}
NEEDED = frozenset({"organisation", "director", "email"})


@require_POST
@of_clinic
def find(request: HttpRequest, clinic: Clinic) -> HttpResponse:  # noqa: ARG001 - only who may set it up
    """A piece of a page: the servers that answered."""
    told: dict[str, Any] = {}
    try:
        told["found"], told["not_asked"] = servers(request.POST.get("segment", "").strip(), PATIENCE)
    except PriemError as error:
        told["trouble"], told["advice"] = readable(error.what), readable(error.advice)
    return render(request, "hub/setup/found.html", told)


class LetterForm(forms.Form):
    """What the letter says of the clinic. Nothing of it is kept."""

    def __init__(self, data: Any, clinic: Clinic) -> None:  # noqa: ANN401 - Django's
        super().__init__(data, initial={"clinic": clinic.name, "position": "Генеральный директор"})
        for name, label in LABELS.items():
            self.fields[name] = forms.CharField(required=name in NEEDED, max_length=300, label=label)


@require_http_methods(["GET", "POST"])
@of_clinic
def letter(request: HttpRequest, clinic: Clinic) -> HttpResponse:
    """The form; then the letter itself, to be printed."""
    form = LetterForm(request.POST or None, clinic)
    if request.method == "POST" and form.is_valid():
        known = {field.name for field in fields(Sender)} - {"year"}
        typed = {name: value for name, value in form.cleaned_data.items() if name in known}
        try:
            return HttpResponse(as_html(checked(Sender(**typed, year=timezone.localdate().year))))
        except PriemError as error:
            form.add_error(None, f"{readable(error.what)} {readable(error.advice)}")
    title = gettext("Letter for access to IDENT's database")
    return page(request, "hub/setup/letter.html", clinic=clinic, form=form, title=title)
