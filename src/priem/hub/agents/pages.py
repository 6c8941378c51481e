"""The agents of a connection, for whoever sets the clinic up: a code, who is enrolled, how they do, revoking."""

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from priem.hub.agents import feeds
from priem.hub.agents.choosing import goes_through_agent
from priem.hub.agents.enrolling import CODE_LIVES, make_code, revoke
from priem.hub.agents.seen import agents_of
from priem.hub.audit.notes import note
from priem.hub.models import Clinic, Connection
from priem.hub.models.audit import Deed
from priem.hub.setup.access import of_clinic, page
from priem.hub.waking import wake


def connection_in(clinic: Clinic, key: str) -> Connection:
    """Raises Http404 for one that is not read through an agent."""
    found = Connection.objects.of(clinic.pk).filter(key=key).first()
    if found is None or not goes_through_agent(found.config):
        raise Http404
    return found


@require_GET
@of_clinic
def agents(request: HttpRequest, clinic: Clinic, key: str) -> HttpResponse:
    """Asked for by itself every few seconds, it is only the piece that changes."""
    connection_in(clinic, key)
    found = agents_of(clinic.pk, key)
    if request.headers.get("HX-Request"):
        return render(request, "hub/agents/list.html", {"clinic": clinic, "agents": found})
    title = gettext("The agent in the clinic")
    return page(request, "hub/agents/page.html", title=title, clinic=clinic, agents=found)


@require_POST
@of_clinic
def code(request: HttpRequest, clinic: Clinic, key: str) -> HttpResponse:
    connection_in(clinic, key)
    with transaction.atomic():
        made = make_code(clinic.pk, key)
        note(clinic.pk, Deed.CODE, key)
    return page(
        request,
        "hub/agents/code.html",
        clinic=clinic,
        key=key,
        title=gettext("A code for the agent"),
        code=made,
        hub=request.build_absolute_uri("/").rstrip("/"),
        minutes=int(CODE_LIVES.total_seconds() // 60),
    )


@require_POST
@of_clinic
def take_away(request: HttpRequest, clinic: Clinic, key: str, agent: int) -> HttpResponse:
    connection_in(clinic, key)
    with transaction.atomic():
        if is_revoked := revoke(clinic.pk, agent):
            note(clinic.pk, Deed.AGENT, key)
    if is_revoked:
        messages.success(request, gettext("The agent is let in no more. What it has sent stays."))
    return redirect("setup_agents", clinic.slug, key)


@require_POST
@of_clinic
def look(request: HttpRequest, clinic: Clinic, key: str) -> HttpResponse:
    """Without waiting for the next turn."""
    connection_in(clinic, key)
    feeds.look_now(clinic.pk, key)
    wake(clinic.pk)
    messages.success(request, gettext("The agent looks at the database as soon as it reports next."))
    return redirect("setup_agents", clinic.slug, key)
