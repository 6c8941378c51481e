"""`intervals` → shifts with their slots. Pure. docs/reference/archimed.md §1.3"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta

from priem.booking import ScheduleQuery, Shift, Slot
from priem.mis.archimed.config import Config
from priem.mis.archimed.loose import Row, a_day, an_id, clock, flag, rows_of, words

DAY = timedelta(days=1)


def shifts(rows: Sequence[Row], wanted: ScheduleQuery, config: Config, now: datetime) -> Sequence[Shift]:
    """Those of the wanted doctors and days: the server's range is a wish only. A slot that is over is not free."""
    found = [
        shift
        for row in rows
        if (doctor := an_id(row.get("id"))) and (not wanted.doctors or doctor in wanted.doctors)
        for each in rows_of(row.get("schedules"))
        if (day := a_day(each.get("date"))) and wanted.first <= day <= wanted.last
        if (shift := to_shift(row, doctor, each, day, config, now))
    ]
    return sorted(found, key=lambda shift: (shift.doctor, shift.starts_at))


def to_shift(row: Row, doctor: str, schedule: Row, day: date, config: Config, now: datetime) -> Shift | None:
    slots = tuple(slots_of(schedule, day, config, now))
    whole = bounds(schedule, day, config)
    if whole is None and not slots:
        return None
    starts, ends = whole or (slots[0].starts_at, slots[-1].ends_at)
    return Shift(
        doctor=doctor,
        doctor_name=words(row.get("name")),
        starts_at=starts,
        ends_at=ends,
        branch=config.branch,
        room=words(schedule.get("room")),
        slots=slots,
    )


def slots_of(schedule: Row, day: date, config: Config, now: datetime) -> Iterator[Slot]:
    found = ((each, bounds(each, day, config)) for each in rows_of(schedule.get("intervals")))
    whole = [(each, span) for each, span in found if span]
    for each, (starts, ends) in sorted(whole, key=lambda pair: pair[1]):
        yield Slot(starts, ends, flag(each.get("free")) and starts > now)


def bounds(row: Row, day: date, config: Config) -> tuple[datetime, datetime] | None:
    """An end that is not after its beginning is the next day's: `24:00` is written as `00:00`."""
    starts, ends = clock(row.get("start")), clock(row.get("end")) or midnight(row.get("end"))
    if starts is None or ends is None:
        return None
    begin, end = datetime.combine(day, starts, config.zone), datetime.combine(day, ends, config.zone)
    return begin, end if end > begin else end + DAY


def midnight(written: object) -> time | None:
    return time() if isinstance(written, str) and written.strip().startswith("24:00") else None
