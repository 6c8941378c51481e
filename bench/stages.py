"""Where the time of changes went, so that a miss explains itself: each change's way in three pieces.

to_hub       from the agent's sending to the hub's answer, or to the decision where that came first
to_decision  until the step is written down: it waited for its clinic's turn, was read and decided
to_amocrm    until amoCRM's answer has left, with amoCRM's own latency in it
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg

from priem.cli.demo.latency import percentiles

Record = tuple[int, int]
"""A clinic's number and a visit's."""
DECIDED = """
SELECT clinic.slug, step.record, extract(epoch FROM step.intended_at)::float
FROM hub_steprecord step JOIN hub_clinic clinic ON clinic.id = step.clinic_id
WHERE step.entity = 'lead' AND step.intended_at >= to_timestamp(%s) ORDER BY step.intended_at
"""


@dataclass(frozen=True, slots=True)
class Way:
    record: Record
    at: float
    sent: float
    """When the hub had answered."""
    arrived: float


def decided(database: str, since: float) -> Mapping[Record, Sequence[float]]:
    """When steps of each record were written down, in order. bench/many.py numbers the clinics in their names."""
    found: dict[Record, list[float]] = defaultdict(list)
    with psycopg.connect(database) as connection:
        for slug, record, at in connection.execute(DECIDED, [since]):
            found[int(slug.rpartition("-")[2]), int(record)].append(at)
    return found


def pieces(way: Way, decisions: Sequence[float]) -> tuple[float, float, float] | None:
    """None where no decision is known that led to what arrived."""
    place = bisect_right(decisions, way.arrived)
    if not place or decisions[place - 1] < way.at:
        return None
    decision = decisions[place - 1]
    sent = min(way.sent, decision)  # a turn may begin before the agent has read its answer
    return sent - way.at, decision - sent, way.arrived - decision


def stages(database: str, ways: Sequence[Way]) -> Mapping[str, Mapping[str, float | None]]:
    """p50 and p99 of each piece, in seconds."""
    known = decided(database, min((way.at for way in ways), default=0.0))
    parted = [found for way in ways if (found := pieces(way, known.get(way.record, ())))]
    names = ("to_hub", "to_decision", "to_amocrm")
    return {name: percentiles(one[place] for one in parted) for place, name in enumerate(names)}
