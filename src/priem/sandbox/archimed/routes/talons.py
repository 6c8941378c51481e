"""`talons`: read, book, move, change, delete (docs/reference/archimed.md §1.4)."""

from collections.abc import Iterable

from ..state import booking
from ..state.booking import Wish
from ..state.records import Medcard, Talon
from ..wire import Answer, Refused, answer
from .call import Call, day_of, found, moment_of, number_of
from .router import Router


def mount(router: Router) -> None:
    """Its paths."""
    router.add("GET", "talons", listed)
    router.add("POST", "talons", create)
    router.add("GET", "talons/#", one)
    router.add("PUT", "talons/#", change)
    router.add("DELETE", "talons/#", delete)
    router.add("GET", "medcards/#/talons", of_patient)
    router.add("GET", "doctors/#/talons", of_doctor)


def listed(call: Call) -> Answer:
    """All of the branch, by id."""
    return _page(call, call.branch.talons.values())


def of_patient(call: Call, number: int) -> Answer:
    """Of one medcard."""
    found(call.branch.medcards, number)
    return _page(call, call.branch.talons_of(number))


def of_doctor(call: Call, number: int) -> Answer:
    """Of one doctor."""
    found(call.branch.doctors, number)
    return _page(call, [talon for talon in call.branch.talons.values() if talon.doctor_id == number])


def _page(call: Call, talons: Iterable[Talon]) -> Answer:
    deleted_too = _with_deleted(call)
    first, last = (call.day("date_from"), call.day("date_to")) if call.shape.windows else (None, None)
    rows = [
        talon
        for talon in talons
        if (deleted_too or not talon.deleted)
        and (first is None or talon.start.date() >= first)
        and (last is None or talon.start.date() <= last)
    ]
    return call.page(rows, call.renderer.talon)


def _with_deleted(call: Call) -> bool:
    return call.request.parameter("withDeleted") not in ("", "0", "false")


def one(call: Call, number: int) -> Answer:
    """A deleted one only `withDeleted=1`."""
    return call.one(call.renderer.talon(_talon(call, number, deleted_too=_with_deleted(call))))


def _talon(call: Call, number: int, *, deleted_too: bool = False) -> Talon:
    talon = found(call.branch.talons, number)
    if talon.deleted and not deleted_too:
        raise Refused(404, "Талон не найден")
    return talon


def create(call: Call) -> Answer:
    """`doc_id, date, begintime, endtime` and `patient_id` or a new patient's names, birthday and phone."""
    form = _form(call)
    for name in ("doc_id", "date", "begintime"):
        if not form.get(name):
            raise Refused(400, f"Не указано поле {name}")
    wish = Wish(
        doctor_id=number_of(form["doc_id"]),
        start=moment_of(form["date"], form["begintime"]),
        end=moment_of(form["date"], form["endtime"]) if form.get("endtime") else None,
        room=form.get("room", ""),
        info=form.get("info", ""),
        creator=call.creator,
        record_type_id=number_of(form.get("record_type_id", "4")),
        info_source_id=number_of(form.get("info_source_id", "")),
        reception_type_id=number_of(form.get("reception_type_id", "")),
        status_id=number_of(form["status_id"]) if form.get("status_id") else None,
    )
    if form.get("patient_id"):
        wish.card = found(call.branch.medcards, number_of(form["patient_id"]))
    elif not form.get("last_name"):
        raise Refused(400, "Не указан пациент")
    talon = booking.book(call.branch, wish)
    if wish.card is None:
        _receive(call, talon, form)
    return answer({"status": "Ok", "id": call.renderer.id(talon.id)})


def _form(call: Call) -> dict[str, str]:
    ignored = call.branch.manners.ignored_fields
    return {name: value for name, value in call.request.form().items() if name not in ignored}


def _receive(call: Call, talon: Talon, form: dict[str, str]) -> None:
    """Somebody unknown: with a card from now on, or by name and phone only."""
    if call.branch.manners.makes_medcards:
        call.branch.give_to(talon, new_card(call, form).id)
    else:
        names = (form.get("last_name", ""), form.get("first_name", ""), form.get("middle_name", ""))
        talon.name, talon.phone = " ".join(name for name in names if name), form.get("phone", "")


def new_card(call: Call, form: dict[str, str]) -> Medcard:
    """Phones are kept as they were sent."""
    branch, now = call.branch, call.branch.now()
    number = branch.next_id(branch.medcards)
    return branch.add_medcard(
        Medcard(
            id=number,
            last_name=form.get("last_name", ""),
            first_name=form.get("first_name", ""),
            middle_name=form.get("middle_name", ""),
            birthdate=day_of(form["birthdate"]) if form.get("birthdate") else None,
            phone=form.get("phone", ""),
            phone1=form.get("phone_alt", ""),
            email=form.get("email", ""),
            created=now,
            changed=now,
            number=str(number + 1000),
        )
    )


def change(call: Call, number: int) -> Answer:
    """Only what is sent. A refused part leaves the whole as it was."""
    talon, form, branch = _talon(call, number), _form(call), call.branch
    reason = number_of(form.get("delete_reason_id", ""))
    status_id = booking.known_status(branch, number_of(form["status_id"])) if form.get("status_id") else None
    day, time = form.get("date") or talon.start.strftime("%d.%m.%Y"), form.get("begintime")
    start = moment_of(day, time or talon.start.strftime("%H:%M:%S"))
    end = moment_of(day, form["endtime"]) if form.get("endtime") else None
    booking.move(branch, talon, number_of(form.get("doc_id", "")) or talon.doctor_id, start, end)
    if status_id is not None:
        booking.change_status(branch, talon, status_id, reason)
    if "info" in form:
        talon.info = form["info"]
        booking.touch(branch, talon)
    return answer({"status": "Ok", "id": call.renderer.id(talon.id)})


def delete(call: Call, number: int) -> Answer:
    """Softly, with a reason if one is sent; unproven in the general API, documented in the partner's."""
    talon = _talon(call, number)
    reason = call.request.parameter("delete_reason_id") or _form(call).get("delete_reason_id", "")
    booking.delete(call.branch, talon, number_of(reason))
    return answer({"status": "Ok", "id": call.renderer.id(talon.id)})
