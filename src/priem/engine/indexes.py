"""What the store in memory finds its records by. Pure."""

from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import Generic, TypeVar

R = TypeVar("R", bound=Hashable)
N = TypeVar("N", bound=Hashable)


class Index(Generic[R, N]):
    """Which records go by which names."""

    def __init__(self) -> None:
        self._records: dict[N, set[R]] = {}
        self._names: dict[R, frozenset[N]] = {}

    def put(self, record: R, names: Iterable[N]) -> None:
        for name in self._names.pop(record, frozenset()):
            self._records[name].discard(record)
        self._names[record] = frozenset(names)
        for name in self._names[record]:
            self._records.setdefault(name, set()).add(record)

    def at(self, names: Iterable[N]) -> set[R]:
        return {record for name in names for record in self._records.get(name, ())}


class Merges:
    """Who was swallowed by whom. Winners that are swallowed in their turn lead to the last one."""

    def __init__(self) -> None:
        self._winners: dict[int, int] = {}

    def add(self, winners: Mapping[int, int]) -> None:
        self._winners.update(winners)
        for loser in self._winners:
            self._winners[loser] = self.living(loser)

    def living(self, id_: int) -> int:
        passed: set[int] = set()
        while id_ in self._winners and id_ not in passed:
            passed.add(id_)
            id_ = self._winners[id_]
        return id_

    def of(self, ids: Iterable[int]) -> dict[int, int]:
        """Those of these that were swallowed, and by whom."""
        return {id_: self._winners[id_] for id_ in ids if id_ in self._winners}

    def swallowed_by(self, winners: Collection[int]) -> Mapping[int, int]:
        return {loser: winner for loser, winner in self._winners.items() if winner in winners}
