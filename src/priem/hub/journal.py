"""Intent before, outcome after: the steps of a clinic as they are decided, carried out and looked up."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db import connection

from priem.hub.bulk import many, put
from priem.hub.models import RejectedRow, StepRecord
from priem.hub.pieces import pieces
from priem.hub.presence import has_any
from priem.hub.quick import among, rows_of
from priem.hub.rows import STEP_COLUMNS, key_of, step_row
from priem.hub.sentences import as_json
from priem.hub.storable import storable_json
from priem.model import Action, Outcome, PatientKey, Rejected, State, Step, VisitKey
from priem.ports import OpenStep

AnyKey = PatientKey | VisitKey
OPEN = (State.INTENDED, State.UNKNOWN)
SETTLE = f"""
    UPDATE {StepRecord._meta.db_table}
    SET state = %s, target = COALESCE(%s, target), reason = %s, request_id = %s, finished_at = %s
    WHERE id = %s
"""  # noqa: S608, SLF001  # nothing but our own table's name, which only Django's documented _meta tells


def intend(clinic_id: int, steps: Sequence[Step], pass_id: UUID, now: datetime) -> None:
    columns = (*STEP_COLUMNS, "request_id", "clinic", "pass_id", "intended_at", "finished_at")
    rows = ((*step_row(step), "", clinic_id, pass_id, now, None if step.draft else now) for step in steps)
    put(StepRecord, columns, rows)
    readable_again(clinic_id, [step.key for step in steps])


def readable_again(clinic_id: int, keys: Sequence[AnyKey]) -> None:
    """A record that was decided upon was read, so nobody needs to look at its row any more."""
    if not has_any(RejectedRow, clinic_id):
        return
    rejected = RejectedRow.objects.of(clinic_id)
    for kind in (PatientKey, VisitKey):
        ids: dict[str, list[str]] = defaultdict(list)
        for key in keys:
            if isinstance(key, kind):
                ids[key.connection].append(key.id)
        for name, known in ids.items():
            for piece in pieces(known):
                rejected.filter(kind=kind_of(kind), connection=name, record__in=piece).delete()


def kind_of(key: type[AnyKey]) -> str:
    return "patient" if key is PatientKey else "visit"


def settle(clinic_id: int, outcomes: Iterable[tuple[Step, Outcome]], now: datetime) -> None:
    """Raises LookupError for a step that was never intended, or was settled already."""
    pairs = list(outcomes)
    ids = open_ids(clinic_id, [step.key for step, _ in pairs])
    many(SETTLE, [settled(ids, step, outcome, now) for step, outcome in pairs])


def settled(ids: Mapping[AnyKey, int], step: Step, outcome: Outcome, now: datetime) -> tuple[Any, ...]:
    if step.key not in ids:
        raise LookupError(f"never intended: {step.key}")
    reason = storable_json(json.dumps(as_json(outcome.reason))) if outcome.reason else None
    finished_at = None if outcome.state in OPEN else connection.ops.adapt_datetimefield_value(now)
    return outcome.state.value, outcome.id, reason, outcome.request_id, finished_at, ids[step.key]


def open_ids(clinic_id: int, keys: Sequence[AnyKey]) -> dict[AnyKey, int]:
    """The latest open step of each of these records."""
    columns = ("entity", "connection", "record", "id")
    rows = among(StepRecord, clinic_id, "record", {key.id for key in keys}, *columns, finished_at=None)
    found = sorted(rows, key=itemgetter(3))
    return {key_of(*named): id_ for *named, id_ in found}


def open_steps(clinic_id: int) -> tuple[OpenStep, ...]:
    if not has_any(StepRecord, clinic_id):
        return ()
    columns = ("id", "entity", "connection", "record", "state", "intended_at", "action")
    rows = rows_of(StepRecord, clinic_id, *columns, order="id", finished_at=None)
    return tuple(
        OpenStep(id_, key_of(*key), State(state), intended_at, action == Action.CREATE)
        for id_, *key, state, intended_at, action in rows
    )


def close(clinic_id: int, ids: Sequence[int], state: State, now: datetime) -> None:
    finished_at = None if state in OPEN else now
    for piece in pieces(ids):
        rows = StepRecord.objects.of(clinic_id).filter(id__in=piece, finished_at__isnull=True)
        rows.update(state=state.value, finished_at=finished_at)


def reject(clinic_id: int, connection_key: str, rejected: Sequence[Rejected], now: datetime) -> None:
    rows = {
        (row.kind, row.id): RejectedRow(
            clinic_id=clinic_id,
            connection=connection_key,
            kind=row.kind,
            record=row.id,
            reason=row.reason,
            first_seen=now,
            last_seen=now,
        )
        for row in rejected
    }
    RejectedRow.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=("clinic", "connection", "kind", "record"),
        update_fields=("reason", "last_seen"),
    )
