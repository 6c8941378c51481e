"""A set-up as plain values without secrets, and what differs between two."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from priem.hub.audit.notes import Change
from priem.hub.models import Clinic, Connection, IdentService, Membership

STORED = "stored"
STORED_ANEW = "stored anew"
REFERENCES = ("env:", "file:")
SERVICE_KEYS = ("key", "applications_key")
SERVICE_SETTINGS = ("time_zone", "serialization", "element_names", "posts_whole")
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SetUp:
    document: dict[str, Any]
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    """By their place in the document, to see that one has changed. Never kept."""


def set_up_of(clinic: Clinic) -> SetUp:
    secrets = {"amocrm.client_secret": clinic.client_secret.reveal()}
    connections = {}
    for row in Connection.objects.of(clinic.pk).order_by("key"):
        own = json.loads(row.secrets.reveal() or "{}")
        secrets |= {f"connections.{row.key}.{name}": value for name, value in own.items()}
        shown_ones = {name: shown(value) for name, value in own.items()}
        connections[row.key] = {"kind": row.kind, **row.config, **shown_ones}
    services = {}
    for service in IdentService.objects.of(clinic.pk).order_by("connection"):
        keys = {name: getattr(service, name).reveal() for name in SERVICE_KEYS}
        secrets |= {f"services.{service.connection}.{name}": value for name, value in keys.items()}
        plain_ones = {name: getattr(service, name) for name in SERVICE_SETTINGS}
        services[service.connection] = {**plain_ones, **{name: shown(value) for name, value in keys.items()}}
    people = Membership.objects.of(clinic.pk).order_by("person__username").values_list("person__username", "role")
    document = {
        "clinic": {"name": clinic.name},
        "amocrm": {
            "url": clinic.base_url,
            "client_id": clinic.client_id,
            "client_secret": shown(clinic.client_secret.reveal()),
            "redirect_uri": clinic.redirect_uri,
            "sandbox": clinic.sandbox,
        },
        "connections": connections,
        "services": services,
        "people": {name: {"role": role} for name, role in people},
        "settings": clinic.settings,
    }
    return SetUp(json.loads(json.dumps(document)), secrets)


def shown(secret: str) -> str:
    return secret if secret.startswith(REFERENCES) or not secret else STORED


def changes(before: SetUp, after: SetUp) -> list[Change]:
    """A secret that is another now says so, and nothing more."""
    found = difference(before.document, after.document)
    said = {what for what, _, _ in found}
    changed = {place for place, value in after.secrets.items() if before.secrets.get(place) not in (None, value)}
    return [*found, *((place, STORED, STORED_ANEW) for place in sorted(changed - said))]


def comparable(now: Document, earlier: Document) -> Document:
    """Of a set-up, what an earlier one says anything of: Priem kept less of them once."""
    return {name: part for name, part in now.items() if name in earlier}


def difference(before: Document, after: Document) -> list[Change]:
    old, new = dict(leaves(before)), dict(leaves(after))
    return [
        (place, old.get(place, ""), new.get(place, ""))
        for place in sorted(old.keys() | new.keys(), key=by_number)
        if old.get(place, "") != new.get(place, "")
    ]


def by_number(place: str) -> list[tuple[int, str]]:
    """The tenth row of a table comes after the ninth."""
    return [(int(part) if part.isdecimal() else -1, part) for part in re.split(r"(\d+)", place)]


def leaves(document: Document, before: str = "") -> Iterator[tuple[str, str]]:
    """Places as in the clinic's file, `status_sync.rules[2]`; a row of a table is one value."""
    for name, value in document.items():
        place = f"{before}.{name}" if before else "" if name == "settings" else name
        if isinstance(value, Mapping):
            yield from leaves(value, place)
        elif isinstance(value, list):
            yield from ((f"{place}[{number}]", words(row)) for number, row in enumerate(value, 1))
        else:
            yield place, words(value)


def words(value: object) -> str:
    """As people read it in the file."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} = {words(part)}" for name, part in sorted(value.items()))
    if isinstance(value, list):
        return ", ".join(words(part) for part in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
