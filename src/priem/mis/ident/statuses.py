"""What a visit's facts amount to. IDENT keeps no status: docs/reference/ident.md §3.2."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from priem.model import VisitStatus

MOVED = "moved"
OUTCOMES: Mapping[str, VisitStatus] = {
    "cancelled": VisitStatus.CANCELLED,
    "no_show": VisitStatus.NO_SHOW,
    MOVED: VisitStatus.CANCELLED,
    "deleted": VisitStatus.DELETED,
}
"""What a cancel reason may be mapped to in the settings."""


@dataclass(slots=True, kw_only=True)  # not frozen: one for each visit of a first reading, and seen by nobody else
class Facts:
    """What the staff's marks say about a visit."""

    cancelled: datetime | None = None
    cancel_reason: int | None = None
    check_issued: bool = False
    ended: bool = False
    started: bool = False
    appeared: bool = False
    notified: bool = False
    plan_end: datetime | None = None
    moved_on: bool = False
    """Another row was made out of this one."""
    paid: bool = False
    """Its bills are settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How this clinic's marks are to be read. Ids of cancel reasons are each database's own."""

    reasons: Mapping[int, str]
    """By the reason's id, one of OUTCOMES."""
    auto_closed_is_no_show: bool = True
    notified_is_confirmed: bool = True


def status_of(facts: Facts, reading: Reading) -> tuple[VisitStatus, str]:
    """The status, and the raw one beside it. Marks can be taken back, so a status may go backwards."""
    if facts.cancelled is not None or facts.cancel_reason is not None:
        return cancelled(facts, reading)
    if facts.paid and (facts.check_issued or facts.ended):
        return VisitStatus.PAID, "paid"
    if facts.check_issued or facts.ended:
        return VisitStatus.COMPLETED, "billed" if facts.check_issued else "completed"
    if facts.started or facts.appeared:
        return (VisitStatus.IN_PROGRESS, "in_progress") if facts.started else (VisitStatus.ARRIVED, "arrived")
    if facts.moved_on:
        return VisitStatus.CANCELLED, MOVED
    is_confirmed = facts.notified and reading.notified_is_confirmed
    return (VisitStatus.CONFIRMED, "confirmed") if is_confirmed else (VisitStatus.BOOKED, "booked")


def cancelled(facts: Facts, reading: Reading) -> tuple[VisitStatus, str]:
    outcome = reading.reasons.get(facts.cancel_reason or 0, "")
    if facts.moved_on or outcome == MOVED:
        return VisitStatus.CANCELLED, MOVED
    raw = "cancelled" if facts.cancel_reason is None else f"cancelled:{facts.cancel_reason}"
    if not outcome:
        outcome = "no_show" if reading.auto_closed_is_no_show and was_closed_by_ident(facts) else "cancelled"
    return OUTCOMES[outcome], raw


def was_closed_by_ident(facts: Facts) -> bool:
    """Nobody came, and the visit was cancelled at the very moment of its planned end: no person is that punctual."""
    return not facts.appeared and facts.cancelled is not None and facts.cancelled == facts.plan_end
