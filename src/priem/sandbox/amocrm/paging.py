"""Pages and the links between them (docs/reference/amocrm.md §3.1).

`_links.next` is absolute, repeats the query and is missing on the last page. `limit` above the cap is clamped: what the
real service does there is not documented.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

from .wire import Answer, Json, Request, empty, hal

T = TypeVar("T")

DEFAULT_LIMIT = 50
MAX_LIMIT = 250


@dataclass(slots=True, frozen=True)
class Page:
    """Which page was asked for, counted from 1."""

    number: int
    limit: int

    @property
    def offset(self) -> int:
        """How many items lie before it."""
        return (self.number - 1) * self.limit


def asked_page(request: Request, cap: int = MAX_LIMIT) -> Page:
    """Read `page` and `limit`; nonsense counts as not sent."""
    return Page(_positive(request.parameter("page"), 1), min(_positive(request.parameter("limit"), DEFAULT_LIMIT), cap))


def _positive(text: str, default: int) -> int:
    return int(text) if text.isdecimal() and int(text) > 0 else default


def page_url(request: Request, page: Page, number: int) -> str:
    """The address of another page of the same list."""
    rest = [(key, value) for key, value in request.pairs if key not in {"page", "limit"}]
    query = urlencode([("page", str(number)), ("limit", str(page.limit)), *rest])
    return f"{request.base}{request.path}?{query}"


def self_url(request: Request) -> str:
    """The address that was asked."""
    return f"{request.base}{request.path}" + (f"?{request.raw_query}" if request.raw_query else "")


def links(request: Request, page: Page, *, more: bool) -> Json:
    """`self`, `next` when there is more, `first` and `prev` after page 1."""
    found: Json = {"self": {"href": page_url(request, page, page.number)}}
    if more:
        found["next"] = {"href": page_url(request, page, page.number + 1)}
    if page.number > 1:
        found["first"] = {"href": page_url(request, page, 1)}
        found["prev"] = {"href": page_url(request, page, page.number - 1)}
    return found


def page_answer(request: Request, page: Page, plural: str, items: list[Json], *, more: bool) -> Answer:
    """One page; 204 when it holds nothing."""
    if not items:
        return empty()
    body = {
        "_page": page.number,
        "_links": links(request, page, more=more),
        "_embedded": {plural: items},
    }
    return hal(body, records=len(items))


def counted_answer(request: Request, page: Page, plural: str, items: list[Json], total: int) -> Answer:
    """One page of a list that tells its size, as custom fields and users do."""
    if not items:
        return empty()
    pages = -(-total // page.limit)
    found = links(request, page, more=page.number < pages)
    found["last"] = {"href": page_url(request, page, pages)}
    body = {
        "_total_items": total,
        "_page": page.number,
        "_page_count": pages,
        "_links": found,
        "_embedded": {plural: items},
    }
    return hal(body, records=len(items))


def cut(items: Sequence[T], page: Page) -> tuple[list[T], bool]:
    """The items of one page, and whether there are more behind it."""
    end = page.offset + page.limit
    return list(items[page.offset : end]), len(items) > end
