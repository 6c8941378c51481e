"""Where a lead came from, by the statistics that amoCRM keeps in it. docs/reference/amocrm.md §3.9

Nothing more is asked for: these fields come with every lead.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

NAMED = ("UTM_SOURCE", "OPENSTAT_SERVICE", "FROM", "ROISTAT")
"""Codes of fields that name the source; the first that is filled counts."""
CLICKS = {"YCLID": "yandex", "GCLID": "google", "FBCLID": "facebook"}
"""Marks that an advertising system puts on its clicks, and whose they are."""
PAGES = ("UTM_REFERRER", "REFERRER")
"""The page from which somebody came: its host counts."""
CODES = frozenset((*NAMED, *CLICKS, *PAGES))
LONGEST = 200


def source_of(values: Iterable[Mapping[str, Any]]) -> str:
    """From a lead's `custom_fields_values`; empty where nothing is said."""
    told = {code: said for value in values if (code := value.get("field_code")) in CODES and (said := text_of(value))}
    if not told:
        return ""
    for code in NAMED:
        if code in told:
            return told[code][:LONGEST]
    for code, whose in CLICKS.items():
        if code in told:
            return whose
    return next((host for code in PAGES if (host := host_of(told.get(code, "")))), "")[:LONGEST]


def text_of(value: Mapping[str, Any]) -> str:
    rows = value.get("values")
    first = rows[0] if isinstance(rows, list) and rows else None
    return str(first.get("value") or "").strip() if isinstance(first, dict) else ""


def host_of(page: str) -> str:
    try:
        host = urlsplit(page if "//" in page else f"//{page}").hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")
