"""What a few hundred rows of a table look like. Rows live in memory only; what is told of them is shares and shapes."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from priem.errors import AskOperator
from priem.mis.ident.discovery.described import Column, Table, quoted
from priem.mis.ident.driver import Database
from priem.mis.ident.rows import day
from priem.phones import numbers_in

HALF = 150
"""Rows: so many of the newest, so many of the oldest."""
LETTERS = 80
"""Of a text: enough to see what it is."""
WORD = r"[А-ЯЁA-Z][а-яёa-z]+(?:-[А-ЯЁA-Z][а-яёa-z]+)?"
NAME = re.compile(rf"^{WORD}$")
PATRONYMIC = re.compile(r"(?:вич|вна|ична|инична|ьич|мич)$", re.IGNORECASE)
SURNAME = re.compile(
    r"(?:[оеё]ва?|ина?|ын|ына|[сц]к(?:ий|ая|ой)|ых|их|ко|ук|юк|чук|дзе|швили|ян|ный|ная)$", re.IGNORECASE
)
FULL_NAME = re.compile(rf"^{WORD}(?: {WORD}){{1,2}}$")
EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.\w+$")
GIVEN = frozenset(
    """александр александра алексей алина алла анастасия анатолий андрей анна антон артём артем борис вадим валентина
    валерий василий вера виктор виктория виталий владимир галина георгий григорий дарья денис дмитрий евгений евгения
    егор екатерина елена иван игорь илья инна ирина кирилл константин ксения лариса лидия любовь людмила максим
    маргарита марина мария михаил надежда наталья николай нина оксана олег ольга павел полина пётр роман светлана
    семён сергей софия степан тамара татьяна тимофей фёдор юлия юрий яна""".split()  # noqa: SIM905 - a list reads worse
)
"""The most common ones: a column of given names has many of them, whoever the patients are."""
SHAPES: Mapping[str, Callable[[str], bool]] = {
    "phone": lambda written: bool(numbers_in(written)),
    "mobile": lambda written: any(number.startswith(("+79", "+77", "+375")) for number in numbers_in(written)),
    "name": lambda written: bool(NAME.match(written)),
    "given": lambda written: written.casefold() in GIVEN,
    "patronymic": lambda written: bool(NAME.match(written) and PATRONYMIC.search(written)),
    "surname": lambda written: bool(
        NAME.match(written) and SURNAME.search(written) and not PATRONYMIC.search(written)
    ) and written.casefold() not in GIVEN,
    "full_name": lambda written: bool(FULL_NAME.match(written)),
    "email": lambda written: bool(EMAIL.match(written)),
    "day": lambda written: day(written) is not None,
    "number": lambda written: any(letter.isdigit() for letter in written) and len(written) < 16,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sample:
    """A column's values, row by row, None where empty."""

    column: Column
    values: tuple[object, ...]

    @property
    def there(self) -> list[object]:
        return [value for value in self.values if value is not None and value != ""]

    @property
    def filled(self) -> float:
        return len(self.there) / len(self.values) if self.values else 0.0

    @property
    def numbers(self) -> frozenset[int]:
        return frozenset(value for value in self.values if isinstance(value, int) and not isinstance(value, bool))

    def share(self, shape: str) -> float:
        """Of the values that are there: 0 to 1."""
        texts = [str(value).strip() for value in self.there if isinstance(value, str)]
        return sum(map(SHAPES[shape], texts)) / len(texts) if texts else 0.0

    def dates(self, least: int, most: int) -> float:
        """The share of days or moments within these years."""
        years = [value.year for value in self.there if isinstance(value, date)]
        return sum(least <= year <= most for year in years) / len(years) if years else 0.0

    @property
    def planned(self) -> float:
        """The share of moments that stand at five minutes sharp: what people plan, and clocks seldom write."""
        moments = [value for value in self.there if isinstance(value, datetime)]
        sharp = sum(value.minute % 5 == 0 and value.second == 0 and value.microsecond == 0 for value in moments)
        return sharp / len(moments) if moments else 0.0

    @property
    def shape(self) -> str:
        """The most common shape of a phone: digits but for the first two, and letters, are covered."""
        covered = [cover(str(value)) for value in self.there]
        return max(sorted(set(covered)), key=covered.count) if covered else ""


@dataclass(frozen=True, slots=True)
class Sampled:
    table: Table
    columns: Mapping[str, Sample]
    rows: int

    def __getitem__(self, column: str) -> Sample:
        return self.columns[column]


def cover(value: str) -> str:
    digits = 0
    covered = []
    for letter in value:
        digits += letter.isdigit()
        covered.append("●" if letter.isalpha() or (letter.isdigit() and digits > 2) else letter)
    return "".join(covered)


def sample(database: Database, table: Table) -> Sampled:
    """The newest and the oldest rows; none of a view, nor of a table that this login may not read."""
    columns = [column for column in table.columns if column.kind not in ("other", "version") and not column.is_long]
    rows = asked(database, table, [expression(column) for column in columns]) if columns and not table.is_view else []
    values = {column.name: tuple(row[f"c{number}"] for row in rows) for number, column in enumerate(columns)}
    samples = {column.name: Sample(column, values.get(column.name, ())) for column in table.columns}
    return Sampled(table, samples, len(rows))


def asked(database: Database, table: Table, wanted: Sequence[str]) -> list[Mapping[str, object]]:
    numbered = ", ".join(f"{part} AS c{number}" for number, part in enumerate(wanted))
    question = f"SELECT TOP (@rows) {numbered} FROM {table.path} AS t"  # noqa: S608 - names out of the schema, quoted
    key = f" ORDER BY t.{quoted(table.key)}" if table.key else ""
    found: list[Mapping[str, object]] = []
    try:
        for order in (f"{key} DESC", key) if key else ("",):
            rows = database.rows("sample", f"{question}{order} OPTION (MAXDOP 1)", rows=HALF)
            found += rows
            if len(rows) < HALF:
                break
    except AskOperator:
        return []
    return found


def expression(column: Column) -> str:
    name = f"t.{quoted(column.name)}"
    return f"LEFT({name}, {LETTERS})" if column.kind == "text" else name
