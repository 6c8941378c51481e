"""Writes down which contact a patient is and which lead a visit is, once it was done."""

from collections.abc import Sequence
from datetime import datetime

from priem.engine.linking import claims, links_after
from priem.hub.bulk import put
from priem.hub.models import PatientLink, VisitLink
from priem.hub.surroundings import LINK_COLUMNS, by_key, lead_owners, visit_link
from priem.model import PatientKey, Step, VisitKey
from priem.model import VisitLink as LinkOfVisit

Done = Sequence[tuple[Step, int]]
Made = tuple[str, datetime]
"""By which rule, and when."""
VISIT_COLUMNS = (
    "clinic",
    "connection",
    "visit",
    "lead",
    "fingerprint",
    "pipeline",
    "stage",
    "moved_to",
    "by_person",
    "status",
    "rule",
    "made_at",
)


def link(clinic_id: int, done: Done, now: datetime) -> None:
    """All links of these steps; a step comes with its contact or lead."""
    link_patients(clinic_id, [(step, id_) for step, id_ in done if isinstance(step.key, PatientKey)], now)
    link_visits(clinic_id, [(step, id_) for step, id_ in done if isinstance(step.key, VisitKey)], now)


def link_patients(clinic_id: int, done: Done, now: datetime) -> None:
    before = known_patients(clinic_id, [step.key for step, _ in done if isinstance(step.key, PatientKey)])
    rows: dict[object, tuple[object, ...]] = {}
    for step, contact in done:
        known = before.get(step.key)
        rule, made_at = known[1:] if known and known[0] == contact else (step.why.rule, now)
        rows[step.key] = (clinic_id, step.key.connection, step.key.id, contact, step.fingerprint, rule, made_at)
    columns = ("clinic", "connection", "patient", "contact", "fingerprint", "rule", "made_at")
    put(PatientLink, columns, rows.values(), key=("clinic", "connection", "patient"))


def known_patients(clinic_id: int, keys: Sequence[PatientKey]) -> dict[object, tuple[int, str, datetime]]:
    columns = ("connection", "patient", "contact", "rule", "made_at")
    rows = by_key(PatientLink, clinic_id, "patient", keys, *columns)
    return {PatientKey(connection, id_): (contact, rule, made_at) for connection, id_, contact, rule, made_at in rows}


def link_visits(clinic_id: int, done: Done, now: datetime) -> None:
    keys = {step.key for step, _ in done} | {step.replaces for step, _ in done}
    visits = [key for key in keys if isinstance(key, VisitKey)]
    known, made = known_visits(clinic_id, visits)
    links = links_after(done, known)
    claims(links, lead_owners(clinic_id, {made.lead for made in links.values()}))
    rules = {step.key: step.why.rule for step, _ in done}
    rows = [
        visit_row(clinic_id, key, after, made[key] if is_same(known.get(key), after) else (rules.get(key, ""), now))
        for key, after in links.items()
    ]
    # Those that hand their lead over go first: at no moment may a lead have two visits.
    rows.sort(key=lambda row: row[VISIT_COLUMNS.index("moved_to")] is None)
    put(VisitLink, VISIT_COLUMNS, rows, key=("clinic", "connection", "visit"))


def is_same(before: LinkOfVisit | None, after: LinkOfVisit) -> bool:
    return before is not None and before.lead == after.lead


def known_visits(clinic_id: int, keys: Sequence[VisitKey]) -> tuple[dict[VisitKey, LinkOfVisit], dict[VisitKey, Made]]:
    """Their links, and how they were made."""
    rows = list(by_key(VisitLink, clinic_id, "visit", keys, *LINK_COLUMNS, "rule", "made_at"))
    links = dict(visit_link(row[:-2]) for row in rows)
    return links, {VisitKey(*row[:2]): row[-2:] for row in rows}


def visit_row(clinic_id: int, key: VisitKey, after: LinkOfVisit, made: Made) -> tuple[object, ...]:
    """VISIT_COLUMNS."""
    moved_to = str(after.moved_to) if after.moved_to else None
    standing = (after.lead, after.fingerprint, after.pipeline, after.stage, moved_to, after.by_person, after.status)
    return (clinic_id, key.connection, key.id, *standing, *made)
