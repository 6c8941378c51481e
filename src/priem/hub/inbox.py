"""Raw statuses that nobody has mapped yet, with how many visits came with each."""

from collections.abc import Collection, Mapping
from datetime import datetime

from priem.hub.models import UnmappedStatus
from priem.hub.presence import has_any
from priem.hub.quick import rows_of


def note_unmapped(
    clinic_id: int, connection: str, unknown: Mapping[str, int], mapped: Collection[str], now: datetime
) -> None:
    rows = UnmappedStatus.objects.of(clinic_id).filter(connection=connection)
    before = dict(rows.filter(raw__in=list(unknown)).values_list("raw", "visits"))
    UnmappedStatus.objects.bulk_create(
        [
            UnmappedStatus(
                clinic_id=clinic_id,
                connection=connection,
                raw=raw,
                visits=before.get(raw, 0) + visits,
                first_seen=now,
                last_seen=now,
            )
            for raw, visits in unknown.items()
        ],
        update_conflicts=True,
        unique_fields=("clinic", "connection", "raw"),
        update_fields=("visits", "last_seen"),
    )
    rows.filter(raw__in=list(mapped)).delete()


def unmapped(clinic_id: int, connection: str) -> dict[str, int]:
    if not has_any(UnmappedStatus, clinic_id):
        return {}
    return dict(rows_of(UnmappedStatus, clinic_id, "raw", "visits", order="raw", connection=connection))
