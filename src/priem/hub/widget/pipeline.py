"""What a stage of amoCRM's digital pipeline sets off: docs/reference/amocrm.md §3.19.

The hook is not signed. It is known by its secret path, and believed only as far as amoCRM itself says the same: the
lead is read, and has to stand in the stage that the hook names.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from priem.booking import Ability, RefusalKind, Refused
from priem.engine import rebooking
from priem.engine.booking_rights import Actor
from priem.engine.rebooking import Change
from priem.engine.reception import Answer
from priem.errors import BadRecord, TryLater
from priem.hub.booking.receptions import Office
from priem.hub.ident.button import hand_over_by
from priem.intents import Phase
from priem.model import Lead, VisitKey
from priem.texts import text

APPLY = "apply"
STATUSES = {"confirm": "confirmed", "arrived": "arrived", "completed": "completed", "no_show": "no_show"}
CANCEL = "cancel"
LONGEST_ACTION = 40
GREATEST = 2**63 - 1
LEAD = 2
"""`element_type`"""
BY_PIPELINE = Actor(name="pipeline")


@dataclass(frozen=True, slots=True)
class Hook:
    lead: int
    pipeline: int
    stage: int
    action: str
    ref: str


def read_hook(body: bytes) -> Hook:
    """Raises BadRecord for what is no hook of a lead, and for what no database would keep."""
    try:
        sent = json.loads(body)
        event, action = sent["event"], action_of(sent["action"])
        data = event["data"]
        lead, pipeline, stage = (number(data[name]) for name in ("id", "pipeline_id", "status_id"))
        is_of_lead = int(data.get("element_type", LEAD)) == LEAD
        ref = f"pipeline:{lead}:{stage}:{number(event['time'])}:{action}"
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise BadRecord(text("This is no hook of the digital pipeline.")) from error
    return Hook(lead=lead if is_of_lead else 0, pipeline=pipeline, stage=stage, action=action, ref=ref)


def number(given: object) -> int:
    """Raises ValueError for one that no column holds: what can never be stored would hold up what comes after it."""
    found = int(str(given))
    if not 0 <= found <= GREATEST:
        raise ValueError(found)
    return found


def action_of(action: Mapping[str, Any]) -> str:
    """The settings of the action are the widget's own, as `dp.settings` of the manifest names them."""
    named = str(action["settings"]["widget"]["settings"]["action"])[:LONGEST_ACTION]
    if not named.isprintable():
        raise ValueError(named)
    return named


class NotThere(Refused):
    """amoCRM itself does not say what the hook says, or somebody has moved the lead on."""


class Later(TryLater):
    """It has not happened, or nobody knows yet; the same hook again is done once."""


def set_off(office: Office, hook: Hook) -> None:
    """Done when it returns. Raises BadRecord for what will never be done, others for what may be tried again."""
    lead = lead_there(office, hook)
    if hook.action == APPLY:
        hand_over_by(office.handing(), lead.id, BY_PIPELINE)
        return
    visit = office.reception.store.visits_of_leads([lead.id]).get(lead.id)
    if visit is None:
        raise Refused(RefusalKind.NO_VISIT, text("The lead has no visit."))
    require_done(change(office, hook, visit), office)


def require_done(answer: Answer, office: Office) -> None:
    if answer.phase is Phase.DONE:
        return
    said = answer.said or text("It is not known yet.")
    stands_in_the_way = answer.kind is RefusalKind.CHANGED and office.reception.store.intent(answer.ref) is None
    if answer.phase is not Phase.REFUSED or stands_in_the_way:  # somebody else's request is under way
        raise Later(said)
    raise Refused(answer.kind or RefusalKind.OTHER, said)


def lead_there(office: Office, hook: Hook) -> Lead:
    found = office.reception.crm.some_leads([hook.lead], ())
    if not found or (found[0].pipeline, found[0].stage) != (hook.pipeline, hook.stage):
        raise NotThere(RefusalKind.CHANGED, text("The lead is not in that stage any more."))
    return found[0]


def change(office: Office, hook: Hook, visit: VisitKey) -> Answer:
    wanted = Change(ref=hook.ref, visit=visit, lead=hook.lead)
    if hook.action == CANCEL:
        return rebooking.cancel(wanted, "", "", BY_PIPELINE, office.reception)
    if hook.action not in STATUSES:
        raise Refused(RefusalKind.UNABLE, text("Priem knows no action «{name}».", name=hook.action))
    office.reception.desk(visit.connection, Ability.CHANGE_STATUS)
    return rebooking.change_status(wanted, STATUSES[hook.action], BY_PIPELINE, office.reception)
