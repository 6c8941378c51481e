"""What the cursor keeps of visits that may vanish comes back as it was, and takes little room."""

import random
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from priem.errors import AskOperator
from priem.mis.ident.known import KnownVisit, is_suspicious, read, written

MORNING = datetime(2026, 3, 2, 9)  # noqa: DTZ001 - IDENT's times are naive

visits = st.builds(
    KnownVisit,
    id=st.integers(1, 2**31),
    patient=st.integers(1, 2**31),
    branch=st.integers(0, 500),
    starts=st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)).map(  # noqa: DTZ001 - naive as well
        lambda moment: moment.replace(second=0, microsecond=0)
    ),
    aside=st.integers(0, 65535),
)


@given(known=st.lists(visits, unique_by=lambda visit: visit.id))
def test_what_is_written_is_read_back(known: list[KnownVisit]) -> None:
    assert read([written(known)]) == {visit.id: visit for visit in known}


def test_what_was_written_later_is_what_is_true() -> None:
    before, after = KnownVisit(7, 1, 1, MORNING), KnownVisit(7, 2, 1, MORNING + timedelta(days=1))

    assert read([written([before]), "", written([after])]) == {7: after}


def test_a_month_of_a_big_clinic_is_some_dozen_kilobytes() -> None:
    dice = random.Random(1)
    month = [
        KnownVisit(1_000_000 + n, dice.randrange(200_000), 1, MORNING + timedelta(minutes=15 * dice.randrange(3000)))
        for n in range(5000)
    ]

    assert len(written(month)) < 50_000


@pytest.mark.parametrize("kept", ["?", "AAAA", written([KnownVisit(1, 1, 1, MORNING)])[:-8]])
def test_what_nobody_has_written_is_a_persons_to_mend(kept: str) -> None:
    with pytest.raises(AskOperator):
        read([kept])


@pytest.mark.parametrize(
    ("gone", "known", "suspicious"),
    [
        pytest.param(4, 4, False, id="a few of a small clinic"),
        pytest.param(5, 5, True, id="all of a small clinic"),
        pytest.param(6, 19, True, id="more than may of a small clinic"),
        pytest.param(20, 100, False, id="as many as may"),
        pytest.param(21, 100, True, id="more than may"),
        pytest.param(20, 20, True, id="all"),
    ],
)
def test_when_so_many_vanish_that_nobody_believes_it(gone: int, known: int, *, suspicious: bool) -> None:
    there = {id_: KnownVisit(id_, 1, 1, MORNING) for id_ in range(1, known + 1)}

    assert is_suspicious(range(1, gone + 1), there, 20) is suspicious
