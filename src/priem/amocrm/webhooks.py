"""The subscription to webhooks. docs/reference/amocrm.md §3.18"""

from collections.abc import Collection
from typing import Any

from priem.amocrm.client import Client
from priem.amocrm.problems import Refused

PATH = "/api/v4/webhooks"
EVENTS = (
    "add_lead",
    "update_lead",
    "delete_lead",
    "restore_lead",
    "status_lead",
    "responsible_lead",
    "add_contact",
    "update_contact",
    "delete_contact",
    "restore_contact",
    "responsible_contact",
)
"""What the mirror wants to hear of. Links and merges have no hooks."""


def subscribe(client: Client, destination: str, events: Collection[str] = EVENTS) -> bool:
    """Makes amoCRM post these events there. Returns whether something had to be done.

    A hook that amoCRM switched off, after too many bad answers, is made anew. Raises AskOperator without the right.
    """
    there = find(client, destination)
    if there is not None and not there.get("disabled") and events_of(there) == set(events):
        return False
    if there is not None and there.get("disabled"):
        unsubscribe(client, destination)
    client.write("POST", PATH, {"destination": destination, "settings": sorted(events)})
    return True


def find(client: Client, destination: str) -> dict[str, Any] | None:
    rows = client.get(PATH, [("filter[destination]", destination)]).rows("webhooks")
    return next((row for row in rows if row.get("destination") == destination), None)


def events_of(hook: dict[str, Any]) -> set[str]:
    """amoCRM has been seen to write them as a list and as an object."""
    settings = hook.get("settings") or ()
    return {str(name) for name in settings}


def unsubscribe(client: Client, destination: str) -> None:
    try:
        client.write("DELETE", PATH, {"destination": destination})
    except Refused as error:
        if error.answer.status != 404:
            raise
