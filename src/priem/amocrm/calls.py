"""Calls: amoCRM finds the contact or lead by the number's last ten digits. docs/reference/amocrm.md §3.17"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal

from priem.texts import Text, text

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


def refusal(error: dict[str, Any]) -> Text:
    """Why amoCRM left this one out, though it took the others."""
    words = str(error.get("detail") or error.get("title") or "")
    if "not found" in words.lower():
        return NOBODY
    return text("amoCRM did not take this call: {detail}", detail=words[:200])
