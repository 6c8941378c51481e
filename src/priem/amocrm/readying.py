"""What amoCRM wants done before some leads are changed: requests taken out of «Неразобранное», contacts linked.

Both may be repeated without harm. What cannot be done now postpones its lead; what amoCRM will not have at all (the
request was taken by a manager, the contact is gone) is no reason to leave the lead as it was.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from priem.amocrm import unsorted
from priem.amocrm.client import Client
from priem.amocrm.problems import Refused
from priem.amocrm.writing import LARGEST
from priem.errors import PriemError
from priem.model import LeadDraft, Outcome, State

Do = Callable[[Client, Sequence[LeadDraft]], None]


def make_ready(client: Client, drafts: Sequence[LeadDraft]) -> list[Outcome]:
    """The outcomes of those that have to wait; nothing is asked when there is nothing to do."""
    changed = [draft for draft in drafts if draft.id is not None]
    return [
        *attempted(take_up, client, [draft for draft in changed if draft.is_unsorted]),
        *attempted(link, client, [draft for draft in changed if draft.contact is not None]),
    ]


def attempted(do: Do, client: Client, drafts: Sequence[LeadDraft]) -> Iterator[Outcome]:
    if not drafts:
        return
    try:
        do(client, drafts)
    except PriemError as error:
        yield from (Outcome(ref=draft.ref, state=State.POSTPONED, reason=error.what) for draft in drafts)


def take_up(client: Client, drafts: Sequence[LeadDraft]) -> None:
    uids = dict(unsorted.waiting(client))
    for draft in drafts:
        if draft.id in uids:
            with suppress(Refused):
                unsorted.accept(client, uids[draft.id])


def link(client: Client, drafts: Sequence[LeadDraft]) -> None:
    wanted = [(draft.id, draft.contact) for draft in drafts if draft.id is not None and draft.contact is not None]
    for start in range(0, len(wanted), LARGEST):
        some = wanted[start : start + LARGEST]
        try:
            send_links(client, some)
        except Refused:
            for pair in some:
                with suppress(Refused):
                    send_links(client, [pair])


def send_links(client: Client, pairs: Sequence[tuple[int, int]]) -> None:
    """Of leads and contacts: docs/reference/amocrm.md §3.6"""
    sent = [{"entity_id": lead, "to_entity_id": contact, "to_entity_type": "contacts"} for lead, contact in pairs]
    client.write("POST", "/api/v4/leads/link", sent)
