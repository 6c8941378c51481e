"""A visit that is there is moved, cancelled, given another status, or changed. Asked for twice, it is done once."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from priem.booking import Ability, Booking, RefusalKind, Refused, ScheduleQuery, StatusInfo, Time, unable
from priem.engine.booking import OBJECTIONS
from priem.engine.booking_rights import Actor
from priem.engine.done import Sent, when_done
from priem.engine.finding_out import find_out
from priem.engine.reception import Answer, Reception
from priem.engine.slots import objection
from priem.errors import AskOperator, OutcomeUnknown, TryLater
from priem.intents import Deed, Finished, Intent, Phase, Wanted
from priem.model import Visit, VisitKey, VisitStatus
from priem.texts import text

AHEAD = frozenset({VisitStatus.BOOKED, VisitStatus.CONFIRMED, VisitStatus.UNMAPPED})
"""Nobody has come yet: the visit may be moved and cancelled."""

Do = Callable[[], VisitKey]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one caller wants of one visit. `ref`: see BookingRequest."""

    ref: str
    visit: VisitKey
    lead: int | None = None


def reschedule(change: Change, to: Time, actor: Actor, reception: Reception) -> Answer:
    """Raises TryLater and AskOperator as `booking.book` does, and so do the others."""
    to = reception.local(to, change.visit.connection)
    wanted = replace(asked(change, Deed.RESCHEDULE, actor), time=to)

    def moves(visit: Visit, desk: Booking) -> Do:
        require(visit.status in AHEAD)
        reception.require(actor, visit.key.connection, to.branch or visit.branch)
        now = Time(doctor=visit.doctor, starts_at=visit.starts_at, ends_at=visit.ends_at or visit.starts_at)
        shifts = desk.schedule(ScheduleQuery(first=to.starts_at.date(), last=to.starts_at.date(), doctors=(to.doctor,)))
        if kind := objection(to, shifts, reception.clock.now(), own=now):
            raise Refused(kind, OBJECTIONS[kind])
        return lambda: desk.reschedule(visit.key.id, to)

    return change_visit(wanted, actor, Ability.RESCHEDULE, moves, reception)


def cancel(change: Change, reason: str, comment: str, actor: Actor, reception: Reception) -> Answer:
    """`reason` is one of the МИС's, by id or name. A visit that is cancelled already is well."""
    wanted = replace(asked(change, Deed.CANCEL, actor), reason=reason)

    def cancels(visit: Visit, desk: Booking) -> Do:
        require(visit.status in AHEAD)
        id_ = next((one.id for one in desk.cancel_reasons() if is_named(reason, one.id, one.name)), "")
        if reason and not id_:
            raise Refused(RefusalKind.INCOMPLETE, text("There is no reason «{name}».", name=reason))

        def do() -> VisitKey:
            desk.cancel(visit.key.id, id_, comment)
            return visit.key

        return do

    return change_visit(wanted, actor, Ability.CANCEL, cancels, reception)


def change_status(change: Change, status: str, actor: Actor, reception: Reception) -> Answer:
    """`status` is one of the МИС's, by id or name, or one of VisitStatus's words."""
    desk = reception.desks.get(change.visit.connection)
    info = status_called(status, desk) if desk else None
    if info and info.status is VisitStatus.CANCELLED and desk and Ability.CANCEL in desk.abilities:
        return cancel(change, "", "", actor, reception)
    wanted = replace(asked(change, Deed.STATUS, actor), status=info.id if info else status)

    def changes(visit: Visit, desk: Booking) -> Do:
        if info is None:
            raise Refused(RefusalKind.INCOMPLETE, text("There is no status «{name}».", name=status))
        require(not visit.status.is_over)

        def do() -> VisitKey:
            desk.change_status(visit.key.id, info.id)
            return visit.key

        return do

    return change_visit(wanted, actor, Ability.CHANGE_STATUS, changes, reception)


