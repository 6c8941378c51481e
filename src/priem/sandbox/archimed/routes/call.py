"""One call of a branch's method, and the envelope, filters and paging that lists have in common."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from priem.sandbox.wire import whole

from ..settings import Shape
from ..state.branch import Branch
from ..tokens import Caller
from ..wire import Answer, Refused, Request, answer
from .render import Renderer, Row

NOT_FOUND = "Не найдено"
T = TypeVar("T")


@dataclass(slots=True)
class Call:
    """What a handler gets."""

    request: Request
    caller: Caller
    shape: Shape

    @property
    def branch(self) -> Branch:
        """Whose data it is."""
        return self.caller.branch

    @property
    def renderer(self) -> Renderer:
        """Of this version."""
        return Renderer(self.branch, self.shape)

    @property
    def creator(self) -> str:
        """Who shows as the talon's creator: the token's user, else the API itself."""
        return self.caller.user.name if self.caller.user else "API"

    def page(self, rows: Iterable[T], show: Callable[[T], Row]) -> Answer:
        """`data` with `total`, `page` and the `limit` that was really used; only `fields[]` of each row."""
        fitting = list(self._filtered(rows, show))
        if self.branch.manners.newest_first:
            fitting.reverse()
        limit = max(1, min(whole(self.request.parameter("limit"), self.shape.default_limit), self.shape.max_limit))
        number = max(1, whole(self.request.parameter("page"), 1))
        shown = [self.only_fields(show(row)) for row in fitting[(number - 1) * limit : number * limit]]
        total: int | str = str(len(fitting)) if self.shape.totals_as_text else len(fitting)
        return answer({"data": shown, "total": total, "page": number, "limit": limit}, len(shown))

    def one(self, row: Row) -> Answer:
        """A single record stands in no envelope."""
        return answer(self.only_fields(row), 1)

    def only_fields(self, row: Row) -> Row:
        """The projection."""
        wanted = self.request.listed("fields")
        return {name: row[name] for name in wanted if name in row} if wanted else row

    def _filtered(self, rows: Iterable[T], show: Callable[[T], Row]) -> Iterator[T]:
        """`filters[0][field]=phone&filters[0][value]=79…`: equal as text to what is stored, letter by letter."""
        wanted = self._filters()
        for row in rows:
            if wanted:
                shown = show(row)
                if any(name in shown and _text(shown[name]) != value for name, value in wanted):
                    continue
            yield row

    def _filters(self) -> list[tuple[str, str]]:
        found = self.request.tree("filters")
        ignored = self.branch.manners.ignored_filters
        rows = [row for row in found.values() if isinstance(row, dict)] if isinstance(found, dict) else []
        pairs = [(str(row.get("field", "")), str(row.get("value", ""))) for row in rows]
        return [pair for pair in pairs if pair[0] not in ignored and "*" not in ignored]

    def day(self, name: str) -> date | None:
        """A day of the query, `dd.mm.yyyy`; Refused 400 for nonsense."""
        sent = self.request.parameter(name)
        return day_of(sent) if sent else None


def found(table: dict[int, T], number: int) -> T:
    """Refused 404 when it is not there."""
    row = table.get(number)
    if row is None:
        raise Refused(404, NOT_FOUND)
    return row


def day_of(text: str) -> date:
    """`dd.mm.yyyy`; Refused 400 for nonsense."""
    return _read(text, "%d.%m.%Y").date()


def moment_of(day: str, time: str) -> datetime:
    """`dd.mm.yyyy` and `hh:mm` or `hh:mm:ss`; Refused 400 for nonsense."""
    return _read(f"{day} {time}", "%d.%m.%Y %H:%M" if time.count(":") == 1 else "%d.%m.%Y %H:%M:%S")


def number_of(text: str) -> int:
    """An id of a form, 0 when it is not there; Refused 400 for nonsense."""
    if text and not text.isdecimal():
        raise Refused(400, "Некорректное значение")
    return int(text or 0)


def _read(text: str, form: str) -> datetime:
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007  # times of the API have no zone
    except ValueError:
        raise Refused(400, "Некорректная дата") from None


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return "" if value is None else str(value)
