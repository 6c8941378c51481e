"""What IDENT posts, of any size."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

DAY = datetime(2026, 5, 12, tzinfo=timezone(timedelta(hours=3)))
TEN = DAY.replace(hour=10)


def interval(doctor: int, minute: int, day: int = 0, *, busy: bool = False, minutes: int = 15) -> dict[str, Any]:
    """`minute` is counted from ten o'clock, `day` from the 12th of May."""
    return {
        "DoctorId": doctor,
        "BranchId": 1,
        "StartDateTime": (TEN + timedelta(days=day, minutes=minute)).isoformat(),
        "LengthInMinutes": minutes,
        "IsBusy": busy,
    }


def timetable(intervals: Sequence[dict[str, Any]]) -> dict[str, Any]:
    doctors = sorted({id_ for each in intervals if isinstance(id_ := each.get("DoctorId"), int)})
    return {
        "Doctors": [{"Id": id_, "Name": f"Врач {id_}"} for id_ in doctors],
        "Branches": [{"Id": 1, "Name": "Ленина, 5"}],
        "Intervals": list(intervals),
    }
