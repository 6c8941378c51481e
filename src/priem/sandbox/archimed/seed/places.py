"""What a branch has before it has patients: people who work there, dictionaries, the price list, the schedule."""

import random
from datetime import date, datetime, time, timedelta

from priem.sandbox.ident.seed.names import invent

from ..state.branch import Branch
from ..state.records import Building, Doctor, Group, Service, Shift, Status, User

SPECIALITIES = [
    *("Терапевт", "Хирург", "Невролог", "Кардиолог", "Офтальмолог", "Оториноларинголог", "Гинеколог", "Уролог"),
    *("Эндокринолог", "Дерматолог", "Педиатр", "Травматолог-ортопед", "Гастроэнтеролог", "УЗИ"),
]
MAIN_STATUSES = (
    Status(1, "Запись", "booked"),
    Status(2, "Подтвержден", "confirmed"),
    Status(3, "Прием завершен", "completed"),
    Status(4, "Отменен", "cancelled"),
)
"""1, 3 and 4 are evidenced (docs/reference/archimed.md §1.5); every other id and every name is a clinic's own."""
OWN_STATUSES = (
    (
        Status(5, "Пациент пришел", "arrived"),
        Status(6, "На приеме", "in_progress"),
        Status(7, "Оплачен", "paid"),
        Status(8, "Не явился", "no_show"),
        Status(12, "Ждет анализы"),
        Status(15, "Перезвонить вечером"),
    ),
    (
        Status(5, "Закрыт и оплачен", "paid"),
        Status(7, "Неявка", "no_show"),
        Status(9, "Пришел в клинику", "arrived"),
        Status(11, "В кабинете врача", "in_progress"),
        Status(14, "Лист ожидания"),
    ),
)
DELETE_REASONS = ["Отказ пациента", "Перенос на другую дату", "Болезнь врача", "Ошибка регистратора"]
SOURCES = ["Сайт", "Рекомендация знакомых", "Реклама на улице", "Карты и справочники", "Уже лечился у нас"]
STREETS = ("ул. Космонавтов, 41", "пр. Строителей, 7", "ул. Садовая, 12", "Набережная, 3")
GROUPS = {"Прием": 1500, "Диагностика": 1200, "Анализы": 350, "Процедуры": 900}
SLOT_LENGTHS = (20, 30, 30, 15, 60)
AHEAD = 60
"""Days for which the schedule is made."""


def furnish(branch: Branch, dice: random.Random, number: int, doctors: int, history: int) -> None:
    """Everything but patients and talons. `number` tells branches apart."""
    _dictionaries(branch)
    branch.statuses = {status.id: status for status in (*MAIN_STATUSES, *OWN_STATUSES[number % len(OWN_STATUSES)])}
    branch.buildings = {n: Building(n, f"Корпус {n}", STREETS[(number + n) % len(STREETS)]) for n in (1, 2)}
    branch.users = {n: User(n, invent(dice).full) for n in range(1, 5)}
    for n in range(1, doctors + 1):
        branch.doctors[n + 7] = _doctor(dice, n, last=n == doctors)
    _prices(branch)
    today = branch.now().date()
    branch.scheduled_until = today - timedelta(days=history + 1)
    schedule(branch)


def _dictionaries(branch: Branch) -> None:
    put = branch.dictionaries.put
    put("specializations", SPECIALITIES, first=31)
    put("branchs", ["Неврология 1", "Терапия", "Дневной стационар"])
    put("zones", ["Участок 1", "Участок 2"])
    put("categories", ["Первая категория", "Высшая категория"])
    put("scientific_degrees", ["Кандидат медицинских наук", "Доктор медицинских наук"])
    put("talondeletereasons", DELETE_REASONS)
    put("info_sources", SOURCES)
    put("record_types", ["По телефону", "Лично", "Через сайт", "Через API"])
    put("reception_types", ["Первичный", "Повторный"])
    put("com_statuses", ["Дозвонились", "Не дозвонились"])
    put("agents", ["Партнерская клиника", "Страховая компания"])


def _doctor(dice: random.Random, number: int, *, last: bool) -> Doctor:
    """The last one never set a reception time: the API shows and books nothing there."""
    person = invent(dice)
    first = 31 + (number - 1) % len(SPECIALITIES)
    others = [31 + int(dice.random() * len(SPECIALITIES))] if dice.random() < 0.3 else []
    some = dice.random()
    return Doctor(
        id=number + 7,
        last_name=person.surname,
        first_name=person.name,
        middle_name=person.patronymic,
        specialities=list(dict.fromkeys([first, *others])),
        building_id=1 + number % 2,
        room=f"Кабинет № {number + 1}",
        max_time=0 if last else SLOT_LENGTHS[number % len(SLOT_LENGTHS)],
        department_id=1 + number % 3 if some < 0.5 else None,
        zone_id=1 if some < 0.2 else None,
        category_id=1 + number % 2 if some < 0.6 else None,
        degree_id=1 if some < 0.15 else None,
        user_id=1 + number % 4 if some < 0.7 else None,
        phone=f"8495{1_000_000 + int(dice.random() * 8_999_999)}",
        snils=f"{int(dice.random() * 10**11):011d}",
    )


def _prices(branch: Branch) -> None:
    number = 0
    for owner, (name, price) in enumerate(GROUPS.items(), start=1):
        branch.groups[owner] = Group(owner, f"{owner:02d}", name, 0)
        for n, speciality in enumerate(SPECIALITIES[:8] if owner > 1 else SPECIALITIES):
            if n % 4 == 0:
                inner = 10 * owner + n // 4
                branch.groups[inner] = Group(
                    inner, f"{owner:02d}.{n // 4 + 1:02d}", f"{name}, раздел {n // 4 + 1}", owner
                )
            number += 1
            branch.services[number] = Service(
                id=number,
                code=f"A{owner:02d}.{n + 1:03d}",
                name=f"{name}: {speciality.lower()}",
                group_id=10 * owner + n // 4,
                base_cost=price + 50 * n,
                duration=0 if owner == 3 else 30,
            )


def schedule(branch: Branch) -> None:
    """The next shifts, as far as is usual: mornings or evenings by turns, Sundays free, now and then two a day."""
    last = branch.now().date() + timedelta(days=AHEAD)
    while branch.scheduled_until < last:
        branch.scheduled_until += timedelta(days=1)
        for doctor in branch.doctors.values():
            for start, end, kind, hidden in _hours(doctor, branch.scheduled_until):
                number, place = branch.next_id(branch.shifts), (doctor.building_id, doctor.room)
                branch.add_shift(Shift(number, doctor.id, *place, start, end, kind, hidden))


def _hours(doctor: Doctor, day: date) -> list[tuple[datetime, datetime, int, bool]]:
    turn = (doctor.id + day.toordinal()) % 5
    if turn == 4 or day.isoweekday() == 7 or not doctor.enabled:
        return []
    pieces = [(8, 14), (14, 20), (8, 12), (9, 15)][turn : turn + 1]
    if turn == 2:
        pieces.append((13, 17))
    hours = [(_at(day, start), _at(day, end), 0, False) for start, end in pieces]
    if turn == 3:
        hours.append((_at(day, 16), _at(day, 17), 1, True))
    return hours


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour))
