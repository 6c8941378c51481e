"""Lists of amoCRM (its catalogs) that Priem keeps. Elements cannot be deleted. docs/reference/amocrm.md §3.14"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from priem.amocrm.client import Client
from priem.amocrm.problems import Answer, Lost, Refused
from priem.errors import AskOperator, TryLater
from priem.texts import text

PAGE = 250
CATALOGS = "/api/v4/catalogs"


@dataclass(frozen=True, slots=True, kw_only=True)
class ElementDraft:
    """A row of a list to make, or with `id`, to change."""

    ref: str
    name: str
    id: int | None = None
    fields: Mapping[int, str] = field(default_factory=dict)
    """By field id; an empty value clears the field."""


def from_element_draft(draft: ElementDraft) -> dict[str, Any]:
    values = [{"field_id": id_, "values": [{"value": value}] if value else None} for id_, value in draft.fields.items()]
    sent: dict[str, Any] = {"name": draft.name, "custom_fields_values": values}
    return sent if draft.id is None else sent | {"id": draft.id}


def list_called(client: Client, name: str) -> int:
    """The id of the list of that name, which is made where there is none. Raises TryLater or AskOperator."""
    there = (int(row["id"]) for row in every(client, CATALOGS, "catalogs") if row.get("name") == name)
    if (found := next(there, None)) is not None:
        return found
    wanted = {"name": name, "type": "regular", "can_add_elements": False, "can_show_in_cards": False}
    [made] = sent(client, CATALOGS, [wanted]).rows("catalogs")
    return int(made["id"])


def fields_called(client: Client, catalog: int, wanted: Mapping[str, str]) -> Mapping[str, int]:
    """Ids of the list's fields by name; those that are missing are made. `wanted`: names → amoCRM's kinds."""
    path = f"{CATALOGS}/{catalog}/custom_fields"
    there = {str(row["name"]): int(row["id"]) for row in every(client, path, "custom_fields")}
    missing = [{"name": name, "type": kind} for name, kind in wanted.items() if name not in there]
    if missing:
        there |= {str(row["name"]): int(row["id"]) for row in sent(client, path, missing).rows("custom_fields")}
    return {name: there[name] for name in wanted}


def elements_of(client: Client, catalog: int) -> Iterator[tuple[str, int]]:
    """Names and ids of the list's rows."""
    rows = every(client, f"{CATALOGS}/{catalog}/elements", "elements")
    return ((str(row["name"]), int(row["id"])) for row in rows)


def sent(client: Client, path: str, payload: list[dict[str, Any]]) -> Answer:
    """What is lost is looked for by its name the next time, before anything is sent again."""
    try:
        return client.write("POST", path, payload)
    except Lost as error:
        raise TryLater(error.what) from error
    except Refused as error:
        raise AskOperator(
            text("amoCRM makes no list for free time: {reason}", reason=error.what),
            text("An account has ten lists at most, and an administrator's access is needed. Or switch the list off."),
        ) from error


def every(client: Client, path: str, plural: str) -> Iterator[dict[str, Any]]:
    page, more = 1, True
    while more:
        answer = client.get(path, [("page", page), ("limit", PAGE)])
        yield from answer.rows(plural)
        page, more = page + 1, answer.has_next
