"""Which columns hold the keys of which tables: as declared, or as samples let it be."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from priem.errors import AskOperator
from priem.mis.ident.discovery.described import Described, quoted
from priem.mis.ident.discovery.samples import Sampled
from priem.mis.ident.discovery.wanted import words_of
from priem.mis.ident.driver import Database

TRIED = 40
"""Values of a column that are looked for among the keys."""
ENOUGH = 12
"""Different values that found their keys: hardly by chance, where keys are no small figures."""
IDLE_WORDS = frozenset({"id", "kod", "code", "ref", "fk", "key"})


@dataclass
class Joins:
    """Asked for when needed, and remembered."""

    database: Database
    described: Described
    sampled: Mapping[str, Sampled]
    _held: dict[tuple[str, str, str], float] = field(default_factory=dict)
    _ends: dict[str, tuple[int, int]] = field(default_factory=dict)

    def declared(self, table: str, column: str) -> str | None:
        return self.described.references.get((table, column))

    def held(self, table: str, column: str, target: str) -> float:
        """How far the column's values are keys of the target, 0 to 1; below 0 when they are not."""
        name = table, column, target
        if name not in self._held:
            self._held[name] = self._tried(table, column, target)
        return self._held[name]

    def _tried(self, table: str, column: str, target: str) -> float:
        values = sorted(self.sampled[table][column].numbers - {0})
        aim = self.described.tables[target]
        if not values or not aim.key:
            return 0.0
        least, most = self._range(target)
        if values[0] < least or values[-1] > most:
            return -1.0
        step = max(1, len(values) // TRIED)
        some = values[::step][:TRIED]
        if not self._all_there(target, some):
            return -1.0
        # Small figures are keys of any table; many, or large, are not.
        is_telling = len(values) >= ENOUGH or least > ENOUGH
        return 0.6 if is_telling else 0.25

    def _range(self, target: str) -> tuple[int, int]:
        if target not in self._ends:
            table = self.described.tables[target]
            name = quoted(table.key)
            question = f"SELECT MIN({name}) AS A, MAX({name}) AS B FROM {table.path}"  # noqa: S608 - names, quoted
            try:
                [row] = self.database.rows("range", question)
                self._ends[target] = int(str(row["A"])), int(str(row["B"]))
            except (AskOperator, ValueError):
                self._ends[target] = (1, 0)
        return self._ends[target]

    def _all_there(self, target: str, some: list[int]) -> bool:
        table = self.described.tables[target]
        key = quoted(table.key)
        question = f"SELECT COUNT(*) AS N FROM {table.path} WHERE {key} IN (@ids)"  # noqa: S608 - names, quoted
        try:
            [row] = self.database.rows("join", question, ids=some)
        except AskOperator:
            return False
        return int(str(row["N"])) == len(some)

    def sounds_like(self, column: str, target: str) -> bool:
        """Whether the column's name begins as the table's does: `KodKresla` and `Kresla`, `room_id` and `rooms`."""
        own = [word for word in words_of(column).split() if word not in IDLE_WORDS]
        aim = words_of(target).split()
        return bool(own) and all(any(stem(word) == stem(other) for other in aim) for word in own)


def stem(word: str) -> str:
    return word[: max(4, len(word) - 3)][:5]
