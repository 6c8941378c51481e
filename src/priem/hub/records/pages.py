"""The page of a patient or a visit, its parts that wait for outside systems, and the search by id."""

import re
from collections.abc import Callable
from datetime import date, datetime

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from priem.engine.comparing import Pair
from priem.engine.orphans import ANOTHER
from priem.errors import AskOperator, PriemError
from priem.hub import words
from priem.hub.models import Clinic, Connection, PatientLink, RejectedRow, StepRecord, VisitLink
from priem.hub.pages import page
from priem.hub.questions.cards import MASK
from priem.hub.records import candidates, deeds, sides, story
from priem.hub.records.outcome import pass_of
from priem.hub.roles.guards import of_any_clinic, of_clinic
from priem.hub.roles.rights import Right
from priem.hub.scope import clinic_ids, may, visible
from priem.hub.sentences import readable
from priem.hub.templatetags.moments import moment, phone
from priem.model import Patient, PatientKey, Told, Visit, VisitKey, VisitStatus

LONGEST_ID = 19
DAY = re.compile(r"\d{4}-\d\d-\d\d")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
MOST_FOUND = 20
NOTHING = Q(pk__in=[])


def key_or_404(kind: str, record: str) -> PatientKey | VisitKey:
    key = story.key_of(kind, record) if kind in ("patient", "visit") else None
    if key is None:
        raise Http404
    return key


@require_GET
@of_clinic(Right.SEE)
def show(request: HttpRequest, clinic: Clinic, kind: str, record: str) -> HttpResponse:
    key = key_or_404(kind, record)
    found = story.story(clinic, kind, record)
    link = found.links[-1] if found.links else None
    decided = story.decision(found)
    looked_at = candidates.looked_at(clinic, kind, decided, is_open=may(request, Right.SEE_UNMASKED, clinic.pk))
    said = {
        "pass": pass_of(clinic, key, str(request.GET.get("work", ""))),
        "clinic": clinic,
        "kind": kind,
        "record": record,
        "found": found,
        "link": link,
        "link_address": story.card_address(clinic, kind, link.target if link else None),
        "link_because": words.because(link.rule) if link else "",
        "decision": words.because(decided.step.why.rule) if decided else "",
        "decided_at": decided.step.intended_at if decided else None,
        "looked_at": looked_at,
        "told": words.because("apart" if found.told == "apart" else "person_said_new") if found.told else "",
        "rejected": [readable(row.reason) for row in found.rejected],
        "may_be_another": any(row.reason and row.reason.template == ANOTHER.template for row in found.rejected),
        "events": story.events(clinic, kind, key, found),
    }
    name = gettext("Patient {id}") if kind == "patient" else gettext("Visit {id}")
    return page(request, "hub/records/record.html", name.format(id=record), said)


@require_GET
@of_clinic(Right.SEE)
def compare(request: HttpRequest, clinic: Clinic, kind: str, record: str) -> HttpResponse:
    """The table of both sides, which the page asks for once it is there."""
    key = key_or_404(kind, record)
    is_open = may(request, Right.SEE_UNMASKED, clinic.pk)
    try:
        found = sides.both_sides(clinic, key)
    except PriemError as error:
        return render(request, "hub/records/trouble.html", {"what": readable(error.what), "advice": advice(error)})
    if is_open:
        deeds.looked(clinic, key)
    rows = [
        {
            "what": pair.what if pair.is_field else words.changed(pair.what, of_lead=kind == "visit"),
            "ours": masked(legible(pair, pair.ours), is_open=is_open),
            "theirs": masked(legible(pair, pair.theirs), is_open=is_open),
            "winner": pair.winner.value,
            "why": readable(pair.why),
        }
        for pair in found.pairs
    ]
    said = {"rows": rows, "sides": found, "rejected": readable(found.rejected), "kind": kind, "clinic": clinic}
    return render(request, "hub/records/sides.html", {**said, "visit": visit_words(found.record)})


