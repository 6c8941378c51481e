"""Which table and which column of an unknown database is each wanted one: tables first, by all of their columns."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from priem.mis.ident.discovery.described import Described
from priem.mis.ident.discovery.evidence import Piece, confidence, pieces_for
from priem.mis.ident.discovery.joins import Joins
from priem.mis.ident.discovery.order import marks
from priem.mis.ident.discovery.samples import Sampled
from priem.mis.ident.discovery.wanted import COLUMNS, TABLES, Wanted, words_of
from priem.texts import Text, text

LINE = 0.6
"""Below it, a person has to look; above it, only wrong guesses would be a surprise."""
ROUNDS = 3
NAMED = 0.35
"""What a table's own name adds to what its columns say."""
CLOSE = 0.92
"""Two columns that are so near to each other in confidence cannot be told apart."""


MAY_BE_VIEWS = frozenset({"OrderPaymentsJournal"})
"""docs/reference/ident.md §2.3 knows of none else that Priem reads."""
PHONES = frozenset({("Persons", "MobilePhone"), ("Persons", "Phone")})


@dataclass(frozen=True, slots=True)
class Guess:
    wanted: Wanted
    table: str
    column: str
    confidence: float
    evidence: tuple[Text, ...]
    via: str = ""
    """The column of `table` that says whose row it is, where it is a table of its own."""

    @property
    def is_sure(self) -> bool:
        return self.confidence >= LINE


@dataclass
class Matching:
    joins: Joins
    sampled: Mapping[str, Sampled]
    tables: dict[str, str] = field(default_factory=dict)
    """Wanted table → the one it is taken for."""

    def guesses(self) -> list[Guess]:
        order = {name: marks(sampled) for name, sampled in self.sampled.items()}
        for _ in range(ROUNDS):
            self.tables = self._taken(order)
        found = [guess for wanted, table in self.tables.items() for guess in self._columns(wanted, table, order)]
        sure = {guess.wanted.name for guess in found if guess.is_sure}
        apart = [] if sure & PHONES else list(self._phones_apart())
        names = {guess.wanted.name for guess in apart}
        return [guess for guess in found if guess.wanted.name not in names] + apart

    def _phones_apart(self) -> Iterator[Guess]:
        """Phones that stand in a table of their own, one a row."""
        best: tuple[float, str, str, str] = (0.0, "", "", "")
        for table, sampled in self.sampled.items():
            if table not in self.tables.values():
                for name, sample in sampled.columns.items():
                    for owner, held in self._owners(table):
                        best = max(best, (round(sample.share("phone") * held, 2), table, name, owner))
        share, table, column, owner = best
        if share >= LINE:
            shape = self.sampled[table][column].shape
            says = text("A table of its own, one phone such as {shape} a row, each with its owner.", shape=shape)
            for wanted in COLUMNS:
                if wanted.name in PHONES:
                    yield Guess(wanted, table, column, share, (says,), owner)

    def _owners(self, table: str) -> Iterator[tuple[str, float]]:
        people = self.tables.get("Persons")
        for name, sample in self.sampled[table].columns.items():
            if people and sample.column.kind == "whole" and name != self.sampled[table].table.key:
                if self.joins.declared(table, name) == people:
                    yield name, 0.95
                elif (held := self.joins.held(table, name, people)) > 0:
                    yield name, min(0.9, held + 0.4 * self.joins.sounds_like(name, people))

    def _taken(self, order: Mapping[str, dict[str, dict[str, Piece]]]) -> dict[str, str]:
        """The best pairs first; a table is taken once, but for one that is two tables in one."""
        scores = sorted(
            (
                (self._score(wanted, name, order), wanted, name)
                for wanted in TABLES
                for name, sampled in self.sampled.items()
                if not sampled.table.is_view or wanted in MAY_BE_VIEWS
            ),
            key=lambda one: (-one[0], one[1], one[2]),
        )
        taken: dict[str, str] = {}
        for score, wanted, table in scores:
            is_free = wanted not in taken and table not in taken.values()
            if is_free and score > NAMED and self._is_credible(wanted, table, order):
                taken[wanted] = table
        return taken

    def _score(self, wanted: str, table: str, order: Mapping[str, dict[str, dict[str, Piece]]]) -> float:
        weights = {column.name: 1.0 if column.is_needed else 0.3 for column in of_table(wanted)}
        if not weights:
            return 0.0
        found = {guess.wanted.name: guess.confidence for guess in self._columns(wanted, table, order)}
        by_columns = sum(weights[name] * found.get(name, 0) for name in weights) / sum(weights.values())
        by_name = NAMED * bool(re.search(TABLES[wanted], words_of(table)))
        return by_columns + by_name + 0.3 * self._is_referred_to(wanted, table)

    def _is_credible(self, wanted: str, table: str, order: Mapping[str, dict[str, dict[str, Piece]]]) -> bool:
        """A table whose name says nothing has to show more than a key, which every table has."""
        if re.search(TABLES[wanted], words_of(table)) or self._is_referred_to(wanted, table):
            return True
        own = [guess for guess in self._columns(wanted, table, order) if not guess.wanted.is_key]
        return sum(guess.is_sure for guess in own) >= 2

    def _is_referred_to(self, wanted: str, table: str) -> bool:
        """Columns of tables that are found already lead there."""
        for column in COLUMNS:
            if column.refers == wanted and (source := self.tables.get(column.table)):
                for name in self.sampled[source].columns:
                    fits = column.words and re.search(column.words, words_of(name))
                    if fits and (self.joins.declared(source, name) == table or self._sounds(source, name, table)):
                        return True
        return False

    def _sounds(self, source: str, name: str, table: str) -> bool:
        return self.joins.sounds_like(name, table) and self.joins.held(source, name, table) > 0

    def _columns(self, wanted: str, table: str, order: Mapping[str, dict[str, dict[str, Piece]]]) -> Iterator[Guess]:
        """Each column is given once, the surest first."""
        sampled = self.sampled[table]
        found: list[Guess] = []
        for each in of_table(wanted):
            for name in sampled.columns:
                own = order[table].get(name, {}) if wanted == "Receptions" else {}
                pieces = pieces_for(each, sampled, name, self.joins, self.tables, own)
                if pieces and len(pieces) > 1:
                    evidence = tuple(piece.says for piece in pieces if piece.weight > 0)
                    found.append(Guess(each, table, name, confidence(pieces), evidence))
        yield from chosen(found)


def of_table(wanted: str) -> list[Wanted]:
    return [column for column in COLUMNS if column.table == wanted]


def chosen(found: list[Guess]) -> Iterator[Guess]:
    left = sorted(found, key=lambda guess: (-guess.confidence, guess.wanted.name, guess.column))
    while left:
        best = left.pop(0)
        rivals = [guess for guess in left if guess.wanted == best.wanted]
        left = [guess for guess in left if guess.wanted != best.wanted and guess.column != best.column]
        claimed = {guess.column for guess in left if guess.confidence > best.confidence}
        yield doubted(best, [rival for rival in rivals if rival.column not in claimed])


def doubted(best: Guess, rivals: list[Guess]) -> Guess:
    """Where two columns look alike, neither is sure."""
    near = max((rival.confidence for rival in rivals), default=0)
    if near < CLOSE * best.confidence or best.confidence >= 0.9:
        return best
    return Guess(best.wanted, best.table, best.column, round(best.confidence * 0.6, 2), best.evidence)


def match(described: Described, sampled: Mapping[str, Sampled], joins: Joins) -> Matching:
    return Matching(joins, {name: one for name, one in sampled.items() if name in described.tables})
