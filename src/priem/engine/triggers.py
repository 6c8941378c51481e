"""The way back: a person moves a lead, and its visit is confirmed, cancelled or marked in the МИС.

Priem's own moves set off nothing: they are not told as moves, and a lead that stands where Priem has put it is passed
over. What is so already is not written again. Hence both directions together come to rest: the move changes the visit,
the visit's status belongs to a stage, and there the lead stands already or is put once.

When the visit was changed in the МИС meanwhile, the settings say whose change stands. With the МИС's, and whenever it
refuses, the lead counts as put there by Priem from then on, and the next decision takes it to where the visit belongs.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from priem.booking import RefusalKind, Refused
from priem.engine.booking_rights import Actor
from priem.engine.finding_out import tell_lead
from priem.engine.kinds import KINDS, Moved
from priem.engine.line import Clinic
from priem.engine.mirror import Mirror
from priem.engine.rebooking import AHEAD, Change, cancel, change_status, require
from priem.engine.reception import Answer, Reception
from priem.engine.rules import is_one_of
from priem.errors import AskOperator, TryLater
from priem.intents import Move, Phase
from priem.model import Lead, Visit, VisitKey, VisitLink, VisitStatus
from priem.texts import Text, text

BETWEEN_LOOKS = timedelta(seconds=5)
"""Two requests each time; with webhooks none is needed."""


def fire(connection: str, clinic: Clinic, mirror: Mirror) -> None:
    """Does what the moves since the last pass set off; what fails waits for the next. Called inside `exclusively()`."""
    reception = clinic.reception
    if reception is None:
        return
    since = reception.store.arm({stage for stage, _ in clinic.bound.triggers})
    if since:
        ask_for_moves(connection, clinic, reception, mirror)
    for move in reception.store.moves():
        try:
            if (stage := (move.pipeline, move.stage)) in since:
                set_off(move, since[stage], clinic, reception)
        except (TryLater, AskOperator):
            continue  # whatever it is, reading the same system says so, too
        reception.store.moves_are_over([move.id])


def ask_for_moves(connection: str, clinic: Clinic, reception: Reception, mirror: Mirror) -> None:
    now = clinic.clock.now()
    if clinic.is_told or now - reception.looked_at.get(connection, now - BETWEEN_LOOKS) < BETWEEN_LOOKS:
        return
    reception.looked_at[connection] = now
    mirror.catch_up()


def set_off(move: Move, since: datetime, clinic: Clinic, reception: Reception) -> None:
    stage = (move.pipeline, move.stage)
    mine = [trigger for of_stage, trigger in clinic.bound.triggers if of_stage == stage]
    lead = lead_now(move, clinic)
    if lead is None or lead.updated_at < int(since.timestamp()):
        return  # it went elsewhere, or stood there when nothing was set off by that
    visit = reception.store.visits_of_leads([lead.id]).get(lead.id)
    link = reception.store.around_visits({visit: None}, ()).visit_links.get(visit) if visit else None
    if link and (link.pipeline, link.stage) == stage:
        return  # where Priem itself has put it
    now = visit_of(visit, reception)
    for trigger in mine:
        if now is None and (trigger.branch or KINDS[trigger.does].needs_visit):
            continue
        if now is None or is_one_of(trigger.branch, now.branch, now.branch_name, f"{now.key.connection}:{now.branch}"):
            moved = Moved(ref=ref_of(move), trigger=trigger, lead=lead, visit=visit, link=link)
            act_on(moved, now, clinic, reception)
            return


def ref_of(move: Move) -> str:
    return f"move:{move.id}"


def lead_now(move: Move, clinic: Clinic) -> Lead | None:
    """None when it is gone, or stands elsewhere by now: then another move tells of it."""
    leads = clinic.crm.some_leads([move.lead], clinic.bound.lead_field_ids)
    return next((lead for lead in leads if (lead.pipeline, lead.stage) == (move.pipeline, move.stage)), None)


def visit_of(key: VisitKey | None, reception: Reception) -> Visit | None:
    desk = reception.desks.get(key.connection) if key else None
    if key is None or desk is None:
        return None
    try:
        return desk.visit(key.id)
    except Refused:
        return None  # a desk that shows no visits


def act_on(moved: Moved, now: Visit | None, clinic: Clinic, reception: Reception) -> None:
    own = OWN.get(moved.trigger.does)
    if own and now and changed_meanwhile(now, moved.link) and clinic.bound.settings.triggers.winner == "mis":
        note(moved, OVERRULED, reception)
        give_way(moved, reception)
        return
    try:
        if own and now:
            done(own(moved, now, reception), moved, now, reception)
        elif act := clinic.acts.get(moved.trigger.does):
            act(moved)
    except Refused as no:
        say_no(moved, no, reception)
        give_way(moved, reception)


def changed_meanwhile(visit: Visit, link: VisitLink | None) -> bool:
    return bool(link and link.status) and link is not None and visit.raw_status != link.status


def give_way(moved: Moved, reception: Reception) -> None:
    """The lead goes to where its visit belongs, as if Priem had put it where it stands."""
    if moved.visit and moved.link:
        reception.store.stands_by_us(moved.visit, moved.lead.pipeline, moved.lead.stage)
        reception.store.recall([moved.visit])


OVERRULED = text(
    "The visit was changed in the МИС meanwhile, and the settings say that this counts: the move changed nothing "
    "there, and the lead goes to where its visit belongs."
)


def say_no(moved: Moved, no: Refused, reception: Reception) -> None:
    note(moved, text("The move changed nothing in the medical information system: {why}", why=no.what), reception)


def note(moved: Moved, said: Text, reception: Reception) -> None:
    """In the lead, since whoever has moved it sees it go back there."""
    tell_lead(moved.lead.id, said.read("ru"), moved.ref, reception)


def done(answer: Answer, moved: Moved, before: Visit, reception: Reception) -> None:
    """Raises Refused for a no, TryLater while it is not known."""
    if answer.phase is Phase.DONE and moved.visit:
        after = visit_of(moved.visit, reception) or before
        reception.store.stands_by_us(moved.visit, moved.lead.pipeline, moved.lead.stage, after.raw_status)
        return
    if answer.phase is Phase.REFUSED:
        raise Refused(answer.kind or RefusalKind.OTHER, answer.said or text("It was refused."))
    raise TryLater(answer.said or text("It is not known yet."))


def confirm(moved: Moved, visit: Visit, reception: Reception) -> Answer:
    require(visit.status in AHEAD)
    return to_status(VisitStatus.CONFIRMED, moved, visit, reception)


def give_status(moved: Moved, visit: Visit, reception: Reception) -> Answer:
    return to_status(moved.trigger.status, moved, visit, reception)


def to_status(status: str, moved: Moved, visit: Visit, reception: Reception) -> Answer:
    return change_status(change_of(moved, visit), status, actor_of(moved), reception)


def call_off(moved: Moved, visit: Visit, reception: Reception) -> Answer:
    return cancel(change_of(moved, visit), moved.trigger.reason, "", actor_of(moved), reception)


def change_of(moved: Moved, visit: Visit) -> Change:
    return Change(ref=moved.ref, visit=visit.key)


def actor_of(moved: Moved) -> Actor:
    return Actor(name=f"trigger:{moved.trigger.does}")


OWN: dict[str, Callable[[Moved, Visit, Reception], Answer]] = {
    "confirm": confirm,
    "cancel": call_off,
    "status": give_status,
}
