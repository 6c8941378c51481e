"""What a database can hold. Outside systems say what they like; nothing that they say may stop a pass.

PostgreSQL's texts know no character of number zero, its JSON neither that nor halves of characters, and its times no
offset of sixteen hours and more. None of them means anything; SQLite takes them all.
"""

import json
import re
from datetime import UTC, datetime
from typing import Any

HALVES = re.compile("[\ud800-\udfff]")


def storable(written: str) -> str:
    return written.replace("\0", "") if "\0" in written else written


def storable_json(written: str) -> str:
    """Of what `json.dumps` gives."""
    if "\\u0000" not in written and "\\ud" not in written:
        return written
    return json.dumps(cleaned(json.loads(written)))


def cleaned(value: Any) -> Any:  # noqa: ANN401  # JSON
    if isinstance(value, str):
        return HALVES.sub("", storable(value))
    if isinstance(value, list):
        return [cleaned(one) for one in value]
    if isinstance(value, dict):
        return {cleaned(name): cleaned(one) for name, one in value.items()}
    return value


def storable_moment(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment
    except OverflowError:  # at both ends of the calendar
        return moment
