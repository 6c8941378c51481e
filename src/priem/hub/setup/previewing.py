"""What the first sync would do: every step decided as in earnest, nothing written but this list."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from priem.engine.plan import counts_as
from priem.engine.rehearsal import pretended, rehearse, rehearse_linked
from priem.hub.clinics import load_clinic, note_seen
from priem.hub.models import PlannedStep
from priem.hub.models.journal import Entity
from priem.hub.setup.outside import OpenedClinic, outside
from priem.hub.setup.work import Do, Report
from priem.model import PatientKey, Step
from priem.texts import text

AT_ONCE = 500
PER_SECOND = 250
"""Contacts and leads that a first sync writes, roughly: seven requests a second, some of them waiting for an answer."""
AT_LEAST = 10


def preview(slug: str) -> Do:
    def do(report: Report) -> Mapping[str, Any]:
        clinic = load_clinic(slug)
        PlannedStep.objects.of(clinic.id).delete()
        report.expect("amocrm", text("Reading amoCRM: pipelines, contacts, leads"), None)
        report.note(now=True)
        totals: Counter[str] = Counter()
        with outside().opened(slug) as opened:
            for some in batches(steps_of(opened, report)):
                PlannedStep.objects.bulk_create([planned(clinic.id, step) for step in some])
                totals.update(f"{entity_of(step)}:{counts_as(step)}" for step in some)
        note_seen(clinic)
        return {"totals": dict(totals), "seconds": seconds(totals)}

    return do


def steps_of(opened: OpenedClinic, report: Report) -> Iterator[Step]:
    together = pretended(opened.clinic)
    for source in opened.sources:
        counts = source.count(opened.clinic.store.cursor(source.connection))
        names = {kind: f"{source.connection}:{kind}" for kind in Entity.values}
        named = {"connection": source.connection}
        report.expect(names[Entity.CONTACT], text("{connection}: patients", **named), counts.patients)
        report.expect(names[Entity.LEAD], text("{connection}: visits", **named), counts.visits)
        for step in rehearse(source, together):
            report.advance(names[entity_of(step)], 1)
            yield step
        yield from rehearse_linked(source, together)


def batches(steps: Iterator[Step]) -> Iterator[list[Step]]:
    some: list[Step] = []
    for step in steps:
        some.append(step)
        if len(some) == AT_ONCE:
            yield some
            some = []
    yield some


def entity_of(step: Step) -> str:
    return Entity.CONTACT.value if isinstance(step.key, PatientKey) else Entity.LEAD.value


def planned(clinic_id: int, step: Step) -> PlannedStep:
    candidates = [[candidate.id, candidate.because] for candidate in step.why.candidates]
    return PlannedStep(
        clinic_id=clinic_id,
        entity=entity_of(step),
        action=counts_as(step).value,
        key=str(step.key),
        target=step.target if step.target and step.target > 0 else None,
        why={"rule": step.why.rule, "stage_rule": step.why.stage_rule, "candidates": candidates},
        called=(step.draft.name if step.draft else None) or "",
    )


def seconds(totals: Mapping[str, int]) -> int:
    """How long it will take, roughly."""
    written = sum(count for what, count in totals.items() if what.partition(":")[2] in ("create", "adopt", "update"))
    return max(AT_LEAST, round(written / PER_SECOND))
