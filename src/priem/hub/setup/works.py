"""Works from the pages' side: begin, look how far they are, stop."""

from collections.abc import Iterable, Mapping

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from priem.hub.audit.notes import note
from priem.hub.clinics import clinic_data
from priem.hub.models import Clinic, Work, WorkKind, WorkState
from priem.hub.models.audit import Deed
from priem.hub.sentences import from_json, readable
from priem.hub.setup import steps
from priem.hub.setup.access import of_clinic
from priem.hub.setup.keeping import remove_connection
from priem.hub.setup.living import go_live
from priem.hub.setup.looking import look_around
from priem.hub.setup.parts import AmoCrmPart, MisPart
from priem.hub.setup.previewing import preview
from priem.hub.setup.progress import shown
from priem.hub.setup.trying import try_source, try_token
from priem.hub.setup.work import begin, latest, stop


@require_GET
@of_clinic
def work(request: HttpRequest, clinic: Clinic, kind: str) -> HttpResponse:
    """A piece of a page that asks for itself again as long as the work goes on; once it is over, the page moves on."""
    if kind not in WorkKind.values:
        raise Http404
    found = latest(clinic, WorkKind(kind))
    if found is None:
        return HttpResponse(status=204)
    seen = shown(found)
    if not seen.is_running and kind != WorkKind.TRY:
        answer = HttpResponse(status=204)
        step = request.GET.get("step", "")
        if step in steps.NAMES and request.GET.get("then"):
            is_done = step in steps.done_steps(clinic) and not seen.has_failed
            answer["HX-Redirect"] = steps.url_of(clinic, steps.after(step) if is_done else step)
        else:
            answer["HX-Refresh"] = "true"
        return answer
    asked = {name: request.GET.get(name, "") for name in ("then", "step")}
    context = {"clinic": clinic, "work": seen, "beside": beside(found), **asked}
    return render(request, f"hub/setup/work_{template_of(kind)}.html", context)


def beside(found: Work) -> Mapping[str, str]:
    """What is wrong with which field of the page."""
    return {f"id_{name}": readable(from_json(said)) for name, said in found.result.get("beside", {}).items()}


def template_of(kind: str) -> str:
    return "try" if kind == WorkKind.TRY else "bars"


@require_POST
@of_clinic
def try_it(request: HttpRequest, clinic: Clinic, what: str) -> HttpResponse:
    """What is being typed, tried once there is enough of it. Nothing of it is kept."""
    if what == "amocrm":
        return try_amocrm(request, clinic)
    if what == "mis":
        return try_mis(request, clinic)
    raise Http404


def try_amocrm(request: HttpRequest, clinic: Clinic) -> HttpResponse:
    form = AmoCrmPart(request, clinic, request.POST).form
    form.is_valid()
    url, token = form.cleaned_data.get("base_url"), form.cleaned_data.get("token")
    if not (url and token):
        return nothing_yet(request, {name: errors for name, errors in form.errors.items() if form.data.get(name)})
    return tried(request, begin(clinic, WorkKind.TRY, try_token(form.tried(url), token)).kind, clinic)


def try_mis(request: HttpRequest, clinic: Clinic) -> HttpResponse:
    part = MisPart(request, clinic, request.POST)
    if not part.is_valid():
        typed = {name: errors for name, errors in part.form.errors.items() if part.form.data.get(name)}
        return nothing_yet(request, typed)
    return tried(
        request, begin(clinic, WorkKind.TRY, try_source(clinic.pk, part.form.connection(part.key))).kind, clinic
    )


def nothing_yet(request: HttpRequest, errors: Mapping[str, Iterable[object]]) -> HttpResponse:
    """Of fields that nobody has come to yet, nothing is said."""
    wrong = {f"id_{name}": " ".join(map(str, said)) for name, said in errors.items()}
    return render(request, "hub/setup/work_try.html", {"beside": wrong})


def tried(request: HttpRequest, kind: str, clinic: Clinic) -> HttpResponse:
    found = latest(clinic, WorkKind(kind))
    assert found is not None, "it was just begun"  # noqa: S101 - says what holds
    # It may be over already: then nobody asks once more.
    context = {"clinic": clinic, "work": shown(found), "beside": beside(found)}
    return render(request, "hub/setup/work_try.html", context)


@require_GET
@of_clinic
def granted(request: HttpRequest, clinic: Clinic) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Back from amoCRM, which has let Priem in: what is there is looked at."""
    begin(clinic, WorkKind.LOOK, look_around(clinic.slug))
    return redirect(f"{steps.url_of(clinic, 'amocrm')}?then=next")


@require_POST
@of_clinic
def look_again(request: HttpRequest, clinic: Clinic) -> HttpResponse:
    begin(clinic, WorkKind.LOOK, look_around(clinic.slug))
    return back(request, clinic)


@require_POST
@of_clinic
def begin_preview(request: HttpRequest, clinic: Clinic) -> HttpResponse:
    begin(clinic, WorkKind.PREVIEW, preview(clinic.slug))
    return back(request, clinic)


@require_POST
@of_clinic
def start(request: HttpRequest, clinic: Clinic) -> HttpResponse:
    """Only what somebody has looked at."""
    if clinic_data(clinic).is_seen:
        with transaction.atomic():
            before = latest(clinic, WorkKind.SYNC)
            if go_live(clinic) != before and clinic.live:  # the first time is written down by itself
                note(clinic.pk, Deed.STARTED)
    else:
        messages.warning(request, gettext("The settings have changed since the check. Check once more, then start."))
    return back(request, clinic)


@require_POST
@of_clinic
def stop_sync(request: HttpRequest, clinic: Clinic) -> HttpResponse:
    if found := latest(clinic, WorkKind.SYNC):
        if found.state == WorkState.RUNNING and not found.is_to_stop:
            note(clinic.pk, Deed.STOPPED)
        stop(found)
        messages.info(request, gettext("Priem stops after the request under way. What changes meanwhile is not lost."))
    return back(request, clinic)


@require_POST
@of_clinic
def remove(request: HttpRequest, clinic: Clinic, key: str) -> HttpResponse:
    if clinic.live:
        messages.error(request, gettext("A clinic that is live keeps its connections: its links rest on them."))
    else:
        remove_connection(clinic, key)
    return back(request, clinic)


def back(request: HttpRequest, clinic: Clinic) -> HttpResponse:
    """To the page that the button stands on."""
    step, section = request.POST.get("step", ""), request.POST.get("section", "")
    if step in steps.NAMES:
        return redirect(steps.url_of(clinic, step))
    return redirect("settings_section", clinic.slug, section or "launch")
