"""Where bench/thousand.py says that the time of a change went."""

import pytest

from bench.stages import Way, pieces

WAY = Way(record=(0, 0), at=10.0, sent=10.5, arrived=13.0)


@pytest.mark.parametrize(
    ("decisions", "found"),
    [
        pytest.param([12.0], (0.5, 1.5, 1.0), id="one after another"),
        pytest.param([8.0, 11.0, 12.0, 14.0], (0.5, 1.5, 1.0), id="the last decision before it arrived"),
        pytest.param([10.25], (0.25, 0.0, 2.75), id="decided before the agent had its answer"),
        pytest.param([8.0, 14.0], None, id="of another change"),
        pytest.param([], None, id="never decided"),
    ],
)
def test_the_pieces_of_a_way(decisions: list[float], found: tuple[float, float, float] | None) -> None:
    assert pieces(WAY, decisions) == found
