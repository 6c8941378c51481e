"""One question at a time, statuses without a meaning, rows that could not be read."""

from collections.abc import Iterable, Mapping, Sequence

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from priem.engine.values import STATUS_NAMES
from priem.errors import AskOperator
from priem.hub.desk import named
from priem.hub.models import Clinic, Connection, RejectedRow, SourcePicture, UnmappedStatus
from priem.hub.pages import page
from priem.hub.questions import answering
from priem.hub.questions.cards import card, question, questions
from priem.hub.roles.guards import of_any_clinic, of_clinic
from priem.hub.roles.rights import Right
from priem.hub.scope import visible
from priem.hub.sentences import readable
from priem.hub.words import STATUSES
from priem.model import VisitStatus

MEANINGS = tuple(status for status in STATUS_NAMES if status is not VisitStatus.UNMAPPED)
MOST_ROWS = 100


@of_any_clinic(Right.SEE)
def show(request: HttpRequest) -> HttpResponse:
    """`?at=` a question's number: that one, or the first after it; so «later» goes on to the next."""
    waiting = questions(request)
    at = request.GET.get("at", "")
    place = place_of(waiting, int(at) if at.isdecimal() else 0)
    shown = question(request, waiting[place]) if waiting else None
    after = waiting[(place + 1) % len(waiting)] if waiting else None
    said = {
        "card": card(request, shown) if shown else None,
        "place": place + 1,
        "count": len(waiting),
        "later": f"{reverse('questions')}?at={after}" if len(waiting) > 1 else "",
        "statuses": statuses(request),
        "meanings": [(status.value, STATUSES[status]) for status in MEANINGS],
        "rejected": rejected(request),
    }
    return page(request, "hub/questions/questions.html", gettext("Questions"), said)


def place_of(ids: Sequence[int], at: int) -> int:
    """Answered ones are gone: then it is the one that stood behind it."""
    if at in ids:
        return ids.index(at)
    return next((place for place, id_ in enumerate(ids) if id_ > at), 0)


def statuses(request: HttpRequest) -> list[tuple[UnmappedStatus, str, bool]]:
    """Each with its name, where only an id stands in visits, and whether it can be given a meaning here."""
    found = visible(request, UnmappedStatus.objects.order_by("-visits", "raw")).select_related("clinic")
    rows = list(found[:MOST_ROWS])
    kinds = {(row.clinic_id, row.key): row.kind for row in visible(request, Connection.objects.all())}
    names = names_of_statuses({row.clinic_id for row in rows})
    places = [(row, (row.clinic_id, row.connection)) for row in rows]
    return [
        (row, names.get(place, {}).get(row.raw, ""), answering.takes_statuses(kinds.get(place, "")))
        for row, place in places
    ]


def names_of_statuses(clinic_ids: Iterable[int]) -> Mapping[tuple[int, str], Mapping[str, str]]:
    """As each connection named them when it was last looked at; without those that never named any."""
    rows = SourcePicture.objects.of_any(clinic_ids).values_list("clinic_id", "connection", "directory__statuses")
    return {(clinic_id, of): named for clinic_id, of, named in rows if named}


def rejected(request: HttpRequest) -> list[tuple[RejectedRow, str, str]]:
    """Each with its reason and its page."""
    rows = visible(request, RejectedRow.objects.order_by("-last_seen")).select_related("clinic")[:MOST_ROWS]
    return [(row, readable(row.reason), record_page(row)) for row in rows]


def record_page(row: RejectedRow) -> str:
    return reverse("record", kwargs={"slug": row.clinic.slug, "kind": row.kind, "record": str(row)})


@require_POST
@of_clinic(Right.ANSWER)
def answer(request: HttpRequest, clinic: Clinic, question_id: int) -> HttpResponse:
    try:
        answering.answer(clinic, question_id, request.POST.get("choice", ""))
    except AskOperator as error:
        messages.warning(request, f"{readable(error.what)} {readable(error.advice)}")
    else:
        messages.success(
            request, gettext("Remembered. Priem writes it with its next pass, with the visits that waited.")
        )
    return redirect(f"{reverse('questions')}?at={question_id}")


@require_POST
@of_clinic(Right.ANSWER)
def give_meaning(request: HttpRequest, clinic: Clinic, status_id: int) -> HttpResponse:
    meaning = request.POST.get("meaning", "")
    if meaning not in [status.value for status in MEANINGS]:
        raise Http404
    try:
        visits = answering.give_meaning(clinic, status_id, VisitStatus(meaning))
    except AskOperator as error:
        messages.warning(request, f"{readable(error.what)} {readable(error.advice)}")
    else:
        said = ngettext(
            "Remembered. {count} visit is decided on anew.", "Remembered. {count} visits are decided on anew.", visits
        )
        messages.success(request, said.format(count=visits))
    return redirect(f"{reverse('questions')}#statuses")


@require_POST
@of_clinic(Right.RETRY)
def read_again(request: HttpRequest, clinic: Clinic, row_id: int) -> HttpResponse:
    row = RejectedRow.objects.of(clinic.pk).filter(pk=row_id).first()
    if row is None:
        messages.success(request, gettext("This row has been read meanwhile."))
    else:
        answering.read_again(clinic, named(row.kind, row.connection, row.record))
        messages.success(request, gettext("Priem reads it once more with its next pass."))
    return redirect(f"{reverse('questions')}#rejected")


urlpatterns = [
    path("questions/", show, name="questions"),
    path("questions/<slug:slug>/<int:question_id>/", answer, name="answer"),
    path("questions/<slug:slug>/statuses/<int:status_id>/", give_meaning, name="give_meaning"),
    path("questions/<slug:slug>/rejected/<int:row_id>/", read_again, name="read_again"),
]
