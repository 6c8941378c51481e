"""What vanished: merges and deletions, of which amoCRM's history is the only trace. docs/reference/amocrm.md §3.15

What a merge's event carries beside the id of one of the two is not documented. So every id in it is collected, and
amoCRM is asked which of them are still there: those are who lives on.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from priem.amocrm.client import Client
from priem.amocrm.reading import read_some
from priem.model import Key
from priem.ports import Gone

K = TypeVar("K", bound=Key)

PAGE = 100
MOST_IDS = 10
"""That the history can be asked for at once."""
NO_RIGHT = (403, 404)
"""Without the right to see them, nothing has happened, as far as anybody can tell."""
NOT_TOLD = (400, *NO_RIGHT)
"""Nor where an account's history knows no changes of such a field: nobody has to wait for that."""
MERGED = "entity_merged"
DELETED = {"contact_deleted": "contacts", "lead_deleted": "leads"}
PLURALS = {"contact": "contacts", "lead": "leads"}
OTHER_IDS = frozenset({"note", "task", "message", "responsible_user", "lead_status", "task_type", "tag"})
"""Values whose ids are no contacts or leads."""


def gone_since(client: Client, since: int) -> Gone:
    """One request while nothing happened, and two or so for some merges."""
    merges: dict[str, list[set[int]]] = {"contacts": [], "leads": []}
    deleted: dict[str, set[int]] = {"contacts": set(), "leads": set()}
    for event in events(client, since, (MERGED, *DELETED)):
        if event.get("type") in DELETED:
            deleted[DELETED[event["type"]]].add(int(event["entity_id"]))
        elif (plural := PLURALS.get(str(event.get("entity_type")))) and len(ids := ids_in(event)) > 1:
            merges[plural].append(ids)
    merged = {
        plural: follow(groups, alive(client, plural, set().union(*groups)) if groups else set())
        for plural, groups in merges.items()
    }
    return Gone(
        merged_contacts=merged["contacts"],
        merged_leads=merged["leads"],
        contacts=frozenset(deleted["contacts"] - merged["contacts"].keys()),
        leads=frozenset(deleted["leads"] - merged["leads"].keys()),
    )


def keys_told(client: Client, kind: type[K], entity: str, field: int, ids: Iterable[int]) -> dict[K, int]:
    """What was written last to the key field of these. A request for ten of them; whether amoCRM tells of what a record
    was made with is not documented, nor for how long it tells of deleted ones."""
    last: dict[int, dict[str, Any]] = {}
    wanted = sorted(ids)
    for start in range(0, len(wanted), MOST_IDS):
        some = [("filter[entity_id][]", id_) for id_ in wanted[start : start + MOST_IDS]]
        chosen: list[tuple[str, str | int]] = [("filter[entity]", entity), *some]
        told = events(client, 0, (f"custom_field_{field}_value_changed",), chosen, may_refuse=NOT_TOLD)
        for event in sorted(told, key=lambda one: (int(one["created_at"]), str(one["id"]))):
            last[int(event["entity_id"])] = event
    return {key: id_ for id_, event in last.items() for word in words_in(event) if (key := kind.parse(word))}


def words_in(event: Mapping[str, Any]) -> list[str]:
    values = [value.get("custom_field_value") for value in event.get("value_after") or () if isinstance(value, dict)]
    return " ".join(str(value.get("text") or "") for value in values if isinstance(value, dict)).split()


def events(
    client: Client,
    since: int,
    types: Iterable[str],
    more_params: Iterable[tuple[str, str | int]] = (),
    may_refuse: Sequence[int] = NO_RIGHT,
) -> Iterator[dict[str, Any]]:
    choice = [*(("filter[type][]", type_) for type_ in types), *more_params]
    page, more = 1, True
    while more:
        answer = client.get(
            "/api/v4/events",
            [*choice, ("filter[created_at][from]", since), ("page", page), ("limit", PAGE)],
            may_refuse=may_refuse,
        )
        yield from answer.rows("events")
        page, more = page + 1, answer.has_next


def ids_in(event: Mapping[str, Any]) -> set[int]:
    return {int(event["entity_id"]), *nested_ids([event.get("value_after"), event.get("value_before")])}


def nested_ids(value: object) -> Iterator[int]:
    if isinstance(value, list):
        for one in value:
            yield from nested_ids(one)
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in ("id", "entity_id") and str(inner).isdigit():
                yield int(inner)
            elif name not in OTHER_IDS:
                yield from nested_ids(inner)


def alive(client: Client, plural: str, ids: set[int]) -> set[int]:
    """Those that amoCRM still has."""
    return {int(row["id"]) for row in read_some(client, plural, sorted(ids))}


def follow(groups: Iterable[set[int]], living: set[int]) -> dict[int, int]:
    """Merges of merges lead to who is there at last; where nobody or several are left, nothing is certain."""
    together: list[set[int]] = []
    for group in groups:
        touching = [other for other in together if other & group]
        together = [other for other in together if not other & group]
        together.append(group.union(*touching))
    found: dict[int, int] = {}
    for group in together:
        if len(left := group & living) == 1:
            winner = next(iter(left))
            found.update((id_, winner) for id_ in group - left)
    return found
