"""Which cards a list shows: order, filters, full text (docs/reference/amocrm.md §3.5, §4.3).

Filters are ignored without a word when the account's flag is off, as the real service does.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..wire import whole
from .cards import Card, Lead
from .crm import Crm
from .fields import WITH_OPTIONS
from .order import Order

Test = Callable[[Card], bool]
RANGES = ("created_at", "updated_at", "closed_at", "price", "closest_task_at")
LISTS = ("id", "name", "created_by", "updated_by", "responsible_user_id", "pipeline_id")


@dataclass(slots=True)
class Wanted:
    """What a list request asks for; `filters` is the PHP tree of `filter[…]`."""

    kind: str
    filters: object
    query: str
    order: str = "id"
    descending: bool = False
    hidden_since: float | None = None


def find(crm: Crm, wanted: Wanted, start: int, stop: int) -> tuple[list[Card], bool]:
    """The cards at the positions start ≤ position < stop, and whether there are more."""
    filters = wanted.filters if crm.account.is_api_filter_enabled and isinstance(wanted.filters, dict) else {}
    if _is_plain_updated_at(filters):
        return [], False
    order = crm.cards(wanted.kind).order(wanted.order)
    window = _window(filters, order, crm, wanted)
    tests = [*_tests(crm, wanted.kind, filters), *_text_tests(crm, wanted)]
    if not tests and window is not None:
        return _slice(crm, wanted, order, window, start, stop)
    passing = [card for card in _candidates(crm, wanted, filters) if all(test(card) for test in tests)]
    passing.sort(key=_sort_key(wanted.order), reverse=wanted.descending)
    return passing[start:stop], len(passing) > stop


def _is_plain_updated_at(filters: dict[str, object]) -> bool:
    """`filter[updated_at]=ts` finds nothing: it has to be a range."""
    return isinstance(filters.get("updated_at"), str)


def _window(filters: dict[str, object], order: Order, crm: Crm, wanted: Wanted) -> tuple[int, int] | None:
    """Positions in the order when it alone answers: no filter, or a time range over the order itself."""
    if not filters:
        return 0, len(order)
    span = filters.get(wanted.order)
    if (
        set(filters) == {wanted.order}
        and isinstance(span, dict)
        and wanted.order != "id"
        and order is not crm.leads.by_id
    ):
        low, high = _bounds(span)
        return order.rank(low), order.rank(high + 1) if high < 2**31 else len(order)
    return None


def _bounds(span: dict[str, object]) -> tuple[int, int]:
    return whole(span.get("from"), 0), whole(span.get("to"), 2**31)


def _slice(
    crm: Crm, wanted: Wanted, order: Order, window: tuple[int, int], start: int, stop: int
) -> tuple[list[Card], bool]:
    low, high = window
    rows = crm.cards(wanted.kind).rows
    if wanted.descending:
        ids = order.ids(max(high - stop, low), high - start)[::-1]
    else:
        ids = order.ids(low + start, min(low + stop, high))
    return [rows[card_id] for card_id in ids], high - low > stop


def _candidates(crm: Crm, wanted: Wanted, filters: dict[str, object]) -> Iterable[Card]:
    """Cards worth testing: those named by id, those in the time range, or all."""
    cards = crm.cards(wanted.kind)
    if "id" in filters:
        found = (cards.get(whole(each, 0)) for each in sorted(_texts(filters["id"])))
        return [card for card in found if card is not None]
    span = filters.get("updated_at")
    if isinstance(span, dict):
        low, high = _bounds(span)
        stop = cards.by_updated.rank(high + 1) if high < 2**31 else len(cards.by_updated)
        return [cards.rows[card_id] for card_id in cards.by_updated.ids(cards.by_updated.rank(low), stop)]
    return cards.living()


def _sort_key(order: str) -> Callable[[Card], tuple[int, int]]:
    if order == "updated_at":
        return lambda card: (card.updated_at, card.id)
    if order == "created_at":
        return lambda card: (card.created_at, card.id)
    return lambda card: (0, card.id)


def _texts(value: object) -> set[str]:
    """A single value or a list, as texts."""
    if isinstance(value, dict):
        return {str(each) for each in value.values()}
    return {str(value)}


def _tests(crm: Crm, kind: str, filters: dict[str, object]) -> list[Test]:
    tests: list[Test] = []
    for name, value in filters.items():
        if name == "custom_fields_values" and isinstance(value, dict):
            tests += [_field_test(crm, kind, field_id, each) for field_id, each in value.items()]
        elif name == "statuses" and isinstance(value, dict) and kind == "leads":
            tests.append(_stage_test(value))
        elif name in RANGES and isinstance(value, dict):
            tests.append(_range_test(crm, kind, name, value))
        elif (name in LISTS and (kind == "leads" or name != "pipeline_id")) or (name == "price" and kind == "leads"):
            tests.append(_list_test(name, _texts(value)))
    return tests


def _list_test(name: str, allowed: set[str]) -> Test:
    return lambda card: str(getattr(card, name)) in allowed


def _range_test(crm: Crm, kind: str, name: str, span: dict[str, object]) -> Test:
    low, high = whole(span.get("from"), -(2**62)), whole(span.get("to"), 2**62)

    def test(card: Card) -> bool:
        value = crm.tasks.closest(kind, card.id) if name == "closest_task_at" else getattr(card, name, None)
        return value is not None and low <= value <= high

    return test


def _stage_test(pairs: dict[str, object]) -> Test:
    """Both ids are needed; a pair with one of them matches nothing."""
    stages = {
        (str(pair.get("pipeline_id")), str(pair.get("status_id"))) for pair in pairs.values() if isinstance(pair, dict)
    }
    return lambda card: isinstance(card, Lead) and (str(card.pipeline_id), str(card.status_id)) in stages


def _field_test(crm: Crm, kind: str, field_id: str, value: object) -> Test:
    of = crm.fields.of(kind).get(whole(field_id, 0))
    if of is None or of.type == "multitext":
        return lambda _card: False
    if isinstance(value, dict) and ("from" in value or "to" in value):
        low, high = whole(value.get("from"), -(2**62)), whole(value.get("to"), 2**62)
        return lambda card: any(low <= float(str(each)) <= high for each, _ in card.values(of.id))
    allowed = _texts(value)
    if of.type in WITH_OPTIONS:
        return lambda card: any(str(option) in allowed for _, option in card.values(of.id))
    return lambda card: any(_comparable(each) in allowed for each, _ in card.values(of.id))


def _comparable(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _text_tests(crm: Crm, wanted: Wanted) -> list[Test]:
    """`query` looks into every filled field; digits are also found inside phones that are written with dashes.

    `hidden_since` hides what changed later: a search index that lags.
    """
    if not wanted.query:
        return []
    needle = wanted.query.strip().casefold()
    digits = needle if needle.isdecimal() else ""
    limit = wanted.hidden_since
    phones = {each.id for each in crm.fields.of(wanted.kind).values() if each.type == "multitext"}

    def test(card: Card) -> bool:
        if limit is not None and card.updated_at >= limit:
            return False
        name = card.name if digits else card.name.casefold()
        return needle in name or str(card.id) == needle or _is_filled_with(card, needle, digits, phones)

    return [test]


def _is_filled_with(card: Card, needle: str, digits: str, phones: set[int]) -> bool:
    for field_id, values in card.filled:
        for value, _ in values:
            text = str(value)
            if digits and field_id in phones:
                text = digits_of(text)
            elif not digits:
                text = text.casefold()
            if needle in text:
                return True
    return False


_NO_DIGITS = str.maketrans("", "", "+-() .\u00a0")


def digits_of(text: str) -> str:
    """The digits of a phone as it was written."""
    bare = text.translate(_NO_DIGITS)
    return bare if bare.isdecimal() else "".join(filter(str.isdecimal, bare))
