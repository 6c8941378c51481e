"""What of a calendar's cells is free: a doctor works there, and nothing takes it."""

from datetime import date, datetime, time
from typing import Any

import pytest

from priem.mis.ident import Config
from priem.mis.ident.calendar import days_of

CONFIG = Config(
    connection="pz", server="clinic", password="x", time_zone="Europe/Moscow", branch_time_zones={"2": "Asia/Omsk"}
)
DAY = date(2026, 5, 12)
FREE, BUSY = False, True


def cell(starts: str, **changed: Any) -> dict[str, object]:
    hour, minute = map(int, starts.split(":"))
    ends = time((hour + (minute + 15) // 60) % 24, (minute + 15) % 60)
    usual = {"Day": DAY, "Starts": time(hour, minute), "Ends": ends, "Doctor": 7, "Branch": 1}
    return {**usual, "Visit": None, "Reserve": None, "IsWorking": True, **changed}


def told(rows: list[dict[str, object]], config: Config = CONFIG) -> list[tuple[int, int, str, int, bool]]:
    """Branch, doctor, when by the branch's clock, minutes, whether it is busy."""
    return [
        (one.branch, one.doctor, f"{at:%d %H:%M}", each.minutes, each.busy)
        for one in days_of(rows, config)
        for each in one.stretches
        for at in [datetime.fromtimestamp(each.second, config.zone_of(str(one.branch)))]
    ]


@pytest.mark.parametrize(
    ("rows", "stretches"),
    [
        pytest.param([cell("10:00"), cell("10:15")], [("12 10:00", 30, FREE)], id="free"),
        pytest.param([cell("10:00"), cell("10:30")], [("12 10:00", 15, FREE), ("12 10:30", 15, FREE)], id="a pause"),
        pytest.param(
            [cell("10:15", Visit=500), cell("10:00"), cell("10:30", Reserve=3)],
            [("12 10:00", 15, FREE), ("12 10:15", 30, BUSY)],
            id="a visit and a reserve",
        ),
        pytest.param([cell("10:00", IsWorking=False)], [], id="nobody works"),
        pytest.param([cell("10:00", IsWorking=0, Visit=500)], [("12 10:00", 15, BUSY)], id="a visit out of hours"),
        pytest.param([cell("10:00", IsWorking=None)], [("12 10:00", 15, FREE)], id="no word of working time"),
        pytest.param([cell("10:00"), cell("10:00", Visit=500)], [("12 10:00", 15, BUSY)], id="busy at another chair"),
        pytest.param([cell("23:45")], [("12 23:45", 15, FREE)], id="until midnight"),
        pytest.param([cell("10:00", Ends=None)], [("12 10:00", 15, FREE)], id="no end"),
        pytest.param([cell("10:00", Starts=None)], [], id="no beginning"),
        pytest.param([cell("10:00", Day="12.05.2026", Starts="10:00:00")], [("12 10:00", 15, FREE)], id="as text"),
    ],
)
def test_a_day_is_told_in_stretches(rows: list[dict[str, object]], stretches: list[tuple[str, int, bool]]) -> None:
    assert told(rows) == [(1, 7, *one) for one in stretches]


def test_each_branch_has_its_own_clock_and_others_branches_are_left_out() -> None:
    rows = [cell("10:00"), cell("10:00", Branch=2), cell("11:00", Branch=3)]
    only = Config(
        connection="pz", server="clinic", password="x", time_zone="Europe/Moscow",
        branch_time_zones={"2": "Asia/Omsk"}, only_branches=("1", "2"),
    )  # fmt: skip

    found = {one.branch: one.stretches[0] for one in days_of(rows, only)}

    assert {branch: one.offset for branch, one in found.items()} == {1: 180, 2: 360}
    assert found[1].second - found[2].second == 3 * 3600
