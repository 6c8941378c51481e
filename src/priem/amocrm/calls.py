"""Calls: amoCRM finds the contact or lead by the number's last ten digits. docs/reference/amocrm.md §3.17"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal

from priem.amocrm.client import Client
from priem.texts import Text, text

PAGE = 250
DIRECTIONS: Mapping[str, Literal["in", "out"]] = {"call_in": "in", "call_out": "out"}
NOBODY = text("amoCRM knows nobody with this call's number.")


class CallResult(IntEnum):
    """How a call ended, in amoCRM's figures."""

    LEFT_MESSAGE = 1
    CALL_BACK = 2
    ABSENT = 3
    TALKED = 4
    WRONG_NUMBER = 5
    NO_ANSWER = 6
    BUSY = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDraft:
    """A call that took place. `id` is here for the writing's sake: calls are never changed."""

    ref: str
    id: None = None
    direction: Literal["inbound", "outbound"]
    phone: str
    seconds: int
    source: str
    """Whose record it is: the telephony's name."""
    unique: str = ""
    """The telephony's own id of the call."""
    at: int | None = None
    """Unix seconds; now, when it is not said."""
    link: str = ""
    """Where the recording is."""
    result: CallResult | None = None
    words: str = ""
    """What it was about."""
    responsible: int | None = None


def from_call_draft(draft: CallDraft) -> dict[str, Any]:
    sent: dict[str, Any] = {
        "direction": draft.direction,
        "phone": draft.phone,
        "duration": draft.seconds,
        "source": draft.source,
        "uniq": draft.unique or None,
        "created_at": draft.at,
        "link": draft.link or None,
        "call_status": draft.result,
        "call_result": draft.words or None,
        "responsible_user_id": draft.responsible,
        "call_responsible": draft.responsible,
    }
    return {name: value for name, value in sent.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedCall:
    """A call as its note tells of it. Which number of the clinic it came to, or from, amoCRM does not keep."""

    id: str
    """The telephony's own, or the note's."""
    direction: Literal["in", "out"]
    phone: str
    """The client's, as the telephony wrote it."""
    at: int
    """Unix seconds: when it began. (inferred: a telephony says it, or amoCRM takes the moment of telling.)"""
    seconds: int
    """Of talk; 0: nobody answered."""
    source: str = ""
    link: str = ""


def noted_calls(client: Client, since: int) -> Iterator[NotedCall]:
    """Those whose notes changed at or after that unix second. docs/reference/amocrm.md §3.8"""
    wanted: list[tuple[str, str | int]] = [("filter[note_type][]", kind) for kind in DIRECTIONS]
    for entity in ("contacts", "leads", "companies"):
        page, more = 1, True
        while more:
            chosen: list[tuple[str, str | int]] = [
                *wanted,
                ("filter[updated_at][from]", since),
                ("order[updated_at]", "asc"),
            ]
            answer = client.get(f"/api/v4/{entity}/notes", [*chosen, ("page", page), ("limit", PAGE)])
            yield from (call for row in answer.rows("notes") if (call := to_call(row, since)))
            page, more = page + 1, answer.has_next


def to_call(row: Mapping[str, Any], since: int) -> NotedCall | None:
    """None for other notes: amoCRM ignores filters in some accounts."""
    kind, params = str(row.get("note_type")), row.get("params")
    if kind not in DIRECTIONS or not isinstance(params, dict) or int(row.get("updated_at") or 0) < since:
        return None
    seconds = str(params.get("duration") or "0")
    return NotedCall(
        id=str(params.get("uniq") or f"note-{row['id']}"),
        direction=DIRECTIONS[kind],
        phone=str(params.get("phone") or ""),
        at=int(row.get("created_at") or 0),
        seconds=int(seconds) if seconds.isascii() and seconds.isdigit() else 0,
        source=str(params.get("source") or ""),
        link=str(params.get("link") or ""),
    )


def refusal(error: dict[str, Any]) -> Text:
    """Why amoCRM left this one out, though it took the others."""
    words = str(error.get("detail") or error.get("title") or "")
    if "not found" in words.lower():
        return NOBODY
    return text("amoCRM did not take this call: {detail}", detail=words[:200])
