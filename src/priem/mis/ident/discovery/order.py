"""What the order of times within a row says: whoever has come is seated later, and the bill is made out last."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise

from priem.mis.ident.discovery.evidence import Piece
from priem.mis.ident.discovery.samples import Sample, Sampled
from priem.texts import text

CHAIN = ("PatientAppeared", "ReceptionStarted", "ReceptionEnded", "CheckIssued")
SHORTEST, LONGEST = timedelta(minutes=5), timedelta(hours=12)
MOST = 0.95


def marks(sampled: Sampled) -> dict[str, dict[str, Piece]]:
    """By column, what of a visit it may be."""
    moments = {name: one for name, one in sampled.columns.items() if one.column.kind == "moment" and one.there}
    found: dict[str, dict[str, Piece]] = {}
    for told in (planned(moments), chained(moments), cancelling(moments, sampled)):
        for name, piece in told.items():
            found.setdefault(name, {}).update(piece)
    return found


def planned(moments: Mapping[str, Sample]) -> dict[str, dict[str, Piece]]:
    sharp = [name for name, one in moments.items() if one.planned > 0.9 and one.filled > 0.9]
    for start in sharp:
        for end in sharp:
            if start != end and lasts(moments[start], moments[end]):
                says = text("Nearly always both are there, minutes or hours apart.")
                return {start: {"PlanStart": Piece(0.7, says)}, end: {"PlanEnd": Piece(0.7, says)}}
    return {}


def lasts(start: Sample, end: Sample) -> bool:
    gaps = [late - early for early, late in both(start, end)]
    return bool(gaps) and sum(SHORTEST <= gap <= LONGEST for gap in gaps) >= MOST * len(gaps)


def both(one: Sample, other: Sample) -> list[tuple[datetime, datetime]]:
    pairs = zip(one.values, other.values, strict=True)
    return [(a, b) for a, b in pairs if isinstance(a, datetime) and isinstance(b, datetime)]


def chained(moments: Mapping[str, Sample]) -> dict[str, dict[str, Piece]]:
    """Four marks of which each is there only when the one before it is, and is later."""
    events = [name for name, one in moments.items() if 0.03 < one.filled < 0.95]
    best: list[str] = []
    for first in events:
        chain = [first]
        while following := [name for name in events if name not in chain and comes_after(moments, chain[-1], name)]:
            chain.append(min(following, key=lambda name: total(moments, chain[-1], name)))
        best = max(best, chain, key=len)
    if len(best) != len(CHAIN) or not all(comes_after(moments, a, b) for a, b in pairwise(best)):
        return {}
    return {
        name: {mark: Piece(0.65, text("Four marks follow one another in every row; this is number {n}.", n=number))}
        for number, (name, mark) in enumerate(zip(best, CHAIN, strict=True), start=1)
    }


def comes_after(moments: Mapping[str, Sample], one: str, other: str) -> bool:
    rows = list(zip(moments[one].values, moments[other].values, strict=True))
    alone = sum(later is not None and earlier is None for earlier, later in rows)
    pairs = both(moments[one], moments[other])
    in_order = sum(a <= b for a, b in pairs) >= MOST * len(pairs)
    return alone == 0 and len(pairs) >= 3 and in_order and sum(a < b for a, b in pairs) > len(pairs) / 2


def total(moments: Mapping[str, Sample], one: str, other: str) -> timedelta:
    return sum((b - a for a, b in both(moments[one], moments[other])), timedelta())


def cancelling(moments: Mapping[str, Sample], sampled: Sampled) -> dict[str, dict[str, Piece]]:
    """A moment and a small figure that are there together, in some rows."""
    says = text("It is there when, and only when, a reason is there.")
    for name, sample in moments.items():
        for other, reason in sampled.columns.items():
            if reason.column.kind == "whole" and 0.02 < reason.filled < 0.6 and max(reason.numbers, default=99) < 99:
                pairs = list(zip(sample.values, reason.values, strict=True))
                if all((a is None) == (b is None) for a, b in pairs):
                    return {
                        name: {"ReceptionCanceled": Piece(0.6, says)},
                        other: {"ID_ReceptionCancelReasons": Piece(0.5, says)},
                    }
    return {}
