"""The values that a МИС offers to amoCRM's fields, and how each is said in each kind of field. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Literal

from priem.model import FieldValue, Patient, Visit, VisitStatus
from priem.plans import TreatmentPlan

Value = str | int | bool | Decimal | date | datetime | time | tuple[str, ...] | None

STATUS_NAMES: Mapping[VisitStatus, str] = {
    VisitStatus.BOOKED: "Записан",
    VisitStatus.CONFIRMED: "Подтверждён",
    VisitStatus.ARRIVED: "Пришёл",
    VisitStatus.IN_PROGRESS: "На приёме",
    VisitStatus.COMPLETED: "Завершён",
    VisitStatus.PAID: "Оплачен",
    VisitStatus.CANCELLED: "Отменён",
    VisitStatus.NO_SHOW: "Не пришёл",
    VisitStatus.DELETED: "Удалён",
    VisitStatus.UNMAPPED: "Неизвестен",
}
"""What a clinic reads in its own lead card: data of that clinic, hence Russian whatever the reader's language."""


@dataclass(frozen=True, slots=True)
class ValueKind:
    """A value of the МИС: what its own field in amoCRM is called and of which kind it is when Priem makes it."""

    of: Literal["patient", "visit"]
    title: str
    field_kind: str
    read: Callable[[Any], Value]
    options: tuple[str, ...] = ()


def patient_value(title: str, field_kind: str, read: Callable[[Patient], Value]) -> ValueKind:
    return ValueKind("patient", title, field_kind, read)


def visit_value(
    title: str, field_kind: str, read: Callable[[Visit], Value], options: tuple[str, ...] = ()
) -> ValueKind:
    return ValueKind("visit", title, field_kind, read, options)


def plan_in_words(plan: TreatmentPlan) -> str:
    """«План лечения от 14.11.2026: 84 000 ₽, выполнено 2 из 5», Russian for the same reason as a status."""
    when = f" от {plan.made_on:%d.%m.%Y}" if plan.made_on else ""
    rest = f", осталось {roubles(plan.left)}" if plan.done and plan.left else ""
    return f"{plan.name or 'План лечения'}{when}: {roubles(plan.total)}, выполнено {plan.done} из {plan.lines}{rest}"


def roubles(amount: Decimal) -> str:
    whole, dot, part = plain(amount).partition(".")
    return f"{int(whole):,}".replace(",", "\u00a0") + (f",{part:0<2}" if dot else "") + "\u00a0₽"


def of_plans(patient: Patient, part: Callable[[TreatmentPlan], Decimal]) -> Decimal | None:
    return sum(map(part, patient.plans), Decimal(0)) if patient.plans else None


