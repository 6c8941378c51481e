"""A connection has a thread of its own, and a thread that hangs is left behind."""

import threading
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from priem.mis.ident.driver import Lane, Value, filled_in, literal
from priem.mis.ident.drivers import Rows


class Line:
    """A connection that only knows whether it was closed."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    def cursor(self) -> Rows:
        raise AssertionError("nobody asks here")

    def close(self) -> None:
        self.closed.set()


def test_what_a_lane_does_comes_back() -> None:
    lane = Lane()

    assert lane.do(lambda: 7, 5) == 7
    with pytest.raises(ZeroDivisionError):
        lane.do(lambda: 1 // 0, 5)
    lane.leave()


def test_everything_on_a_lane_happens_on_one_thread() -> None:
    lane = Lane()

    threads = {lane.do(threading.get_ident, 5) for _ in range(3)}

    assert len(threads) == 1
    assert threads != {threading.get_ident()}
    lane.leave()


def test_a_lane_that_hangs_is_left_behind_and_closes_when_it_can() -> None:
    lane, line, hangs = Lane(), Line(), threading.Event()
    lane.connection = line

    with pytest.raises(TimeoutError):
        lane.do(lambda: hangs.wait(10), 0.05)
    lane.leave()
    assert not line.closed.is_set()
    hangs.set()

    assert line.closed.wait(10)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (5, "5"),
        (-(2**31), "-2147483648"),
        (b"\x00\x0c\x41\x13", "0x000c4113"),
        ("dbo'; DROP TABLE t --", "N'dbo''; DROP TABLE t --'"),
        (datetime(2026, 3, 2, 9, 5, 7, 123999, tzinfo=UTC), "CONVERT(datetime, '2026-03-02 09:05:07.123', 121)"),
        ([3, 1], "3,1"),
        (["a", "b"], "N'a',N'b'"),
        ([], "NULL"),
    ],
)
def test_values_are_written_so_that_no_servers_language_matters(value: Value, written: str) -> None:
    assert literal(value) == written


@pytest.mark.parametrize(
    ("sql", "values", "filled"),
    [
        ("SELECT TOP (@page) @@DBTS", {"page": 5}, "SELECT TOP (5) @@DBTS"),
        ("a@page @page_size @page", {"page": 1, "page_size": 2}, "a@page 2 1"),
        ("x IN (@ids) AND y = '@unknown'", {"ids": [1, 2]}, "x IN (1,2) AND y = '@unknown'"),
    ],
)
def test_values_go_where_their_names_stand(sql: str, values: dict[str, int | Sequence[int]], filled: str) -> None:
    assert filled_in(sql, values) == filled
