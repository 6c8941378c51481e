"""Writes down which contact a patient is and which lead a visit is, once it was done."""

from collections.abc import Sequence
from datetime import datetime

from priem.engine.linking import claims, links_after
from priem.hub.models import PatientLink, VisitLink
from priem.hub.surroundings import by_key, lead_owners, visit_links_of
from priem.model import PatientKey, Step, VisitKey
from priem.model import VisitLink as LinkOfVisit

Done = Sequence[tuple[Step, int]]
Made = tuple[str, datetime]
"""By which rule, and when."""


def link(clinic_id: int, done: Done, now: datetime) -> None:
    """All links of these steps; a step comes with its contact or lead."""
    link_patients(clinic_id, [(step, id_) for step, id_ in done if isinstance(step.key, PatientKey)], now)
    link_visits(clinic_id, [(step, id_) for step, id_ in done if isinstance(step.key, VisitKey)], now)


def link_patients(clinic_id: int, done: Done, now: datetime) -> None:
    before = known_patients(clinic_id, [step.key for step, _ in done if isinstance(step.key, PatientKey)])
    rows: dict[object, PatientLink] = {}
    for step, contact in done:
        known = before.get(step.key)
        rule, made_at = known[1:] if known and known[0] == contact else (step.why.rule, now)
        rows[step.key] = PatientLink(
            clinic_id=clinic_id,
            connection=step.key.connection,
            patient=step.key.id,
            contact=contact,
            fingerprint=step.fingerprint,
            rule=rule,
            made_at=made_at,
        )
    PatientLink.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=("clinic", "connection", "patient"),
        update_fields=("contact", "fingerprint", "rule", "made_at"),
    )


def known_patients(clinic_id: int, keys: Sequence[PatientKey]) -> dict[object, tuple[int, str, datetime]]:
    columns = ("connection", "patient", "contact", "rule", "made_at")
    rows = by_key(PatientLink.objects.of(clinic_id), "patient", keys, *columns)
    return {PatientKey(connection, id_): (contact, rule, made_at) for connection, id_, contact, rule, made_at in rows}


def link_visits(clinic_id: int, done: Done, now: datetime) -> None:
    keys = {step.key for step, _ in done} | {step.replaces for step, _ in done}
    visits = [key for key in keys if isinstance(key, VisitKey)]
    known = visit_links_of(clinic_id, visits)
    links = links_after(done, known)
    claims(links, lead_owners(clinic_id, {made.lead for made in links.values()}))
    made = made_before(clinic_id, visits)
    rules = {step.key: step.why.rule for step, _ in done}
    rows = [
        visit_row(clinic_id, key, after, made[key] if is_same(known.get(key), after) else (rules.get(key, ""), now))
        for key, after in links.items()
    ]
    # Those that hand their lead over go first: at no moment may a lead have two visits.
    VisitLink.objects.bulk_create(
        sorted(rows, key=lambda row: row.moved_to is None),
        update_conflicts=True,
        unique_fields=("clinic", "connection", "visit"),
        update_fields=("lead", "fingerprint", "pipeline", "stage", "moved_to", "rule", "made_at"),
    )


def is_same(before: LinkOfVisit | None, after: LinkOfVisit) -> bool:
    return before is not None and before.lead == after.lead


def made_before(clinic_id: int, keys: Sequence[VisitKey]) -> dict[VisitKey, Made]:
    rows = by_key(VisitLink.objects.of(clinic_id), "visit", keys, "connection", "visit", "rule", "made_at")
    return {VisitKey(connection, id_): (rule, made_at) for connection, id_, rule, made_at in rows}


def visit_row(clinic_id: int, key: VisitKey, after: LinkOfVisit, made: Made) -> VisitLink:
    rule, made_at = made
    return VisitLink(
        clinic_id=clinic_id,
        connection=key.connection,
        visit=key.id,
        lead=after.lead,
        fingerprint=after.fingerprint,
        pipeline=after.pipeline,
        stage=after.stage,
        moved_to=str(after.moved_to) if after.moved_to else None,
        rule=rule,
        made_at=made_at,
    )
