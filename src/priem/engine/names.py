"""What contacts and leads are called, and whether a lead's name is still Priem's to change. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter

from priem.engine.bindings import Bound
from priem.engine.marks import name_mark, named
from priem.engine.succession import FoundLead
from priem.model import Contact, Lead, Patient, Visit, VisitLink

LONGEST = 250
"""Characters of a lead's name."""

LEAD_NAME_PARTS: Mapping[str, str] = {
    "patient": "{patient}",
    "date": "{visit.starts_at:%d.%m}",
    "time": "{visit.starts_at:%H:%M}",
    "doctor": "{visit.doctor_name}",
    "branch": "{visit.branch_name}",
    "room": "{visit.room}",
    "id": "{visit.key.id}",
}
"""The words that `leads.name` may use in braces."""

FIGURES: Mapping[str, str] = {"date": r"\d\d\.\d\d", "time": r"\d\d:\d\d", "id": r"\d+"}


def contact_name(patient: Patient) -> str:
    return patient.name or f"Пациент {patient.key.id}"


def lead_name(visit: Visit, patient_name: str, bound: Bound) -> str:
    return filled(bound.settings.leads.name, visit, patient_name)


def filled(template: str, visit: Visit, patient_name: str) -> str:
    """The template with the visit's words in place of the braces."""
    words = {name: part.format(visit=visit, patient=patient_name) for name, part in LEAD_NAME_PARTS.items()}
    return template.format_map(words).strip(" ,")[:LONGEST].strip()


@dataclass(frozen=True, slots=True)
class Name:
    """What becomes of a lead's name."""

    written: str | None
    """None: it stays."""
    own: str
    """The name that is Priem's to renew next time; empty when it is a person's."""


def name_to_write(visit: Visit, lead: Lead, match: FoundLead, contact: Contact | None, bound: Bound) -> Name:
    """A name that people gave stays, and a request that was found keeps its own unless the settings rename it."""
    is_ours = match.before is not None and (
        is_own(lead.name, match.before) or (contact is not None and follows_template(lead.name, contact.name, bound))
    )
    may_rename = is_ours or (match.before is None and bound.settings.duplicates.rename_found_leads)
    if contact is None or match.passes_on or not may_rename:
        return Name(None, lead.name if is_ours else "")
    wanted = lead_name(visit, contact.name, bound)
    return Name(wanted if wanted != lead.name else None, wanted)


def is_own(name: str, link: VisitLink) -> bool:
    """Is this the name that Priem gave last? Its mark is kept with the link's fingerprint."""
    return named(link.fingerprint) == name_mark(name)


def follows_template(name: str, patient_name: str, bound: Bound) -> bool:
    """Can the template have made this name for this patient? Priem may have written it and never heard of it."""
    parts = list(Formatter().parse(bound.settings.leads.name))
    if not any(part == "patient" or part in FIGURES for _, part, _, _ in parts):
        return False  # it would fit whatever people write
    pattern = "".join(spelling(literal, part, patient_name) for literal, part, _, _ in parts)
    return re.fullmatch(f"[ ,]*{pattern}[ ,]*", name) is not None


def spelling(literal: str, part: str | None, patient_name: str) -> str:
    """Commas and spaces are loose: what stands between them may have been empty."""
    before = "".join("[ ,]*" if letter in " ," else re.escape(letter) for letter in literal)
    if part is None:
        return before
    return before + (re.escape(patient_name) if part == "patient" else FIGURES.get(part, ".*"))


def unknown_parts(template: str) -> tuple[str, ...]:
    """What stands in braces in a lead's name and is not a word for it. Raises ValueError for a lone brace."""
    parts = (part for part in Formatter().parse(template) if part[1] is not None)
    found = (f"{name}{'!' + how if how else ''}{':' + form if form else ''}" for _, name, form, how in parts)
    return tuple(part for part in found if part not in LEAD_NAME_PARTS)
