"""What IDENT asks for, in all the ways in which it may arrive."""

import contextlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from priem.mis.ident.exchange.query import Asked, read_query
from priem.mis.ident.exchange.refusals import BadRequest

NOVOSIBIRSK = ZoneInfo("Asia/Novosibirsk")  # +07:00
MIDNIGHT = datetime(2025, 12, 15, 17, tzinfo=UTC)
"""2025-12-16T00:00:00 in Novosibirsk."""
TO = "dateTimeTo=2200-01-01T23:59:59%2b07:00"


def asked(query: str) -> Asked:
    return read_query(query, NOVOSIBIRSK)


def test_the_call_that_was_really_seen_is_understood() -> None:
    seen = "dateTimeFrom=2025-12-16T00%3a00%3a00%2b07%3a00&dateTimeTo=2200-01-01T23%3a59%3a59%2b07%3a00"

    assert asked(seen) == Asked(since=MIDNIGHT, until=datetime(2200, 1, 1, 16, 59, 59, tzinfo=UTC))


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("2025-12-16T00:00:00%2B07:00", id="percent-encoded"),
        pytest.param("2025-12-16T00:00:00+07:00", id="a plus that becomes a space"),
        pytest.param("2025-12-16T00:00:00%20%2B07:00", id="a space before the offset"),
        pytest.param("2025-12-16T00:00:00%2B0700", id="an offset without a colon"),
        pytest.param("2025-12-16T00:00:00%2B07", id="an offset of hours"),
        pytest.param("2025-12-16T00:00:00", id="no offset: the clinic's time"),
        pytest.param("2025-12-15T17:00:00Z", id="Z at the end"),
        pytest.param("2025-12-15T17:00:00z", id="small z at the end"),
        pytest.param("2025-12-15T12:00:00-05:00", id="an offset to the west"),
        pytest.param("2025-12-16%2000:00:00", id="a space for the T"),
        pytest.param("2025-12-16T00:00:00.0000000%2B07:00", id="seven figures of a second, as .NET writes"),
        pytest.param("2025-12-16T00:00%2B07:00", id="no seconds"),
    ],
)
def test_a_moment_is_understood_however_it_is_written(written: str) -> None:
    assert asked(f"dateTimeFrom={written}&{TO}").since == MIDNIGHT


@pytest.mark.parametrize("hours", range(3, 13))
def test_zones_from_plus_3_to_plus_12_are_understood(hours: int) -> None:
    query = f"dateTimeFrom=2025-12-16T{hours:02}:00:00%2B{hours:02}:00&{TO}"

    assert asked(query).since == datetime(2025, 12, 16, tzinfo=UTC)


def test_names_of_parameters_go_in_any_letter_case() -> None:
    query = "DATETIMEFROM=2025-12-16T00:00:00&datetimeto=2025-12-17T00:00:00&Limit=500&offSet=1000"

    assert (asked(query).limit, asked(query).offset) == (500, 1000)


def test_a_missing_limit_means_everything() -> None:
    assert asked(f"dateTimeFrom=2025-12-16T00:00:00&{TO}").limit is None
    assert asked(f"dateTimeFrom=2025-12-16T00:00:00&{TO}&limit=").limit is None
    assert asked(f"dateTimeFrom=2025-12-16T00:00:00&{TO}&limit=0").limit is None


def test_a_first_synchronisation_may_ask_from_the_beginning_of_time() -> None:
    everything = asked("dateTimeFrom=0001-01-01T00:00:00%2B07:00&dateTimeTo=9999-12-31T23:59:59-05:00")

    assert everything.since == datetime(1, 1, 1, tzinfo=UTC)
    assert everything.until == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("", "dateTimeFrom"),
        ("dateTimeFrom=2025-12-16T00:00:00", "dateTimeTo"),
        (f"dateTimeFrom=yesterday&{TO}", "dateTimeFrom"),
        (f"dateTimeFrom=2025-13-01T00:00:00&{TO}", "dateTimeFrom"),
        (f"dateTimeFrom=2025-12-16T25:00:00&{TO}", "dateTimeFrom"),
        (f"dateTimeFrom=2025-12-16&{TO}", "dateTimeFrom"),
        (f"dateTimeFrom=2025-12-16T00:00:00%2B99:00&{TO}", "dateTimeFrom"),
        (f"dateTimeFrom=%00&{TO}", "dateTimeFrom"),
        (f"dateTimeFrom=2025-12-16T00:00:00&{TO}&limit=-1", "limit"),
        (f"dateTimeFrom=2025-12-16T00:00:00&{TO}&offset=first", "offset"),
        (f"dateTimeFrom=2025-12-16T00:00:00&{TO}&limit=%D9%A3", "limit"),
    ],
)
def test_a_missing_or_invalid_parameter_is_named(query: str, named: str) -> None:
    with pytest.raises(BadRequest) as refused:
        asked(query)

    assert named in str(refused.value)
    assert named in refused.value.what.read("ru")


def test_running_calls_may_be_asked_for_without_dates() -> None:
    assert read_query("", NOVOSIBIRSK, dates_required=False) == Asked(since=None, until=None)
    with pytest.raises(BadRequest):
        read_query("dateTimeFrom=now", NOVOSIBIRSK, dates_required=False)


def test_figures_beyond_any_database_are_the_largest_that_fit() -> None:
    query = f"dateTimeFrom=2025-12-16T00:00:00&{TO}&limit={'9' * 30}&offset={'9' * 30}"

    assert asked(query).limit == asked(query).offset == 1_000_000_000


@given(st.text(max_size=200))
def test_no_query_breaks_the_reading(query: str) -> None:
    with contextlib.suppress(BadRequest):
        read_query(query, NOVOSIBIRSK)


@given(st.datetimes(), st.sampled_from(["", "Z", "+03:00", "-12:00", "+1400"]))
def test_every_moment_of_the_calendar_is_understood(when: datetime, offset: str) -> None:
    written = f"{when:%H:%M:%S}{offset}".replace("+", "%2B")

    assert asked(f"dateTimeFrom={when.date().isoformat()}T{written}&{TO}").since is not None
