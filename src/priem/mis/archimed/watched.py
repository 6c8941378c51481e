"""Talons that may still vanish: what is kept of each in the cursor, so that those that go while Priem is down are told.

A talon that is gone cannot be asked for any more. What a lead needs to know of it (whose it was, when, how it stood) is
therefore kept, a few bytes a talon, for the days that are watched only.
"""

import base64
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from priem.mis.archimed.loose import Row, an_id, flag, written_day
from priem.mis.archimed.rows import starts_of

EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 - ArchiMed+'s times are naive
MINUTE = timedelta(minutes=1)
MOST = 20_000
"""Of more, the newest: no branch has so many visits within the days that are watched."""
FIGURES = 4


def written(rows: Iterable[Row]) -> str:
    """As text. Not what is deleted already, nor what does not say whose it is and when."""
    known = sorted(figures for row in rows if (figures := figures_of(row)))[-MOST:]
    previous, out = (0, 0), []
    for id_, patient, minutes, status in known:
        out += [id_ - previous[0], patient, minutes - previous[1], status]
        previous = (id_, minutes)
    return base64.b64encode(zlib.compress(" ".join(map(str, out)).encode(), 6)).decode() if out else ""


def figures_of(row: Row) -> tuple[int, int, int, int] | None:
    id_, patient, starts = an_id(row.get("id")), an_id(row.get("patient_id")), starts_of(row)
    if not id_ or not patient or starts is None or flag(row.get("deleted")):
        return None
    return int(id_), int(patient), (starts - EPOCH) // MINUTE, int(an_id(row.get("status_id")) or 0)


def read(kept: str) -> Iterator[Row]:
    """Talons as the branch would write them. Raises ValueError, zlib.error or OverflowError for what was not written
    so."""
    figures = [int(figure) for figure in zlib.decompress(base64.b64decode(kept)).split()] if kept else []
    id_ = minutes = 0
    for ahead, patient, later, status in zip(*[iter(figures)] * FIGURES, strict=True):
        id_, minutes = id_ + ahead, minutes + later
        starts = EPOCH + minutes * MINUTE
        day, hour = written_day(starts.date()), f"{starts:%H:%M}"
        yield {"id": id_, "patient_id": patient, "date": day, "begintime": hour, "status_id": status}
