"""What speaks for a column, each piece with its weight; together they make a confidence."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from math import prod

from priem.mis.ident.discovery.joins import Joins
from priem.mis.ident.discovery.samples import Sample, Sampled
from priem.mis.ident.discovery.wanted import Wanted, words_of
from priem.texts import Text, text

CERTAIN = 0.97
"""Nothing that a machine finds out by looking is surer than that."""
AGAINST = 0.1
"""What is left of a guess when something speaks against it."""


@dataclass(frozen=True, slots=True)
class Piece:
    weight: float
    """0 to 1: how sure it makes by itself; negative: it speaks against, and takes nearly all away."""
    says: Text


def confidence(pieces: Iterable[Piece]) -> float:
    found = tuple(pieces)
    together = 1 - prod(1 - piece.weight for piece in found if piece.weight > 0)
    against = AGAINST ** sum(piece.weight < 0 for piece in found)
    return round(min(together, CERTAIN) * against, 2)


def percent(share: float) -> int:
    return round(100 * share)


def pieces_for(
    wanted: Wanted, sampled: Sampled, column: str, joins: Joins, targets: dict[str, str], marks: dict[str, Piece]
) -> list[Piece] | None:
    """What speaks for this column being the wanted one; None when its type forbids it.

    `targets`: which table each wanted table is taken for so far; `marks`: what the rows' own order says.
    """
    sample = sampled[column]
    if sample.column.kind not in wanted.kinds:
        return None
    found = [Piece(0.1, text("The type fits."))]
    found += named(wanted, column, sampled)
    found += keyed(wanted, sampled, column)
    found += shaped(wanted, sample)
    found += referring(wanted, sampled.table.name, column, joins, targets)
    if wanted.column in marks:
        found.append(marks[wanted.column])
    return found


def named(wanted: Wanted, column: str, sampled: Sampled) -> list[Piece]:
    if column.casefold() == wanted.column.casefold():
        return [Piece(0.85, text("It is called as in the profile."))]
    if wanted.words and re.search(wanted.words, words_of(column)):
        found = [Piece(0.55, text("The name says so."))]
        others = (one.column for name, one in sampled.columns.items() if name != column)
        if not any(one.kind in wanted.kinds and re.search(wanted.words, words_of(one.name)) for one in others):
            found.append(Piece(0.3, text("No other column of the table is called so.")))
        return found
    if wanted.kinds == ("version",):
        return [Piece(0.85, text("It is the table's only row version."))]
    return []


def keyed(wanted: Wanted, sampled: Sampled, column: str) -> list[Piece]:
    is_key = sampled.table.key == column
    if wanted.is_key and is_key:
        return [Piece(0.85, text("It is the table's primary key."))]
    if wanted.is_key and sampled.table.key:
        return [Piece(-1, text("Another column is the primary key."))]
    if is_key:
        return [Piece(-1, text("It is the table's primary key."))]
    return []


def shaped(wanted: Wanted, sample: Sample) -> list[Piece]:
    if not wanted.shape or not sample.there:
        return []
    share, says = SHAPED[wanted.shape](sample)
    if share < 0.3 and len(sample.there) > 5:
        return [Piece(-1, text("Samples do not look like it."))]
    return [Piece(0.75 * share, says)]


def text_share(shape: str, sample: Sample) -> tuple[float, Text]:
    share = sample.share(shape)
    return share, text("{share} % of the samples look like it.", share=percent(share))


def phone_share(sample: Sample) -> tuple[float, Text]:
    share = sample.share("phone")
    return share, text("{share} % of the samples are phones such as {shape}.", share=percent(share), shape=sample.shape)


def mobile_share(sample: Sample) -> tuple[float, Text]:
    """A mobile number is a phone; one that is none may be meant for it all the same."""
    share = sample.share("mobile")
    says = text("{share} % of the samples are mobile phones such as {shape}.", share=percent(share), shape=sample.shape)
    return max(0.6 * sample.share("phone"), share), says


def birthday_share(sample: Sample) -> tuple[float, Text]:
    share = max(sample.share("day"), sample.dates(1900, 2020))
    return share, text("{share} % of the samples are days of the last century or so.", share=percent(share))


def planned_share(sample: Sample) -> tuple[float, Text]:
    return sample.planned, text("{share} % of the samples stand at five minutes sharp.", share=percent(sample.planned))


def given_share(sample: Sample) -> tuple[float, Text]:
    """Half of a clinic's patients have one of the commonest names, and all look like names."""
    share = min(1.0, 1.4 * sample.share("given")) * (sample.share("name") > 0.5)
    return share, text("{share} % of the samples are common first names.", share=percent(sample.share("given")))


SHAPED: Mapping[str, Callable[[Sample], tuple[float, Text]]] = {
    "phone": phone_share,
    "mobile": mobile_share,
    "birthday": birthday_share,
    "planned": planned_share,
    "given": given_share,
    **{shape: partial(text_share, shape) for shape in ("surname", "patronymic", "full_name", "email", "number")},
}


def referring(wanted: Wanted, table: str, column: str, joins: Joins, targets: dict[str, str]) -> list[Piece]:
    declared = joins.declared(table, column)
    target = targets.get(wanted.refers) if wanted.refers else None
    if not wanted.refers:
        is_anothers = declared in targets.values() and not wanted.is_key
        return [Piece(-1, text("It is a key of another table."))] if is_anothers else []
    if target is None:
        return []
    if declared:
        return [by_declared(declared, target, joins)]
    return by_values(table, column, target, joins)


def by_declared(declared: str, target: str, joins: Joins) -> Piece:
    if declared == target:
        return Piece(0.8, text("A foreign key leads to {table}.", table=target))
    if joins.declared(declared, joins.described.tables[declared].key) != target:
        return Piece(-1, text("A foreign key leads elsewhere."))
    # A patient's key is a person's key, too.
    return Piece(0.6, text("A foreign key leads to {table}.", table=target))


def by_values(table: str, column: str, target: str, joins: Joins) -> list[Piece]:
    found = [Piece(0.4, text("Its name is like that of the table {table}.", table=target))] * joins.sounds_like(
        column, target
    )
    held = joins.held(table, column, target)
    if held < 0:
        return [*found, Piece(-1, text("Its values are no keys of {table}.", table=target))]
    if held > 0:
        found.append(Piece(held, text("All values tried are keys of {table}.", table=target)))
    return found
