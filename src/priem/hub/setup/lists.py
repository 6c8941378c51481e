"""What the last preview found, record by record; and the rules tried on an example."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from priem import configuration
from priem.engine.bindings import Bound, BoundRule, bind
from priem.engine.rules import first_stage, fits, fitting_rule
from priem.errors import PriemError
from priem.hub.models import Clinic, PlannedStep
from priem.hub.models.journal import Entity
from priem.hub.sentences import readable
from priem.hub.setup.access import of_clinic, page
from priem.hub.setup.choices import Choices, choices_of
from priem.hub.setup.outside import outside
from priem.hub.setup.statuses import STATUSES, StatusesForm
from priem.hub.words import because
from priem.model import Visit, VisitStatus

AT_ONCE = 50
WHAT = {
    ("contact", "create"): _("Contacts to be made"),
    ("contact", "adopt"): _("Contacts found and linked"),
    ("contact", "update"): _("Contacts to be changed"),
    ("contact", "leave"): _("Patients left as they are"),
    ("contact", "ask"): _("Questions to a person"),
    ("lead", "create"): _("Leads to be made"),
    ("lead", "adopt"): _("Leads found and linked"),
    ("lead", "update"): _("Leads to be changed"),
    ("lead", "leave"): _("Visits left as they are"),
    ("lead", "ask"): _("Questions to a person"),
}


class Echo:
    """A file that gives back what is written to it."""

    def write(self, line: str) -> str:
        return line


@dataclass(frozen=True, slots=True)
class PlannedRow:
    step: PlannedStep
    url: str
    """The card in amoCRM; empty for what is still to be made."""

    @property
    def called(self) -> str:
        return self.step.called.reveal()

    @property
    def why(self) -> str:
        return because(self.step.why["rule"])

    @property
    def stage_why(self) -> str:
        return because(self.step.why["stage_rule"])

    @property
    def candidates(self) -> list[tuple[int, str]]:
        return [(id_, because(code)) for id_, code in self.step.why["candidates"]]


@require_GET
@of_clinic
def planned(request: HttpRequest, clinic: Clinic, entity: str, action: str) -> HttpResponse:
    if (entity, action) not in WHAT:
        raise Http404
    written = request.GET.get("after", "")
    after = int(written) if written.isascii() and written.isdigit() and len(written) < 19 else 0
    steps = PlannedStep.objects.of(clinic.pk).filter(entity=entity, action=action, pk__gt=after).order_by("pk")
    found = [PlannedRow(step, in_amocrm(clinic, entity, step.target)) for step in steps[: AT_ONCE + 1]]
    return page(
        request,
        "hub/setup/planned.html",
        clinic=clinic,
        title=str(WHAT[entity, action]),
        rows=found[:AT_ONCE],
        after=found[AT_ONCE - 1].step.pk if len(found) > AT_ONCE else None,
        is_first=not after,
    )


def in_amocrm(clinic: Clinic, entity: str, target: int | None) -> str:
    return f"{clinic.base_url.rstrip('/')}/{entity}s/detail/{target}" if target else ""


@require_GET
@of_clinic
def planned_csv(request: HttpRequest, clinic: Clinic) -> HttpResponseBase:  # noqa: ARG001 - Django's signature
    """Every step; for tables that expect a semicolon and a mark at the beginning."""
    answer = StreamingHttpResponse(csv_lines(clinic), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{clinic.slug}-preview.csv"'
    return answer


def csv_lines(clinic: Clinic) -> Iterator[str]:
    rows = csv.writer(Echo(), delimiter=";")
    heads = (gettext("what"), gettext("record in the MIS"), gettext("action"), gettext("id in amoCRM"), gettext("why"))
    yield "\ufeff" + str(rows.writerow([*heads, gettext("stage"), gettext("candidates")]))
    for step in PlannedStep.objects.of(clinic.pk).order_by("pk").iterator(chunk_size=2000):
        row = PlannedRow(step, "")
        candidates = "; ".join(f"{id_}: {said}" for id_, said in row.candidates)
        what, action = Entity(step.entity).label, WHAT[step.entity, step.action]
        yield str(rows.writerow([what, step.key, action, step.target or "", row.why, row.stage_why, candidates]))


@require_GET
@of_clinic
def file(request: HttpRequest, clinic: Clinic) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The whole set-up as TOML; secrets are not in it."""
    written = configuration.write(outside().clinic_file(clinic.slug))
    answer = HttpResponse(written, content_type="application/toml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{clinic.slug}.toml"'
    return answer


@require_POST
@of_clinic
def example(request: HttpRequest, clinic: Clinic) -> HttpResponse:
    """Which rule would fire for one visit, by the rules as they stand on the page."""
    choices = choices_of(clinic)
    branch = request.POST.get("scope", "")
    form = StatusesForm(choices, branch, request.POST)
    visit = sample(choices, request.POST.get("sample", ""), request.POST.get("sample_status", ""))
    told: dict[str, Any] = {"visit": visit, "is_valid": form.is_valid()}
    if visit and choices.account and told["is_valid"]:
        try:
            bound = bind(form.applied(choices.settings), choices.account)
        except PriemError as error:
            told["trouble"] = readable(error.what)
        else:
            told |= verdict(visit, bound, choices, request.POST.get("sample_pipeline", ""))
    return render(request, "hub/setup/example.html", told)


def sample(choices: Choices, key: str, status: str) -> Visit | None:
    """A visit that was looked at; with another status, if one is chosen."""
    visits = (visit for seen in choices.sources for visit in seen.samples.visits)
    found = next((visit for visit in visits if str(visit.key) == key), None)
    if found is None or status not in STATUSES:
        return found
    return replace(found, status=VisitStatus(status))


def verdict(visit: Visit, bound: Bound, choices: Choices, pipeline: str) -> dict[str, Any]:
    begins = first_stage(visit, bound)
    now = int(pipeline) if pipeline.isascii() and pipeline.isdigit() else begins[0]
    rule = fitting_rule(visit, now, bound)
    stage = rule.stage if rule else None
    return {
        "rule": rule,
        "number": rule.number if rule else 0,
        "status": STATUSES[visit.status.value],
        "stage": stage_in_words(choices, stage) if stage else "",
        "begins": stage_in_words(choices, begins),
        "others": others(visit, bound, now, rule),
    }


def others(visit: Visit, bound: Bound, pipeline: int, fired: BoundRule | None) -> Sequence[int]:
    """Rules below the one that fired which would fit, too, and have no turn."""
    rules = bound.rules if not fired or not fired.is_branchs else ()
    return [rule.number for rule in rules if fired and rule.number > fired.number and fits(rule, visit, pipeline)]


def stage_in_words(choices: Choices, stage: tuple[int, int]) -> str:
    said = gettext("«{stage}» of «{pipeline}»")
    names = {
        (pipeline.id, one.id): said.format(stage=one.name, pipeline=pipeline.name)
        for pipeline in choices.pipelines
        for one in pipeline.stages
    }
    return names.get(stage, "")
