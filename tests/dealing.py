"""In which order a run with several workers takes the tests: those that drive processes first.

A worker that meets a test of a minute when all others are done keeps the run waiting for it alone.
"""

from collections import defaultdict

import pytest

MARKS_BY_LENGTH = ("e2e", "slow")


def dealt(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """Each worker begins with an equal part of this list and takes from the ends of the others' when it is done.

    Long tests are dealt to the beginnings of the parts like cards; a file or a group stays whole, for its fixtures.
    """
    hands: list[list[pytest.Item]] = [[] for _ in range(workers)]
    rest: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        rest[next((mark for mark in MARKS_BY_LENGTH if item.get_closest_marker(mark)), "")].append(item)
    turn = 0
    for mark in MARKS_BY_LENGTH:
        for together in _by_fixtures(rest[mark]):
            hands[turn % workers] += together
            turn += 1
    return _filled_up(hands, rest[""])


def _by_fixtures(items: list[pytest.Item]) -> list[list[pytest.Item]]:
    sharing: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        group = item.get_closest_marker("xdist_group")
        sharing[group.args[0] if group else str(item.path)].append(item)
    return list(sharing.values())


def _filled_up(hands: list[list[pytest.Item]], short: list[pytest.Item]) -> list[pytest.Item]:
    each = -(-(sum(map(len, hands)) + len(short)) // len(hands))
    filled: list[pytest.Item] = []
    for hand in hands:
        room = max(0, each - len(hand))
        filled += hand + short[:room]
        short = short[room:]
    return filled + short