def legible(pair: Pair, value: str) -> str:
    """Phones, days and moments as people write them; other values as they are."""
    if pair.what == "phones":
        return ", ".join(phone(number) for number in value.split(", "))
    if MOMENT.fullmatch(value):
        return moment(datetime.fromisoformat(value))
    return date_format(date.fromisoformat(value), "j E Y") if DAY.fullmatch(value) else value


def visit_words(record: Patient | Visit | None) -> str:
    """The visit's status, which no field has to show; as the МИС says it only where nobody knows what it means."""
    if not isinstance(record, Visit):
        return ""
    said = str(words.STATUSES[record.status])
    return f"{said} ({record.raw_status})" if record.status is VisitStatus.UNMAPPED else said


def masked(value: str, *, is_open: bool) -> str:
    return value if is_open or not value else MASK


def advice(error: PriemError) -> str:
    return readable(error.advice) if isinstance(error, AskOperator) else ""


@require_GET
@of_clinic(Right.SEE)
def brief(request: HttpRequest, clinic: Clinic, record: str) -> HttpResponse:
    """Who a patient is, beside the question about him."""
    key = key_or_404("patient", record)
    assert isinstance(key, PatientKey)  # noqa: S101 - by its kind
    try:
        with sides.reading(clinic) as opened:
            found = sides.patient_of(opened, key)
    except PriemError as error:
        return render(request, "hub/records/trouble.html", {"what": readable(error.what), "advice": advice(error)})
    patient = found if isinstance(found, Patient) else None
    is_open = may(request, Right.SEE_UNMASKED, clinic.pk)
    if is_open and patient:
        deeds.looked(clinic, key)
    return render(request, "hub/records/brief.html", {"patient": patient, "is_open": is_open, "mask": MASK})


Deed = Callable[[Clinic, PatientKey | VisitKey], None]


def done(request: HttpRequest, clinic: Clinic, kind: str, record: str, deed: Deed, said: str) -> HttpResponse:
    try:
        deed(clinic, key_or_404(kind, record))
    except PriemError as error:
        messages.error(request, f"{readable(error.what)} {advice(error)}".strip())
    else:
        messages.success(request, said)
    return redirect("record", slug=clinic.slug, kind=kind, record=record)


@require_POST
@of_clinic(Right.RELINK)
def link(request: HttpRequest, clinic: Clinic, kind: str, record: str) -> HttpResponse:
    written = request.POST.get("target", "").strip()
    if not (written.isascii() and written.isdigit() and int(written) > 0 and len(written) < LONGEST_ID):
        messages.error(request, gettext("Type the number of a card in amoCRM: figures only."))
        return redirect("record", slug=clinic.slug, kind=kind, record=record)
    said = gettext("Linked. Only a person changes that; Priem writes with its next pass what belongs there.")
    return done(request, clinic, kind, record, lambda its, key: deeds.link(its, key, int(written)), said)


@require_POST
@of_clinic(Right.RELINK)
def unlink(request: HttpRequest, clinic: Clinic, kind: str, record: str) -> HttpResponse:
    if "anew" in request.POST:
        said = gettext("The link is undone. Priem makes a lead of its own with its next pass.")
        return done(request, clinic, kind, record, lambda its, key: deeds.unlink(its, key, Told.NEW), said)
    said = gettext("The link is undone. Priem leaves the record alone until a person links it.")
    return done(request, clinic, kind, record, deeds.unlink, said)


@require_POST
@of_clinic(Right.RETRY)
def sync_now(request: HttpRequest, clinic: Clinic, kind: str, record: str) -> HttpResponse:
    try:
        work = deeds.sync_now(clinic, key_or_404(kind, record))
    except PriemError as error:
        messages.error(request, f"{readable(error.what)} {advice(error)}".strip())
        return redirect("record", slug=clinic.slug, kind=kind, record=record)
    page_of_it = reverse("record", kwargs={"slug": clinic.slug, "kind": kind, "record": record})
    return redirect(f"{page_of_it}?work={work.pk}")