def update(
    change: Change, comment: str | None, services: tuple[str, ...] | None, actor: Actor, reception: Reception
) -> Answer:
    """None leaves as it is."""
    wanted = replace(asked(change, Deed.UPDATE, actor), comment=comment, services=services)

    def updates(visit: Visit, desk: Booking) -> Do:
        if services is not None and Ability.SERVICES not in desk.abilities:
            raise unable()
        require(not visit.status.is_over)

        def do() -> VisitKey:
            desk.update(visit.key.id, comment=comment, services=services)
            return visit.key

        return do

    ability = Ability.COMMENT if comment is not None else Ability.SERVICES
    return change_visit(wanted, actor, ability, updates, reception)


def asked(change: Change, deed: Deed, actor: Actor) -> Wanted:
    return Wanted(
        ref=change.ref,
        deed=deed,
        connection=change.visit.connection,
        actor=actor.name,
        lead=change.lead,
        visit=change.visit,
    )


def status_called(name: str, desk: Booking) -> StatusInfo | None:
    """By id, else by name, else the first with that meaning."""
    known = desk.statuses()
    by_name = (one for one in known if is_named(name, one.id, one.name))
    return next(by_name, None) or next((one for one in known if one.status == name), None)


def is_named(name: str, id_: str, called: str) -> bool:
    return name == id_ or name.strip().casefold() == called.strip().casefold()


def require(is_possible: bool) -> None:  # noqa: FBT001 - reads as a sentence
    if not is_possible:
        raise Refused(RefusalKind.CHANGED, text("The visit has begun or is over: that is not possible any more."))


def change_visit(
    wanted: Wanted,
    actor: Actor,
    ability: Ability,
    prepare: Callable[[Visit, Booking], Do],
    reception: Reception,
) -> Answer:
    """Looks at the visit, writes the request down, looks whether it is so already, and does it."""
    try:
        desk = reception.desk(wanted.connection, ability)
        visit = visit_now(wanted, desk)
        reception.require(actor, visit.key.connection, visit.branch)
        wanted = replace(wanted, patient=visit.patient)
        intent, is_mine = reception.store.begin(wanted)
    except Refused as no:
        return reception.refusal(wanted, no)
    return carry_out(intent, visit, desk, prepare, reception) if is_mine else reception.answer(intent)


def visit_now(wanted: Wanted, desk: Booking) -> Visit:
    visit = desk.visit(wanted.visit.id) if wanted.visit else None
    if visit is None:
        raise Refused(RefusalKind.NO_VISIT, text("There is no such visit any more."))
    return visit


def carry_out(
    intent: Intent, visit: Visit, desk: Booking, prepare: Callable[[Visit, Booking], Do], reception: Reception
) -> Answer:
    try:
        if is_so(intent.wanted, visit):
            return reception.finish(intent, Finished(phase=Phase.DONE, visit=visit.key))
        do = prepare(visit, desk)
        reception.store.sent(intent.id, intent.attempt)
        return when_done(intent, Sent(do()), reception)
    except Refused as no:
        phase = Phase.NOT_DONE if no.kind is RefusalKind.NOT_DONE else Phase.REFUSED
        answer = reception.finish(intent, Finished(phase=phase, kind=no.kind, said=no.what))
        return replace(answer, advice=no.advice)
    except OutcomeUnknown:
        return find_out(intent, reception)
    except TryLater as error:
        nothing = Finished(phase=Phase.NOT_DONE, kind=RefusalKind.NOT_DONE, said=error.what)
        return replace(reception.finish(intent, nothing), advice=error.advice)
    except AskOperator as error:
        # The visit could be read a moment ago: writes are not taken here, and trying again by itself would never end.
        refused = Finished(phase=Phase.REFUSED, kind=RefusalKind.UNABLE, said=error.what)
        return replace(reception.finish(intent, refused), advice=error.advice)


def is_so(wanted: Wanted, visit: Visit) -> bool:
    match wanted.deed:
        case Deed.CANCEL:
            return visit.status in (VisitStatus.CANCELLED, VisitStatus.DELETED)
        case Deed.STATUS:
            return visit.raw_status == wanted.status
        case Deed.RESCHEDULE:
            time = wanted.time
            is_there = time is not None and (visit.doctor, visit.starts_at) == (time.doctor, time.starts_at)
            return is_there and visit.status in AHEAD
        case _:
            return False
