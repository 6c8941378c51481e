"""What a request carried, without who anybody is. What is not known to be harmless is masked: names of fields that we
never saw come from amoCRM's accounts and clinics' systems every day."""

import json
import re
from collections.abc import Mapping
from typing import Any

HARMLESS = frozenset(
    {
        *("id", "ids", "uid", "account_id", "field_id", "enum_id", "entity_id", "entity_type", "task_type_id", "type"),
        *(
            "status_id",
            "old_status_id",
            "pipeline_id",
            "loss_reason_id",
            "responsible_user_id",
            "group_id",
            "request_id",
        ),
        *(
            "created_at",
            "updated_at",
            "closed_at",
            "created_by",
            "updated_by",
            "complete_till",
            "last_modified",
            "is_main",
        ),
        *(
            "field_code",
            "enum_code",
            "code",
            "status",
            "title",
            "detail",
            "hint",
            "path",
            "next",
            "limit",
            "page",
            "sort",
        ),
        *("price", "sale", "destination_type", "action", "to_entity_id", "to_entity_type", "date_create", "event_type"),
        *("dateandtime", "planstart", "planend", "doctorid", "branchid", "new", "intervals", "unreadable", "direction"),
        *("datetimefrom", "datetimeto", "offset", "count", "total", "error", "errors", "subdomain", "old_pipeline_id"),
    }
)
"""Names under which no field holds a person, in small letters."""
DEEPEST = 12
MOST_OF_LIST = 10
"""Of a batch: what follows looks the same."""
LONGEST = 12_000
"""Characters of one masked body."""
PHONE = re.compile(r"^\+?[\d\s()\-]{7,20}$")


def masked(body: object) -> str:
    """As JSON; empty for nothing."""
    return written(mask(body)) if body not in (None, "", b"") else ""


def written(body: object) -> str:
    return json.dumps(body, ensure_ascii=False, indent=1, default=str)[:LONGEST]


def mask(body: object, name: str = "", depth: int = 0) -> object:
    if depth > DEEPEST:
        return "…"
    if isinstance(body, Mapping):
        return {str(key): mask(value, str(key), depth + 1) for key, value in body.items()}
    if isinstance(body, list | tuple):
        return mask_list(body, name, depth)
    if body is None or isinstance(body, bool) or name.lower() in HARMLESS:
        return shortened(body)
    return hidden(str(body))


def mask_list(body: list[Any] | tuple[Any, ...], name: str, depth: int) -> list[object]:
    shown = [mask(item, name, depth + 1) for item in body[:MOST_OF_LIST]]
    return [*shown, f"… {len(body) - MOST_OF_LIST}"] if len(body) > MOST_OF_LIST else shown


def shortened(body: object) -> object:
    return body[:300] if isinstance(body, str) else body


def hidden(value: str) -> str:
    """Enough to see that two differ, or that a phone lacks its end: `И••• П•••`, `•••67`."""
    if not value:
        return ""
    if "@" in value:
        return "•••@•••"
    if PHONE.match(value):
        return f"•••{re.sub(r'[^0-9]', '', value)[-2:]}"
    words = value.split()
    if any(character.isdigit() for character in value) or len(words) > 4:
        return "•••"
    return " ".join(f"{word[0]}•••" for word in words)
