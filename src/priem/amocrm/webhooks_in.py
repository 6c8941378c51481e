"""What amoCRM posts when something changed: PHP's nested form keys, all values text. docs/reference/amocrm.md §3.19

Hooks come late, twice, in any order or never, and nothing proves who sent them. So a hook says only *what to look at*:
the entity is read from the API before anything is decided.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl

Node = dict[str, Any]
Kind = Literal["contact", "company", "lead", "task", "customer", "unsorted", "note", "message", "talk"]

PARTS = re.compile(r"\[([^\[\]]*)\]")
BRACKET = re.compile("%5[bBdD]")
"""Most of what is escaped in a hook. Piece by piece, unescaping them would be the half of what a hook costs."""
DEEPEST = 16
MOST_FIELDS = 200_000
SCALAR = ""
"""Where a value goes whose key also has others below it: `note[type]=4&note[type][message_uuid]=…`."""
KINDS: Mapping[str, Kind] = {
    "contacts": "contact",
    "companies": "company",
    "leads": "lead",
    "task": "task",
    "tasks": "task",
    "customers": "customer",
    "unsorted": "unsorted",
    "message": "message",
    "talk": "talk",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed. `action` is amoCRM's word: add, update, delete, restore, status, responsible, note…"""

    kind: Kind
    action: str
    id: int
    """Of the contact, lead, …; for `unsorted`, of its lead; 0 when the hook does not say."""
    changed_at: int = 0
    changed_by: int | None = None
    """The user; 0 is a robot, None is not said."""
    pipeline: int = 0
    stage: int = 0
    old_stage: int = 0
    row: Node = field(default_factory=dict, compare=False, repr=False)
    """The whole item as it came, with whoever's data that are."""


@dataclass(frozen=True, slots=True)
class Hook:
    subdomain: str
    account: int
    """0 when the hook does not say."""
    changes: tuple[Change, ...]


def parse(body: bytes) -> Hook:
    """Raises ValueError for what is no form at all. Unknown kinds and actions without an id are left out."""
    form = parse_form(body)
    account = form.get("account")
    account = account if isinstance(account, dict) else {}
    changes = tuple(
        change
        for name, actions in form.items()
        if name in KINDS and isinstance(actions, dict)
        for action, items in actions.items()
        for change in read_items(KINDS[name], action, items)
    )
    return Hook(subdomain=text_of(account, "subdomain"), account=number_of(account, "id"), changes=changes)


def parse_form(body: bytes) -> Node:
    form: Node = {}
    plain = BRACKET.sub(bracket_of, body.decode("utf-8", "replace"))
    pairs = parse_qsl(plain, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="replace")
    for key, value in pairs:
        name, bracket, rest = key.partition("[")
        put(form, [name, *PARTS.findall(bracket + rest)][:DEEPEST], value)
    return form


def bracket_of(escaped: re.Match[str]) -> str:
    return "[" if escaped[0] in ("%5B", "%5b") else "]"


def put(node: Node, path: list[str], value: str) -> None:
    for part in path[:-1]:
        below = node.setdefault(part or str(len(node)), {})
        if not isinstance(below, dict):
            below = node[part] = {SCALAR: below}
        node = below
    last = path[-1] or str(len(node))
    if isinstance(node.get(last), dict):
        node[last][SCALAR] = value
    else:
        node[last] = value


def read_items(kind: Kind, action: str, items: object) -> Iterator[Change]:
    if isinstance(items, str):  # the docs' form of a deletion: {entity: {action: id}}
        items = {"0": {"id": items}}
    if not isinstance(items, dict):
        return
    for item in [items] if "id" in items else items.values():
        row = {"id": item} if isinstance(item, str) else item
        if isinstance(row, dict) and (change := read_item(kind, action, row)):
            yield change


def read_item(kind: Kind, action: str, row: Node) -> Change | None:
    if action == "note" and isinstance(row.get("note"), dict):
        return note_of(kind, row["note"])
    if kind == "contact" and text_of(row, "type") == "company":
        kind = "company"
    id_ = lead_of_unsorted(row) if kind == "unsorted" else number_of(row, "id")
    if not id_ and kind != "unsorted":
        return None
    return Change(
        kind=kind,
        action=action,
        id=id_,
        changed_at=number_of(row, "updated_at") or number_of(row, "last_modified"),
        changed_by=number_of(row, "modified_user_id") if "modified_user_id" in row else None,
        pipeline=number_of(row, "pipeline_id"),
        stage=number_of(row, "status_id"),
        old_stage=number_of(row, "old_status_id"),
        row=row,
    )


def note_of(kind: Kind, note: Node) -> Change | None:
    """A note on the contact or lead, which is what changed."""
    id_ = number_of(note, "element_id")
    by = number_of(note, "created_by") if "created_by" in note else None
    return Change(kind=kind, action="note", id=id_, changed_by=by) if id_ else None


def lead_of_unsorted(row: Node) -> int:
    for name in ("accept_result", "decline_result"):
        leads = row.get(name, {}).get("leads") if isinstance(row.get(name), dict) else None
        if isinstance(leads, dict) and leads:
            first = next(iter(leads.values()))
            return int(first) if isinstance(first, str) and first.isdigit() else 0
    return number_of(row, "lead_id")


def text_of(row: Node, name: str) -> str:
    value = row.get(name, "")
    return str(value.get(SCALAR, "")) if isinstance(value, dict) else str(value)


def number_of(row: Node, name: str) -> int:
    written = text_of(row, name)
    return int(written) if written.isascii() and written.isdigit() else 0