NEEDS_PLANS = frozenset({"patient.plans", "patient.plans_total", "patient.plans_left"})
"""Values for which treatment plans have to be read."""
VALUES: Mapping[str, ValueKind] = {
    "patient.id": patient_value("ID пациента", "text", lambda patient: patient.key.id),
    "patient.birthday": patient_value("Дата рождения", "birthday", lambda patient: patient.birthday),
    "patient.email": patient_value("Электронная почта", "text", lambda patient: patient.email),
    "patient.card_number": patient_value("Номер карты", "text", lambda patient: patient.card_number),
    "patient.parent_name": patient_value("Родитель", "text", lambda patient: patient.parent_name),
    "patient.source": patient_value("Рекламный источник", "text", lambda patient: patient.source),
    "patient.first_visit": patient_value("Первый приём", "date", lambda patient: patient.first_visit),
    "patient.plans": patient_value(
        "Планы лечения", "textarea", lambda patient: "\n".join(map(plan_in_words, patient.plans))
    ),
    "patient.plans_total": patient_value(
        "Сумма планов лечения", "numeric", lambda patient: of_plans(patient, lambda plan: plan.total)
    ),
    "patient.plans_left": patient_value(
        "Осталось по планам лечения", "numeric", lambda patient: of_plans(patient, lambda plan: plan.left)
    ),
    "visit.id": visit_value("ID записи", "numeric", lambda visit: visit.key.id),
    "visit.branch_id": visit_value("ID филиала", "numeric", lambda visit: visit.branch),
    "visit.branch": visit_value("Филиал", "text", lambda visit: visit.branch_name),
    "visit.starts_at": visit_value("Дата и время записи", "date_time", lambda visit: visit.starts_at),
    "visit.ends_at": visit_value("Конец записи", "date_time", lambda visit: visit.ends_at),
    "visit.date": visit_value("Дата записи", "date", lambda visit: visit.starts_at.date()),
    "visit.time": visit_value("Время записи", "text", lambda visit: visit.starts_at.time()),
    "visit.doctor": visit_value("Врач", "text", lambda visit: visit.doctor_name),
    "visit.speciality": visit_value("Специальность", "text", lambda visit: visit.speciality),
    "visit.room": visit_value("Кабинет", "text", lambda visit: visit.room),
    "visit.services": visit_value(
        # amoCRM makes no list without an option (docs/reference/amocrm.md §3.9); the clinic's own come as they are met.
        "Услуги",
        "multiselect",
        lambda visit: tuple(service.name for service in visit.services),
        ("Другая услуга",),
    ),
    "visit.total": visit_value("Сумма заказа", "numeric", lambda visit: visit.total),
    "visit.status": visit_value(
        "Статус визита", "select", lambda visit: STATUS_NAMES[visit.status], tuple(STATUS_NAMES.values())
    ),
    "visit.comment": visit_value("Комментарий к записи", "textarea", lambda visit: visit.comment),
    "visit.first": visit_value("Первичный приём", "checkbox", lambda visit: visit.is_first),
}


def express(value: Value, kind: str) -> FieldValue:
    """The value as a field of that kind holds it; empty when the МИС has none or it cannot be said there."""
    if value is None or value in ("", ()):
        return ""
    return KINDS.get(kind, as_text)(value)


def as_text(value: Value) -> FieldValue:
    """Without blanks around it: amoCRM trims, and each comparing would find a difference."""
    for kind, said in SAID.items():
        if isinstance(value, kind):
            return said(value)
    return str(value).strip()


def as_figure(value: Value) -> FieldValue:
    if isinstance(value, Decimal):
        return plain(value)
    written = str(value)
    return written if written.isascii() and written.isdigit() else ""


def as_date(value: Value) -> FieldValue:
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else ""


def as_moment(value: Value) -> FieldValue:
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else ""


def as_flag(value: Value) -> FieldValue:
    return ("true" if value else "false") if isinstance(value, bool) else ""


def as_options(value: Value) -> FieldValue:
    chosen = value if isinstance(value, tuple) else (str(as_text(value)),)
    return tuple(sorted({one.strip() for one in chosen} - {""}))


def plain(figure: Decimal) -> str:
    """Without an exponent and without zeros that say nothing: 1900.0000000000 → 1900."""
    written = f"{figure:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


SAID: Mapping[type, Callable[[Any], str]] = {
    bool: lambda flag: "да" if flag else "нет",
    datetime: lambda moment: f"{moment:%d.%m.%Y %H:%M}",
    date: lambda day: f"{day:%d.%m.%Y}",
    time: lambda hour: f"{hour:%H:%M}",
    Decimal: plain,
    tuple: ", ".join,
}
"""In this order: a datetime is a date, too."""

KINDS: Mapping[str, Callable[[Value], FieldValue]] = {
    "numeric": as_figure,
    "monetary": as_figure,
    "date": as_date,
    "birthday": as_date,
    "date_time": as_moment,
    "checkbox": as_flag,
    "multiselect": as_options,
    "multitext": as_options,
}
"""docs/reference/amocrm.md §3.9; the kinds that are not here hold text."""

SUPPORTED_KINDS = frozenset(KINDS) | {"text", "textarea", "url", "select", "radiobutton", "streetaddress"}
