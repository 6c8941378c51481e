"""What amoCRM answers when it does not do as asked, sorted by who moves next. docs/reference/amocrm.md §3.20"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from priem.amocrm.stopping import AccountStopped
from priem.errors import AskOperator, BadRecord, OutcomeUnknown, PriemError, TryLater
from priem.texts import Text, text

Shape = Literal["json", "page", "empty"]
"""A page is anything that is not JSON: nginx's own errors, a login page, a proxy in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    method: str
    path: str
    status: int
    shape: Shape
    body: Any = None
    """Parsed JSON; None unless `shape` is `json`."""
    request_id: str = ""
    seconds: float = 0.0
    """From sending to the last byte, without waiting for a slot."""

    @property
    def is_read(self) -> bool:
        return self.method == "GET"

    def rows(self, plural: str) -> list[dict[str, Any]]:
        """What a list carries under `_embedded`; nothing for 204. PHP may write an empty list as anything empty."""
        embedded = self.body.get("_embedded") if isinstance(self.body, dict) else None
        found = embedded.get(plural) if isinstance(embedded, dict) else None
        return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []

    @property
    def has_next(self) -> bool:
        links = self.body.get("_links") if isinstance(self.body, dict) else None
        return isinstance(links, dict) and bool(links.get("next"))


class NotSent(TryLater):
    """Certainly nothing reached amoCRM."""


class Lost(OutcomeUnknown):
    """A write whose effect is not known."""

    def __init__(self, what: Text, *, request_id: str = "", too_slow: bool = False) -> None:
        super().__init__(what, text("Priem looks in amoCRM before it writes this again."))
        self.request_id = request_id
        self.too_slow = too_slow
        """amoCRM gave up in the middle: smaller batches help."""


class AccessRefused(AskOperator):
    """amoCRM does not let Priem in, or not far enough: nothing of the clinic's settings is wrong."""


class Refused(BadRecord):
    """amoCRM took nothing of this request, because of what is in it."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(said(answer))
        self.answer = answer


def said(answer: Answer) -> Text:
    return text("amoCRM refused it ({status}): {detail}", status=answer.status, detail=detail_of(answer))


def detail_of(answer: Answer) -> str:
    """amoCRM's own words, shortened. They name fields and types, never what is in them."""
    body = answer.body if isinstance(answer.body, dict) else {}
    words = [str(body[key]) for key in ("detail", "hint") if body.get(key)] or [str(body.get("title") or answer.path)]
    return " · ".join(words)[:200]


def problem_in(answer: Answer) -> PriemError | None:
    """None when amoCRM did as asked."""
    if answer.status in SORTED:
        return SORTED[answer.status](answer)
    if 200 <= answer.status < 300:
        return fine(answer)
    if 300 <= answer.status < 400:
        return no_account(answer)
    return Refused(answer) if answer.status < 500 else away(answer)


def fine(answer: Answer) -> PriemError | None:
    if answer.shape != "page" or answer.status == 202:
        return None
    return lost_or_later(answer, text("amoCRM answered with a page instead of data."))


def refused(answer: Answer) -> PriemError:
    if re.search(r"\b244\b", detail_of(answer)):
        return no_rights(answer)
    return Refused(answer)


def unauthorised(_answer: Answer) -> PriemError:
    return AccessRefused(TOKEN_REFUSED, AUTHORISE_AGAIN)


TOKEN_REFUSED = text("amoCRM does not accept Priem's token.")
AUTHORISE_AGAIN = text("Authorise Priem in amoCRM again: the clinic's page has the button, `priem configure` the code.")


def unpaid(_answer: Answer) -> PriemError:
    return AccountStopped(
        text("amoCRM's subscription has ended: it takes no changes."),
        text("Pay for amoCRM. Nothing is lost: what happened meanwhile is written afterwards."),
        only_writes=True,
    )


def forbidden(answer: Answer) -> PriemError:
    if re.search(r"\b113\b|\bIP\b", detail_of(answer)) or code_of(answer) == 113:
        return AccountStopped(
            text("amoCRM's list of allowed addresses does not contain this server."),
            text("Add the server's IP address in amoCRM: Settings → General → allowed IP addresses."),
        )
    return no_rights(answer) if answer.shape == "json" else blocked(answer)


def code_of(answer: Answer) -> int | None:
    body = answer.body if isinstance(answer.body, dict) else {}
    code = body.get("code", body.get("error_code"))
    return int(code) if isinstance(code, int | str) and str(code).isdigit() else None


