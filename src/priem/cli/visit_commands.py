"""`priem visit …`: the schedule, and visits that are booked, moved, cancelled and marked from the terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import uuid4
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from priem import bootstrap
from priem.booking import Ability, Booking, Shift, Time
from priem.cli.terminal import out, print_json, say
from priem.engine.booking_rights import Actor
from priem.engine.reception import Answer
from priem.errors import AskOperator
from priem.hub.booking import told
from priem.hub.booking.asked import (
    AskedForSchedule,
    AskedForStatus,
    AskedToBook,
    AskedToCancel,
    AskedToMove,
    Somebody,
    When,
)
from priem.hub.booking.receptions import opened
from priem.hub.booking.window import Window
from priem.hub.clinics import load_clinic
from priem.intents import Phase
from priem.model import VisitKey
from priem.texts import reader_language, text

CLINIC = Annotated[str, typer.Option(help="Клиника, если их несколько. (Which clinic, if several.)")]
CONNECTION = Annotated[str, typer.Option(help="Подключение, если их несколько. (Which connection, if several.)")]
JSON = Annotated[bool, typer.Option("--json", help="Одной строкой JSON. (As one line of JSON.)")]
AT = Annotated[str, typer.Option(metavar="ГГГГ-ММ-ДД ЧЧ:ММ", help="Время филиала. (The branch's time.)")]
MINUTES = Annotated[int, typer.Option(min=1, help="Длительность. (How long.)")]
DOCTOR = Annotated[str, typer.Option(help="Номер врача в МИС. (The doctor's id.)")]
REF = Annotated[str, typer.Option(help="Имя запроса: с ним же второй раз не запишет. (The same books once.)")]
VISIT = Annotated[str, typer.Argument(help="Запись: подключение:номер. (connection:id)")]
STAFF = Actor(name="cli")


def register(app: typer.Typer) -> None:
    visit = typer.Typer(help="Записи: расписание, записать, перенести, отменить. (Visits: look, book, move, cancel.)")
    visit.command(help="Расписание врачей и свободные окна. (Doctors' schedule and free slots.)")(schedule)
    visit.command(help="Записать пациента. (Book a visit.)")(book)
    visit.command(help="Перенести запись. (Move a visit.)")(move)
    visit.command(help="Отменить запись. (Cancel a visit.)")(cancel)
    visit.command(help="Изменить статус записи. (Change a visit's status.)")(status)
    visit.command(help="Что стало с запросом. (What became of a request.)")(outcome)
    app.add_typer(visit, name="visit")


def schedule(
    *,
    first: Annotated[str, typer.Option("--from", metavar="ГГГГ-ММ-ДД", help="Без него — сегодня. (Else today.)")] = "",
    days: Annotated[int, typer.Option(min=1, max=31)] = 7,
    doctor: Annotated[list[str] | None, typer.Option(help="Номер врача; можно несколько. (Doctors' ids.)")] = None,
    branch: Annotated[str, typer.Option(help="Номер филиала. (The branch's id.)")] = "",
    clinic: CLINIC = "",
    connection: CONNECTION = "",
    json: JSON = False,
) -> None:
    with window(clinic) as shown:
        key = connection_of(shown, connection)
        begin = day(first) if first else datetime.now(zone_of(shown.reception.desks[key], branch)).date()
        asked = AskedForSchedule(
            connection=key,
            first=begin,
            last=begin + timedelta(days=days - 1),
            doctor=tuple(doctor or ()),
            branch=branch,
        )
        if json:
            print_json(shown.schedule(asked))
            return
        show_shifts(shown.shifts(asked))


def show_shifts(shifts: list[Shift]) -> None:
    if not shifts:
        say(text("Nobody works then, or the medical information system does not say so."))
        return
    table = Table(*(heading.read(reader_language()) for heading in HEADINGS))
    for shift in shifts:
        free = [f"{slot.starts_at:%H:%M}" for slot in shift.slots if slot.free]
        table.add_row(
            f"{shift.starts_at:%d.%m.%Y}",
            f"{shift.starts_at:%H:%M}–{shift.ends_at:%H:%M}",
            f"{shift.doctor}  {shift.doctor_name}",
            shift.room,
            " ".join(free) or "—",
        )
    out.print(table)


HEADINGS = (text("Day"), text("Hours"), text("Doctor"), text("Room"), text("Free"))


def book(  # noqa: PLR0913 - each is an option
    *,
    doctor: DOCTOR,
    at: AT,
    minutes: MINUTES = 30,
    lead: Annotated[int | None, typer.Option(help="Номер сделки. (The lead's number.)")] = None,
    patient: Annotated[str, typer.Option(help="Номер пациента в МИС. (The patient's id.)")] = "",
    name: Annotated[str, typer.Option(help="Фамилия Имя Отчество нового пациента. (A new patient's name.)")] = "",
    phone: Annotated[str, typer.Option(help="Его телефон. (And phone.)")] = "",
    birthday: Annotated[str, typer.Option(metavar="ГГГГ-ММ-ДД", help="И день рождения. (And birthday.)")] = "",
    service: Annotated[list[str] | None, typer.Option(help="Номер услуги; можно несколько. (Services.)")] = None,
    comment: str = "",
    branch: str = "",
    room: str = "",
    ref: REF = "",
    clinic: CLINIC = "",
    connection: CONNECTION = "",
    json: JSON = False,
) -> None:
    with window(clinic) as shown:
        key = connection_of(shown, connection)
        asked = AskedToBook(
            ref=ref or new_ref(),
            connection=key,
            time=when(shown.reception.desks[key], doctor, at, minutes, branch, room),
            lead=lead,
            patient=patient,
            new_patient=somebody(name, phone, birthday) if name else None,
            services=tuple(service or ()),
            comment=comment,
        )
        tell(shown.book(asked), as_json=json)


def move(
    visit: VISIT,
    *,
    at: AT,
    doctor: DOCTOR = "",
    minutes: Annotated[int | None, typer.Option(min=1, help="Без него — как было. (Else as it was.)")] = None,
    ref: REF = "",
    clinic: CLINIC = "",
    json: JSON = False,
) -> None:
    with window(clinic) as shown:
        key = visit_key(clinic, visit)
        desk = shown.reception.desk(key.connection, Ability.RESCHEDULE)
        there = desk.visit(key.id)
        if there is None:
            raise AskOperator(text("There is no such visit any more."), text("Check its number."))
        length = (there.ends_at - there.starts_at) if there.ends_at else timedelta(minutes=30)
        lasts = minutes or max(1, int(length.total_seconds() // 60))
        time = when(desk, doctor or there.doctor, at, lasts, there.branch, "")
        tell(shown.reschedule(AskedToMove(ref=ref or new_ref(), visit=str(key), time=time)), as_json=json)


def cancel(
    visit: VISIT,
    *,
    reason: Annotated[str, typer.Option(help="Причина из МИС: имя или номер. (One of the МИС's reasons.)")] = "",
    comment: str = "",
    ref: REF = "",
    clinic: CLINIC = "",
    json: JSON = False,
) -> None:
    with window(clinic) as shown:
        key = visit_key(clinic, visit)
        asked = AskedToCancel(ref=ref or new_ref(), visit=str(key), reason=reason, comment=comment)
        tell(shown.cancel(asked), as_json=json)


def status(
    visit: VISIT,
    to: Annotated[str, typer.Argument(metavar="STATUS", help="Статус МИС или booked, confirmed, … (Its status.)")],
    *,
    ref: REF = "",
    clinic: CLINIC = "",
    json: JSON = False,
) -> None:
    with window(clinic) as shown:
        key = visit_key(clinic, visit)
        tell(shown.change_status(AskedForStatus(ref=ref or new_ref(), visit=str(key), status=to)), as_json=json)


def outcome(ref: str, *, clinic: CLINIC = "", json: JSON = False) -> None:
    with window(clinic) as shown:
        answer = shown.answer(ref)
        if answer is None:
            raise AskOperator(text("There is no such request."), text("Check its name."))
        tell(answer, as_json=json)


@contextmanager
def window(clinic: str) -> Iterator[Window]:
    with opened(load_clinic(bootstrap.only_clinic(clinic))) as found:
        yield Window(found.reception, STAFF)


def connection_of(shown: Window, named: str) -> str:
    """Raises AskOperator when it is not plain."""
    desks = shown.reception.desks
    if named in desks:
        return named
    if not named and len(desks) == 1:
        return next(iter(desks))
    raise AskOperator(
        text("Which connection is meant, is not plain: {list}.", list=", ".join(desks) or "—"),
        text("Say which: --connection NAME. Only those are listed that let others book."),
    )


def visit_key(clinic: str, written: str) -> VisitKey:
    return bootstrap.key_of(bootstrap.only_clinic(clinic), VisitKey, written)


def when(desk: Booking, doctor: str, at: str, minutes: int, branch: str, room: str) -> When:
    try:
        starts_at = datetime.fromisoformat(at.strip())
    except ValueError as error:
        raise not_a_time(at) from error
    local = starts_at if starts_at.tzinfo else starts_at.replace(tzinfo=zone_of(desk, branch))
    return When(doctor=doctor, starts_at=local, ends_at=local + timedelta(minutes=minutes), branch=branch, room=room)


def not_a_time(written: str) -> AskOperator:
    return AskOperator(text("«{written}» is no time.", written=written), text("Write it as 2026-11-26 12:00."))


def day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError as error:
        raise AskOperator(text("«{written}» is no day.", written=written), text("Write it as 2026-11-26.")) from error


def zone_of(desk: Booking, branch: str) -> ZoneInfo:
    branches = desk.branches()
    names = [one.time_zone for one in branches if one.id == branch] or [one.time_zone for one in branches]
    return ZoneInfo(names[0] if names else "UTC")


def somebody(name: str, phone: str, birthday: str) -> Somebody:
    last, first, middle, *_ = (*name.split(), "", "", "")
    born = day(birthday) if birthday else None
    return Somebody(last_name=last, first_name=first, middle_name=middle, phone=phone, birthday=born)


def new_ref() -> str:
    return f"cli-{uuid4()}"


def tell(answer: Answer, *, as_json: bool) -> None:
    """Ends with 0 when it is done, with 1 when it was refused, with 75 when it is not known yet."""
    if as_json:
        print_json(told.answer(answer))
    else:
        show(answer)
    if answer.phase is not Phase.DONE:
        raise typer.Exit(75 if answer.phase.is_open else 1)


def show(answer: Answer) -> None:
    if answer.phase is Phase.DONE:
        say(text("Done: {visit}.", visit=answer.visit or answer.ref), "green")
    elif answer.said:
        say(answer.said, "bold red")
    if answer.advice:
        say(answer.advice)
    for one in answer.candidates:
        out.print(f"  {one.key.id}  {one.name}  {one.birthday or ''}", markup=False)
    if answer.nearest:
        say(text("Free near that time: {list}.", list=", ".join(map(written_time, answer.nearest))))
    if answer.phase.is_open:
        say(text("Ask again: priem visit outcome {ref}.", ref=answer.ref))


def written_time(time: Time) -> str:
    return f"{time.starts_at:%d.%m %H:%M}"