@require_GET
@of_clinic(Right.SEE)
def progress(request: HttpRequest, clinic: Clinic, kind: str, record: str, work_id: int) -> HttpResponse:
    """A piece of the page that asks for itself again as long as the pass goes on; then the page is loaded anew."""
    found = pass_of(clinic, key_or_404(kind, record), str(work_id))
    if found and found.is_running:
        return render(
            request, "hub/records/pass.html", {"clinic": clinic, "kind": kind, "record": record, "pass": found}
        )
    answer = HttpResponse(status=204)
    answer["HX-Refresh"] = "true"
    return answer


@require_GET
@of_any_clinic(Right.SEE)
def search(request: HttpRequest) -> HttpResponse:
    """By any id: of a patient, a visit, a contact or a lead. One hit leads straight to its page."""
    wanted = request.GET.get("q", "").strip()
    found = matches(request, wanted) if wanted else []
    if len(found) == 1:
        return redirect(found[0][1])
    title = gettext("Find a record")
    return page(request, "hub/records/search.html", title, {"wanted": wanted, "found": found})


def matches(request: HttpRequest, wanted: str) -> list[tuple[str, str]]:
    """What it is called, and its page. By equality, within the clinics that whoever asks may see."""
    connection, _, id_ = wanted.rpartition(":")
    number = int(id_) if id_.isascii() and id_.isdigit() and len(id_) < LONGEST_ID and not connection else 0
    ids = clinic_ids(request)
    known = Connection.objects.of_any(ids).values_list("key", flat=True).distinct()
    # The indexes begin with the clinic and the connection; each question is answered by one of them.
    mine = Q(clinic_id__in=ids, connection__in=[connection] if connection else list(known))
    seen: dict[str, str] = {}
    for of_patients in (Q(patient=id_), Q(contact=number) if number else NOTHING):
        for link in visible(request, PatientLink.objects.filter(mine & of_patients)).select_related("clinic")[
            :MOST_FOUND
        ]:
            add(seen, link.clinic, "patient", f"{link.connection}:{link.patient}")
    for of_visits in (Q(visit=id_), Q(lead=number, moved_to__isnull=True) if number else NOTHING):
        for one in visible(request, VisitLink.objects.filter(mine & of_visits)).select_related("clinic")[:MOST_FOUND]:
            add(seen, one.clinic, "visit", f"{one.connection}:{one.visit}")
    for step in visible(request, StepRecord.objects.filter(mine, record=id_)).select_related("clinic")[:MOST_FOUND]:
        add(seen, step.clinic, "patient" if step.entity == "contact" else "visit", str(step))
    for row in visible(request, RejectedRow.objects.filter(mine, record=id_)).select_related("clinic")[:MOST_FOUND]:
        add(seen, row.clinic, row.kind, str(row))
    return [(name, url) for url, name in seen.items()]


def add(seen: dict[str, str], clinic: Clinic, kind: str, record: str) -> None:
    url = reverse("record", kwargs={"slug": clinic.slug, "kind": kind, "record": record})
    name = gettext("Patient {id}") if kind == "patient" else gettext("Visit {id}")
    seen[url] = f"{name.format(id=record)} · {clinic.name}"


RECORD = "records/<slug:slug>/<str:kind>/<str:record>/"
urlpatterns = [
    path("records/", search, name="records"),
    path("records/<slug:slug>/brief/<str:record>/", brief, name="record_brief"),
    path(RECORD, show, name="record"),
    path(f"{RECORD}sides/", compare, name="record_sides"),
    path(f"{RECORD}link/", link, name="record_link"),
    path(f"{RECORD}unlink/", unlink, name="record_unlink"),
    path(f"{RECORD}sync/", sync_now, name="record_sync"),
    path(f"{RECORD}pass/<int:work_id>/", progress, name="record_pass"),
]
