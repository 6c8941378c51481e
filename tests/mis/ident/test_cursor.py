from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from priem.errors import AskOperator
from priem.mis.ident.cursor import FIRST, LATER, Anchor, Cursor, Marks, Stage

NOW = datetime(2026, 3, 2, 10, 30, 1, 123000)  # noqa: DTZ001 - IDENT's times are naive
MARKS = Marks(at=NOW, stamp=0xC41323, patient=77, service=9)
BEGUN = Cursor(horizon=NOW, noted=MARKS)

marks = st.builds(
    Marks,
    at=st.datetimes(),
    stamp=st.integers(0, 2**64 - 1),
    patient=st.integers(0, 2**31),
    service=st.integers(0, 2**31),
)
cursors = st.builds(
    Cursor,
    horizon=st.datetimes(),
    noted=marks,
    read=st.none() | marks,
    stage=st.sampled_from(Stage),
    after=st.integers(0, 2**63),
    restored=st.integers(0, 9),
    anchor=st.none() | st.builds(Anchor, st.integers(0), st.none() | st.datetimes(), st.integers(0)),
    swept=st.none() | st.datetimes(),
    known=st.none() | st.tuples() | st.tuples(st.text("ABCDxyz+/=", min_size=1)),
)


@given(cursor=cursors)
def test_what_is_written_is_read_back(cursor: Cursor) -> None:
    assert Cursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize(
    "kept", ["", "{}", "null", "[]", '{"v": 2}', '{"v": 1}', "0x00", str(BEGUN).replace("2026", "MMXX")]
)
def test_what_is_not_a_cursor_is_a_persons_to_mend(kept: str) -> None:
    with pytest.raises(AskOperator):
        Cursor.parse(kept)


def test_a_first_reading_takes_all_patients_and_then_all_visits() -> None:
    assert BEGUN.stages == FIRST
    assert replace(BEGUN, stage=Stage.ALL_VISITS, after=5).stages == (Stage.ALL_VISITS,)


def test_a_later_pass_goes_on_where_it_stopped() -> None:
    begun = BEGUN.done().begin(replace(MARKS, at=NOW + timedelta(hours=1)))

    assert begun.stages == LATER
    assert begun.entering(Stage.SERVICES).stages == tuple(stage for stage in Stage if stage >= Stage.SERVICES)
    assert begun.done().read == begun.noted


def test_entering_a_stage_begins_it_and_staying_keeps_the_place() -> None:
    halfway = replace(BEGUN, after=500)

    assert halfway.entering(Stage.ALL_PATIENTS).after == 500
    assert halfway.entering(Stage.ALL_VISITS).after == 0


def test_places_grow_through_a_life() -> None:
    later = replace(MARKS, at=NOW + timedelta(hours=1))
    life = [
        BEGUN,
        replace(BEGUN, after=500),
        BEGUN.entering(Stage.ALL_VISITS),
        BEGUN.done(),
        replace(BEGUN.done().begin(later), stage=Stage.VISITS, after=0xC41324),
        BEGUN.done().begin(later).done(),
        BEGUN.done().begin(later).done().over_again(MARKS),
    ]

    places = [cursor.place for cursor in life]
    assert places == sorted(set(places))
