"""Which patients become contacts at all. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from priem.engine.bindings import Bound
from priem.engine.rules import branch_name
from priem.engine.settings import Settings
from priem.engine.values import NEEDS_PLANS
from priem.model import Key, Patient, Surroundings, Visit

MONTH = timedelta(days=30.5)


def left_out(
    patients: Sequence[Patient], visits: Iterable[Visit], around: Surroundings, bound: Bound, now: datetime
) -> frozenset[Key]:
    """Those of the patients whom the settings do not take, going by their visits on the same page.

    Nothing has to be remembered of them: a visit brings its patient along whenever it is read.
    """
    settings = bound.settings.patients
    if settings.take == "everyone" and not settings.branches:
        return frozenset()
    known = around.patient_links.keys() | {key for contact in around.contacts.values() for key in contact.keys}
    bringing = {visit.patient for visit in visits if brings(visit, bound, now)}
    by_visit = settings.take == "recent" or bool(settings.branches)
    return frozenset(
        patient.key
        for patient in patients
        if patient.key not in known
        and ((by_visit and patient.key not in bringing) or (settings.take == "with_phone" and not patient.phones))
    )


def brings(visit: Visit, bound: Bound, now: datetime) -> bool:
    """Does this visit make its patient one whom the clinic wants to see in amoCRM?"""
    settings = bound.settings.patients
    is_recent = settings.take != "recent" or visit.starts_at >= now - settings.months * MONTH
    return is_recent and in_branches(visit, bound)


def in_branches(visit: Visit, bound: Bound) -> bool:
    wanted = bound.settings.patients.branches
    return not wanted or branch_name(visit) in wanted


def wished_of_sources(settings: Settings) -> Mapping[str, int]:
    """What connectors are asked for beside what they always give, by the name of the setting that some have for it."""
    shown = {rule.value for rule in settings.fields}
    return {"look_back_days": look_back_days(settings), "reads_plans": not shown.isdisjoint(NEEDS_PLANS)}


def look_back_days(settings: Settings) -> int:
    """How far back visits have to be read to know whom the settings take."""
    return round(settings.patients.months * MONTH / timedelta(days=1)) if settings.patients.take == "recent" else 0
