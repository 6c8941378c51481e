"""Tasks that visits are to get: a row for each visit that ever had one."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from priem.hub.models import WishedTask
from priem.hub.pieces import pieces
from priem.model import VisitKey
from priem.ports import Wish, WishState


def wish(clinic_id: int, wishes: Mapping[VisitKey, str], now: datetime) -> None:
    WishedTask.objects.bulk_create(
        [
            WishedTask(
                clinic_id=clinic_id,
                connection=visit.connection,
                visit=visit.id,
                text=text,
                state=WishState.WISHED.value,
                wished_at=now,
                changed_at=now,
            )
            for visit, text in wishes.items()
        ],
        ignore_conflicts=True,
    )


def wished(clinic_id: int) -> tuple[Wish, ...]:
    rows = WishedTask.objects.of(clinic_id).filter(text__gt="").order_by("id")
    return tuple(
        Wish(
            visit=VisitKey(row.connection, row.visit),
            text=row.text,
            state=WishState(row.state),
            wished_at=row.wished_at,
            changed_at=row.changed_at,
        )
        for row in rows
    )


def mark(clinic_id: int, visits: Collection[VisitKey], state: WishState, now: datetime) -> None:
    ids: defaultdict[str, list[str]] = defaultdict(list)
    for visit in visits:
        ids[visit.connection].append(visit.id)
    over = {"text": ""} if state is WishState.OVER else {}
    for connection, known in ids.items():
        for piece in pieces(known):
            rows = WishedTask.objects.of(clinic_id).filter(connection=connection, visit__in=piece)
            rows.update(state=state.value, changed_at=now, **over)
