"""Whether a number still names the visit that it named before. A МИС that was put back to an older copy gives the
numbers of the visits that it has lost to others, maybe days later. Pure."""

from priem.engine.marks import ORIGIN, mark
from priem.model import Visit, VisitLink

PART = 6
"""Characters of the patient's mark, and of the time's."""


def with_origin(fingerprint: str, visit: Visit, before: VisitLink | None) -> str:
    """A link's fingerprint that remembers whose visit it was, for when, and the second in which it was booked. Where
    the МИС does not say when, as of a row that is gone, what was remembered before stays."""
    known = origin(visit) or (origin_in(before.fingerprint) if before else "")
    return fingerprint + ORIGIN + known if known else fingerprint


def origin(visit: Visit) -> str:
    if visit.added_at is None:
        return ""
    whose, when = mark(str(visit.patient), length=PART), mark(int(visit.starts_at.timestamp()), length=PART)
    return f"{whose}{when}{int(visit.added_at.timestamp()):x}"


def origin_in(fingerprint: str) -> str:
    return fingerprint.partition(ORIGIN)[2]


def is_another(visit: Visit, link: VisitLink) -> bool:
    """Patient and time are other ones, and it was booked later. A visit that is moved, in time or to another's card,
    keeps the moment at which it was booked."""
    before, now = origin_in(link.fingerprint), origin(visit)
    if not before or not now:
        return False
    whose, when, booked = slice(PART), slice(PART, 2 * PART), slice(2 * PART, None)
    return before[whose] != now[whose] and before[when] != now[when] and int(before[booked], 16) < int(now[booked], 16)