def no_rights(answer: Answer) -> PriemError:
    return AccessRefused(
        text("Priem's token has no right to {request}.", request=f"{answer.method} {answer.path}"),
        text("An administrator of the account has to authorise Priem, with access to the account's data."),
    )


def blocked(_answer: Answer) -> PriemError:
    return AccountStopped(
        text("amoCRM has blocked the account's API for this server (403)."),
        text(
            "Write to amoCRM's support and ask why the API is blocked. Meanwhile Priem only tries now and then; "
            "`priem doctor` tries at once."
        ),
    )


def no_account(answer: Answer) -> PriemError:
    if answer.shape == "json":
        return Refused(answer)
    return AccessRefused(
        text("There is no amoCRM account at this address."),
        text("Look at the address in the browser: the account was renamed or deleted."),
    )


def too_many(_answer: Answer) -> PriemError:
    return TryLater(text("amoCRM says there are too many requests (429)."), after=60)


def away(answer: Answer) -> PriemError:
    return lost_or_later(answer, text("amoCRM answered with error {status}.", status=answer.status))


def lost_or_later(answer: Answer, what: Text) -> PriemError:
    if answer.is_read:
        return TryLater(what)
    return Lost(what, request_id=answer.request_id, too_slow=answer.status == 504)


SORTED: Mapping[int, Callable[[Answer], PriemError | None]] = {
    400: refused,
    401: unauthorised,
    402: unpaid,
    403: forbidden,
    404: no_account,
    429: too_many,
}


@dataclass(frozen=True, slots=True)
class Complaint:
    """What amoCRM objects to in one record of a batch."""

    reason: Text
    is_gone: bool = False
    """It names a contact or lead that was deleted or merged away."""


CONTACT_OF_LEAD = re.compile(r"_embedded\.contacts\.\d+\.id")


def complaints(answer: Answer, payload: list[dict[str, Any]]) -> dict[int, Complaint]:
    """Which items of a refused batch amoCRM objects to, by position, and to what. Empty when it does not say."""
    body = answer.body if isinstance(answer.body, dict) else {}
    if "validation-errors" in body:
        return validation_complaints(body["validation-errors"], payload)
    errors = body.get("errors")
    return entity_complaints(errors, payload) if isinstance(errors, dict) else {}


def validation_complaints(found: object, payload: list[dict[str, Any]]) -> dict[int, Complaint]:
    by_position: dict[int, Complaint] = {}
    # PHP writes a list with gaps as an object.
    for item in found.values() if isinstance(found, dict) else found if isinstance(found, list) else ():
        if not isinstance(item, dict):
            continue
        position = str(item.get("request_id", ""))
        if position.isdigit() and int(position) < len(payload):
            errors = [error for error in item.get("errors") or () if isinstance(error, dict)]
            reason = describe(errors, payload[int(position)])
            by_position[int(position)] = Complaint(reason, is_gone=any(map(misses_contact, errors)))
    return by_position


def misses_contact(error: dict[str, Any]) -> bool:
    """A new lead names a contact that is not there any more."""
    return CONTACT_OF_LEAD.match(str(error.get("path", ""))) is not None and error.get("code") == "NotSupportedChoice"


def describe(errors: list[dict[str, Any]], item: dict[str, Any]) -> Text:
    named = "; ".join(f"{name_place(str(error.get('path', '')), item)}: {error.get('detail', '')}" for error in errors)
    codes = ", ".join(dict.fromkeys(str(error.get("code", "")) for error in errors))
    return text("amoCRM does not take this record ({codes}): {errors}", codes=codes, errors=named[:300])


def name_place(path: str, item: dict[str, Any]) -> str:
    """`custom_fields_values.0.values…` → `field 1286575`: a position in a request says nothing to a person."""
    match = re.match(r"custom_fields_values\.(\d+)", path)
    values = item.get("custom_fields_values") or []
    if match is None or int(match[1]) >= len(values):
        return path
    sent = values[int(match[1])]
    return f"field {sent.get('field_id') or sent.get('field_code')}"


def entity_complaints(found: dict[str, Any], payload: list[dict[str, Any]]) -> dict[int, Complaint]:
    positions = {str(item["id"]): position for position, item in enumerate(payload) if "id" in item}
    return {positions[id_]: entity_complaint(id_, str(said)) for id_, said in found.items() if id_ in positions}


def entity_complaint(id_: str, words: str) -> Complaint:
    if "not found" in words.lower():
        return Complaint(text("amoCRM has no contact or lead {id} any more.", id=id_), is_gone=True)
    return Complaint(text("amoCRM refused the change of {id}: {detail}", id=id_, detail=words[:200]))
