"""What people do in the clinic's own program: `POST /_sandbox/act`. Each act is a name and its parameters.

Staff is held to the same rules as the API, except that they may pass a slot by: `"force": true` books over anything.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from .state import booking, grid
from .state.booking import Refusal, Wish
from .state.branch import Branch
from .state.records import Medcard, Named, Shift, Status, Talon

Sent = Mapping[str, Any]
Done = dict[str, object]
Act = Callable[[Branch, Sent], Done]


def perform(branch: Branch, sent: Sent) -> Done:
    """Do one act; ValueError or KeyError with what was wrong about it."""
    act = ACTS.get(str(sent.get("act")))
    if act is None:
        raise ValueError(f"act: one of {', '.join(sorted(ACTS))}")
    try:
        return act(branch, sent)
    except Refusal as refusal:
        raise ValueError(refusal.text) from refusal


def _patient(branch: Branch, sent: Sent) -> Done:
    """A new card: last_name, first_name, middle_name, phone, phone1, email, birthdate (ISO)."""
    now, number = branch.now(), branch.next_id(branch.medcards)
    card = branch.add_medcard(
        Medcard(number, "", "", "", None, "", now, now, number=str(sent.get("number", number + 1000)))
    )
    _write(card, sent)
    return {"medcard": card.id}


def _change_patient(branch: Branch, sent: Sent) -> Done:
    """The same fields, of `medcard`."""
    card = branch.medcards[int(sent["medcard"])]
    _write(card, sent)
    card.changed = branch.now()
    return {"medcard": card.id}


def _write(card: Medcard, sent: Sent) -> None:
    for name in ("last_name", "first_name", "middle_name", "phone", "phone1", "email", "profession"):
        if name in sent:
            setattr(card, name, str(sent[name]))
    if "birthdate" in sent:
        card.birthdate = datetime.fromisoformat(sent["birthdate"]).date() if sent["birthdate"] else None


def _delete_patient(branch: Branch, sent: Sent) -> Done:
    branch.medcards[int(sent["medcard"])].deleted = True
    return {"medcard": int(sent["medcard"])}


def _free(branch: Branch, sent: Sent) -> Done:
    """Free slots of `doctor`, or of all, from tomorrow on for `days`: at most `count` of them."""
    today, days = branch.now().date(), int(sent.get("days", 14))
    chosen = [booking.doctor_of(branch, int(sent["doctor"]))] if sent.get("doctor") else branch.bookable()
    slots = [
        {"doctor": doctor.id, "start": start.isoformat(), "end": end.isoformat()}
        for doctor in chosen
        for start, end in grid.free_slots(branch, doctor, today + timedelta(days=1), today + timedelta(days=days))
    ]
    return {"slots": slots[: int(sent.get("count", 20))]}


def _book(branch: Branch, sent: Sent) -> Done:
    """`doctor`, `start` (ISO, local) and `medcard`, or `name` and `phone`; `end`, `status`, `info`, `force`."""
    wish = Wish(
        doctor_id=int(sent["doctor"]),
        start=_moment(sent["start"]),
        end=_moment(sent["end"]) if sent.get("end") else None,
        card=branch.medcards[int(sent["medcard"])] if sent.get("medcard") else None,
        name=str(sent.get("name", "")),
        phone=str(sent.get("phone", "")),
        status_id=int(sent["status"]) if sent.get("status") else None,
        info=str(sent.get("info", "")),
        creator=str(sent.get("by") or next(iter(branch.users.values())).name),
        record_type_id=int(sent.get("record_type", 1)),
        info_source_id=int(sent.get("info_source", 0)),
        forced=bool(sent.get("force")),
    )
    return {"talon": booking.book(branch, wish).id}


def _move(branch: Branch, sent: Sent) -> Done:
    """`talon` to `start`, and to another `doctor` if one is named; the id stays."""
    talon = _talon(branch, sent)
    end = _moment(sent["end"]) if sent.get("end") else None
    start = _moment(sent["start"]) if sent.get("start") else talon.start
    booking.move(branch, talon, int(sent.get("doctor", talon.doctor_id)), start, end)
    return {"talon": talon.id}


def _status(branch: Branch, sent: Sent) -> Done:
    """`status` by id, or `means`: booked, confirmed, arrived, in_progress, completed, paid, cancelled, no_show."""
    talon = _talon(branch, sent)
    status_id = int(sent["status"]) if "status" in sent else branch.status_that(str(sent["means"])).id
    booking.change_status(branch, talon, status_id, int(sent.get("reason", 0)))
    return {"talon": talon.id, "status": status_id}


def _cancel(branch: Branch, sent: Sent) -> Done:
    """The status «cancelled», with a `reason`."""
    return _status(branch, {**sent, "means": "cancelled"})


def _delete(branch: Branch, sent: Sent) -> Done:
    """Off the diary, with a `reason`; `withDeleted=1` still shows it."""
    talon = _talon(branch, sent)
    booking.delete(branch, talon, int(sent.get("reason", 0)))
    return {"talon": talon.id}


def _restore(branch: Branch, sent: Sent) -> Done:
    talon = _talon(branch, sent)
    booking.restore(branch, talon)
    return {"talon": talon.id}


def _note(branch: Branch, sent: Sent) -> Done:
    """`info`, without a look at anything else."""
    talon = _talon(branch, sent)
    talon.info = str(sent["info"])
    booking.touch(branch, talon)
    return {"talon": talon.id}


def _give_to(branch: Branch, sent: Sent) -> Done:
    """The talon belongs to `medcard` after all."""
    talon = _talon(branch, sent)
    branch.give_to(talon, branch.medcards[int(sent["medcard"])].id)
    booking.touch(branch, talon)
    return {"talon": talon.id}


def _talon(branch: Branch, sent: Sent) -> Talon:
    return branch.talons[int(sent["talon"])]


def _add_shift(branch: Branch, sent: Sent) -> Done:
    """`doctor` works from `start` to `end`; `hidden` hours are not for the API."""
    doctor = booking.doctor_of(branch, int(sent["doctor"]))
    number, room = branch.next_id(branch.shifts), str(sent.get("room", doctor.room))
    start, end = _moment(sent["start"]), _moment(sent["end"])
    shift = Shift(number, doctor.id, doctor.building_id, room, start, end, hidden=bool(sent.get("hidden")))
    return {"shift": branch.add_shift(shift).id}


def _drop_shift(branch: Branch, sent: Sent) -> Done:
    """`shift` is off; who was booked stays booked."""
    branch.drop_shift(branch.shifts[int(sent["shift"])])
    return {"shift": int(sent["shift"])}


def _reception_time(branch: Branch, sent: Sent) -> Done:
    """`doctor`'s `max_time` in minutes; 0 is none."""
    booking.doctor_of(branch, int(sent["doctor"])).max_time = int(sent["max_time"])
    return {"doctor": int(sent["doctor"])}


