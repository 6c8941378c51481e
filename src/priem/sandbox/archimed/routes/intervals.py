"""`intervals`: the schedule grid, in an envelope and with ids of its own (docs/reference/archimed.md §1.3)."""

from datetime import date, timedelta

from ..state import grid
from ..state.records import Doctor, Shift
from ..wire import Answer, Refused, answer
from .call import Call
from .render import Row, clock_time, day
from .router import Router

FIRST, LAST = date(1900, 1, 1), date(2200, 1, 1)
"""No clinic has a schedule before or after."""


def mount(router: Router) -> None:
    """Its path."""
    router.add("GET", "intervals", listed)


def listed(call: Call) -> Answer:
    """`date_from` and `date_to`, both asked for; some days around them come along."""
    first, last = call.day("date_from"), call.day("date_to")
    if first is None or last is None:
        raise Refused(400, "Не указан период")
    spill = timedelta(days=call.branch.manners.spilled_days)
    first, last = max(first, FIRST) - spill, min(last, LAST) + spill
    doctors = [_doctor(call, doctor, first, last) for doctor in call.branch.doctors.values()]
    return answer({"doctors": doctors}, len(doctors))


def _doctor(call: Call, doctor: Doctor, first: date, last: date) -> Row:
    names = call.branch.dictionaries
    specialities = [(str(number), names.name("specializations", number)) for number in doctor.specialities]
    return {
        "id": doctor.id,
        "name": doctor.full_name,
        "primary_spec": specialities[0][1],
        "primary_spec_id": specialities[0][0],
        "specs": [{"id": number, "name": name} for number, name in specialities],
        "schedules": [
            _schedule(call, doctor, shift) for shift in grid.shifts_between(call.branch, doctor, first, last)
        ],
    }


def _schedule(call: Call, doctor: Doctor, shift: Shift) -> Row:
    building = call.branch.buildings[shift.building_id]
    return {
        "id": str(shift.id),
        "build_id": str(building.id),
        "build_name": building.name,
        "room": shift.room,
        "address": building.address,
        "kind": str(shift.kind),
        "date": day(shift.start),
        "start": clock_time(shift.start),
        "end": clock_time(shift.end),
        "intervals": [
            {"start": clock_time(start), "end": clock_time(end), "free": free}
            for start, end, free in grid.slots(call.branch, doctor, shift)
        ],
    }
