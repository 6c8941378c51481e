"""The pages: a new clinic, the seven steps, the sections of settings."""

from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from priem.hub.models import AccountPicture, Clinic
from priem.hub.roles.guards import of_any_clinic, of_founders
from priem.hub.roles.rights import Right
from priem.hub.scope import may_found
from priem.hub.setup import steps
from priem.hub.setup.access import changeable_clinics, of_clinic, page, take_over
from priem.hub.setup.keeping import note_saved
from priem.hub.setup.letting_in import NewClinicForm, has_token
from priem.hub.setup.part import Part
from priem.hub.setup.parts import OF_STEP, SECTIONS, Section
from priem.hub.setup.progress import shown_works
from priem.hub.setup.work import begin

THEN = "then"
"""In an address: the page goes on to the next step once the work that it shows is done."""


@require_http_methods(["GET", "POST"])
@of_founders
def new_clinic(request: HttpRequest) -> HttpResponse:
    form = NewClinicForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        clinic = form.made()
        take_over(clinic, cast(User, request.user))
        return redirect(steps.url_of(clinic, steps.NAMES[0]))
    return page(request, "hub/setup/new.html", form=form, title=gettext("Connect a clinic"))


@require_GET
@of_clinic
def setup(request: HttpRequest, clinic: Clinic) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Where the person has stopped."""
    return redirect(steps.url_of(clinic, steps.next_step(clinic)))


@require_http_methods(["GET", "POST"])
@of_clinic
def step(request: HttpRequest, clinic: Clinic, name: str) -> HttpResponse:
    if name not in steps.NAMES:
        raise Http404
    listed = steps.places(clinic, name)
    (place,) = (one for one in listed if one.is_current)
    if not place.can_be_opened:
        return redirect(steps.url_of(clinic, steps.next_step(clinic)))
    parts = parts_of(request, clinic, [SECTIONS[one] for one in OF_STEP[name]])
    if request.method == "POST" and kept(parts):
        note_saved(clinic, name)
        works = begun(clinic, parts)
        here = f"{request.path}?{urlencode({THEN: 'next', **chosen(request)})}"
        stays = works or request.POST.get("stay")
        return redirect(
            here if works else request.get_full_path() if stays else steps.url_of(clinic, steps.after(name))
        )
    return shown(
        request,
        clinic,
        parts,
        title=str(place.step.title),
        lead=place.step.lead,
        places=listed,
        step=name,
        number=place.number,
        before=steps.before(name),
        after=steps.after(name),
    )


@require_GET
@of_any_clinic(Right.SET_UP)
def settings_home(request: HttpRequest) -> HttpResponse:
    """The only clinic's settings, or where its set-up has stopped; or a list to choose from."""
    clinics = [(clinic, steps.is_unfinished(clinic)) for clinic in changeable_clinics(request).order_by("name")]
    if len(clinics) == 1:
        [(clinic, is_unfinished)] = clinics
        return redirect("setup" if is_unfinished else "settings", clinic.slug)
    return page(
        request, "hub/setup/clinics.html", clinics=clinics, may_add=may_found(request), title=gettext("Settings")
    )


@require_GET
@of_clinic
def settings(request: HttpRequest, clinic: Clinic) -> HttpResponse:  # noqa: ARG001 - Django's signature
    return redirect("settings_section", clinic.slug, next(iter(SECTIONS)))


@require_http_methods(["GET", "POST"])
@of_clinic
def section(request: HttpRequest, clinic: Clinic, name: str) -> HttpResponse:
    if name not in SECTIONS:
        raise Http404
    current = SECTIONS[name]
    parts = parts_of(request, clinic, [current])
    if request.method == "POST" and current.can_be_saved and kept(parts):
        if not begun(clinic, parts):
            messages.success(request, gettext("Saved."))
        return redirect(request.get_full_path())
    return shown(
        request, clinic, parts, title=str(current.title), lead=current.lead, sections=SECTIONS, section=current
    )


def parts_of(request: HttpRequest, clinic: Clinic, of: Sequence[Section]) -> list[Part]:
    data: QueryDict | None = request.POST if request.method == "POST" else None
    return [make(request, clinic, data) for one in of for make in one.parts]


def kept(parts: Sequence[Part]) -> bool:
    """All of them or none."""
    if not all([part.is_valid() for part in parts]):  # noqa: C419 - each says what is wrong with it
        return False
    for part in parts:
        part.save()
    return True


def begun(clinic: Clinic, parts: Sequence[Part]) -> bool:
    works = [work for part in parts if (work := part.work())]
    for kind, do in works:
        begin(clinic, kind, do)
    return bool(works)


def chosen(request: HttpRequest) -> Mapping[str, str]:
    """What the address says of the connection or branch that is being looked at."""
    return {name: request.GET[name] for name in ("branch",) if name in request.GET}


def shown(request: HttpRequest, clinic: Clinic, parts: Sequence[Part], **context: Any) -> HttpResponse:  # noqa: ANN401 - a template's
    is_looked_at = AccountPicture.objects.of(clinic.pk).exists()
    return page(
        request,
        "hub/setup/page.html",
        status=422 if request.method == "POST" else 200,
        clinic=clinic,
        parts=parts,
        works=shown_works(clinic, request),
        lacks_account=any(part.needs_account for part in parts) and not is_looked_at,
        is_let_in=has_token(clinic),
        is_wrong=request.method == "POST",
        then=request.GET.get(THEN, ""),
        **context,
    )
