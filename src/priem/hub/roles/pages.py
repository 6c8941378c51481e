"""People: who has which role where, and an invitation."""

from django import forms
from django.contrib import messages
from django.core.validators import RegexValidator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from priem.errors import AskOperator
from priem.hub.audit.notes import note
from priem.hub.models import Membership
from priem.hub.models.audit import Deed
from priem.hub.pages import page
from priem.hub.roles import second_factor
from priem.hub.roles.guards import of_any_clinic
from priem.hub.roles.people import Place, givable, give, invite, link_for, place, places
from priem.hub.roles.rights import RIGHTS, Right, Role
from priem.hub.scope import visible_clinics
from priem.hub.sentences import readable

NAME = RegexValidator(r"^[\w.@+-]+$", _("Letters, figures and @ . + - _ only."))
DOES = {
    Role.INTEGRATOR: _("Everything in the clinics that are entrusted to him; founds new ones."),
    Role.ADMINISTRATOR: _("Everything in this clinic: settings, people, links, retries."),
    Role.MANAGER: _("Sees everything, lets records be decided anew, books visits."),
    Role.AUDITOR: _("Sees everything with personal data masked, and who changed what."),
}


class InvitationForm(forms.Form):
    """Offers only what whoever invites may give."""

    username = forms.CharField(label=_("Name for the login, such as an e-mail"), max_length=150, validators=[NAME])

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.POST if request.method == "POST" else None)
        clinics = visible_clinics(request, Right.MANAGE_PEOPLE)
        self.fields["clinic"] = forms.ModelChoiceField(clinics, label=_("Clinic"), empty_label=None)
        choices = [(role.value, str(role.label).capitalize()) for role in givable(request, clinics)]
        self.fields["role"] = forms.ChoiceField(label=_("Role"), choices=choices)


@of_any_clinic(Right.MANAGE_PEOPLE)
def people(request: HttpRequest) -> HttpResponse:
    form = InvitationForm(request)
    link = ""
    if request.method == "POST" and form.is_valid():
        try:
            asked = form.cleaned_data
            person = invite(request, asked["clinic"], asked["username"], Role(asked["role"]))
        except AskOperator as error:
            form.add_error(None, f"{readable(error.what)} {readable(error.advice)}")
        else:
            link = "" if person.has_usable_password() else link_for(request, person)
            form = InvitationForm(bare(request))
    said = {"form": form, "link": link, "places": places(request), "roles": described(), "role_choices": Role.choices}
    return page(request, "hub/people.html", gettext("People"), said)


def bare(request: HttpRequest) -> HttpRequest:
    """As if the page had just been opened: what was sent is done."""
    request.method = "GET"
    return request


def described() -> list[tuple[str, str]]:
    return [(str(role.label).capitalize(), str(DOES[role])) for role in RIGHTS]


@require_POST
@of_any_clinic(Right.MANAGE_PEOPLE)
def change(request: HttpRequest, membership_id: int) -> HttpResponse:
    """Another role, or, for an empty one, none."""
    written = request.POST.get("role", "")
    if written and written not in Role.values:
        raise Http404
    try:
        give(request, found(request, membership_id).membership, Role(written) if written else None)
    except AskOperator as error:
        messages.error(request, f"{readable(error.what)} {readable(error.advice)}")
    else:
        messages.success(request, gettext("Kept."))
    return redirect("people")


@require_POST
@of_any_clinic(Right.MANAGE_PEOPLE)
def invite_again(request: HttpRequest, membership_id: int) -> HttpResponse:
    one = found(request, membership_id)
    if not one.may_invite_again:
        raise Http404
    note(one.clinic.pk, Deed.INVITED, one.person.get_username())
    said = {
        "form": InvitationForm(bare(request)),
        "link": link_for(request, one.person),
        "places": places(request),
        "roles": described(),
        "role_choices": Role.choices,
    }
    return page(request, "hub/people.html", gettext("People"), said)


@require_POST
@of_any_clinic(Right.MANAGE_PEOPLE)
def forget_factor(request: HttpRequest, membership_id: int) -> HttpResponse:
    one = found(request, membership_id)
    if not one.may_forget_factor:
        raise Http404
    second_factor.forget(one.person)
    messages.success(
        request, gettext("The second factor is off; the next login sets it up anew, if the role asks for it.")
    )
    return redirect("people")


def found(request: HttpRequest, membership_id: int) -> Place:
    clinics = visible_clinics(request, Right.MANAGE_PEOPLE)
    rows = Membership.objects.of_any(clinic.pk for clinic in clinics).select_related("clinic", "person")
    row = rows.filter(pk=membership_id).first()
    if row is None:
        raise Http404
    return place(request, row, row.clinic, hasattr(row.person, "from_amocrm"))


urlpatterns = [
    path("people/", people, name="people"),
    path("people/<int:membership_id>/role/", change, name="people_role"),
    path("people/<int:membership_id>/link/", invite_again, name="people_link"),
    path("people/<int:membership_id>/second-step/", forget_factor, name="people_forget_factor"),
]