def _dismiss(branch: Branch, sent: Sent) -> Done:
    """`doctor` is not in the lists any more."""
    booking.doctor_of(branch, int(sent["doctor"])).enabled = False
    return {"doctor": int(sent["doctor"])}


def _name_status(branch: Branch, sent: Sent) -> Done:
    """A status of the clinic's own, new or renamed: `status`, `name`."""
    number = int(sent["status"])
    known = branch.statuses.get(number)
    branch.statuses[number] = Status(number, str(sent["name"]), known.means if known else str(sent.get("means", "")))
    return {"status": number}


def _name_reason(branch: Branch, sent: Sent) -> Done:
    """A delete reason, new or renamed: `reason`, `name`."""
    number = int(sent["reason"])
    branch.dictionaries.rows["talondeletereasons"][number] = Named(number, str(sent["name"]))
    return {"reason": number}


def _moment(text: object) -> datetime:
    return datetime.fromisoformat(str(text)).replace(tzinfo=None)


ACTS: dict[str, Act] = {
    "patient": _patient,
    "change_patient": _change_patient,
    "delete_patient": _delete_patient,
    "free": _free,
    "book": _book,
    "move": _move,
    "status": _status,
    "cancel": _cancel,
    "delete": _delete,
    "restore": _restore,
    "note": _note,
    "give_to": _give_to,
    "add_shift": _add_shift,
    "drop_shift": _drop_shift,
    "reception_time": _reception_time,
    "dismiss": _dismiss,
    "name_status": _name_status,
    "name_reason": _name_reason,
}
