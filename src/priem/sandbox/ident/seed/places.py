"""The clinic itself: branches, chairs, staff, dictionaries, the price list, the grid of a day."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from priem.sandbox.ident.moments import from_datetime
from priem.sandbox.ident.seed.names import invent

Rows = list[tuple[object, ...]]

OPENS, CLOSES, SLOT = 9 * 60, 21 * 60, 15
SLOTS = (CLOSES - OPENS) // SLOT
SHIFT = SLOTS // 2

BRANCHES = (
    ("ООО «Белый клык»", "На Садовой"), ("ООО «Белый клык — Юг»", "Южный"), ("ООО «Белый клык — Дети»", "Детский"),
    ("ИП Жаворонкова", "На Речной"),
)  # fmt: skip
PROFESSIONS = (
    (1, "Стоматолог-терапевт", 8), (2, "Стоматолог-ортопед", 8), (3, "Стоматолог-хирург", 8), (4, "Ортодонт", 8),
    (5, "Детский стоматолог", 8), (6, "Гигиенист", 8), (7, "Пародонтолог", 8), (20, "Администратор", 7),
    (21, "Директор", 9),
    (22, "Маркетолог", 104),
)  # fmt: skip
SOURCES = ((1, "Сайт"), (2, "Рекомендация"), (3, "Яндекс.Карты"), (4, "2ГИС"), (5, "Соцсети"), (6, "Наружная реклама"),
           (7, "Мимо проходил"), (9, "ПроДокторов"))  # fmt: skip
BY_PATIENT, BY_CLINIC, MOVED, NO_SHOW, ILL = 1, 3, 6, 8, 11
CANCEL_REASONS = (
    (BY_PATIENT, "Отмена пациентом"), (2, "Ошибка записи"), (BY_CLINIC, "Отмена клиникой"), (4, "Не дозвонились"),
    (MOVED, "Перенос записи"), (NO_SHOW, "Не явился"), (ILL, "Заболел"),
)  # fmt: skip
APPOINTMENT_SOURCES = ((1, "Звонок"), (2, "Визит в клинику"), (3, "Онлайн-запись"), (4, "Мессенджер"))
PROVIDERS = ((1, "Собственный сервис клиники"), (2, "ПроДокторов"))
ARCHIVING = ((1, "Сменил город"), (2, "Умер"), (3, "Дубль карточки"))
SERVICES = (
    ("Консультация первичная", 0), ("Осмотр повторный", 500), ("Лечение кариеса", 5200), ("Лечение пульпита", 11_800),
    ("Профессиональная гигиена", 4900), ("Удаление зуба простое", 3100), ("Удаление зуба мудрости", 9800),
    ("Коронка циркониевая", 27_500), ("Имплант под ключ", 64_000), ("Брекет-система, установка", 48_000),
    ("Активация брекетов", 2600), ("Отбеливание", 16_500), ("Анестезия", 650), ("Снимок прицельный", 450),
    ("Снимок панорамный", 1500), ("Герметизация фиссур", 1900), ("Пломба на молочный зуб", 2900), ("Вкладка", 13_400),
)  # fmt: skip
CATEGORIES = ((1, "Терапия"), (2, "Гигиена"), (3, "Хирургия"), (4, "Ортопедия"), (5, "Ортодонтия"), (6, "Диагностика"))
FOLDERS = (
    (11, "Приёмы", 1), (12, "Лечение зубов", 1), (13, "Профилактика", 2), (14, "Удаления и имплантация", 3),
    (15, "Коронки и вкладки", 4), (16, "Брекеты", 5), (17, "Снимки", 6), (18, "Разное", None),
)  # fmt: skip
FOLDER_OF = (11, 11, 12, 12, 13, 14, 14, 15, 14, 16, 16, 13, 18, 17, 17, 13, 12, 15)
"""Of each service."""


@dataclass(slots=True)
class Clinic:
    chairs: list[tuple[int, int]] = field(default_factory=list)
    """(chair, branch)"""
    doctors: list[int] = field(default_factory=list)
    administrators: list[int] = field(default_factory=list)
    next_person: int = 2001

    def doctor_of(self, chair: int, day: int, slot: int) -> int:
        """Two doctors share a chair's day; who has the morning changes every day."""
        place = chair % max(1, len(self.doctors) // 2)
        return self.doctors[2 * place + (day + (slot >= SHIFT)) % 2]


def build(dice: random.Random, chairs: int, now: datetime) -> tuple[Clinic, Iterator[tuple[str, Rows]]]:
    """A clinic of that many chairs, and (table, rows) to put into the database in this order."""
    clinic = Clinic()
    branches = len(BRANCHES) if chairs >= 8 else 2 if chairs >= 2 else 1
    clinic.chairs = [(number + 1, number % branches + 1) for number in range(chairs)]
    people = _staff(dice, clinic, chairs, now)
    return clinic, iter([*_dictionaries(clinic, branches), *people, *_prices(now)])


def _dictionaries(clinic: Clinic, branches: int) -> list[tuple[str, Rows]]:
    times = [(n + 1, _clock(OPENS + n * SLOT), _clock(OPENS + (n + 1) * SLOT)) for n in range(SLOTS)]
    return [
        ("OwnCompanies", [(n + 1, *BRANCHES[n]) for n in range(branches)]),
        ("Armchairs", [(chair, f"Кресло {chair}", branch, 0) for chair, branch in clinic.chairs]),
        ("ProfessionNames", [(*profession, 0) for profession in PROFESSIONS]),
        ("InfoSources", [(*source, 0) for source in SOURCES]),
        ("ReceptionCancelReasons", [(*reason, 0) for reason in CANCEL_REASONS]),
        ("AppointmentSources", [(*source, 0) for source in APPOINTMENT_SOURCES]),
        ("ExternalProviders", list(PROVIDERS)),
        ("ArchivingReasons", list(ARCHIVING)),
        ("Times", list(times)),
    ]


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}:00"


def _staff(dice: random.Random, clinic: Clinic, chairs: int, now: datetime) -> list[tuple[str, Rows]]:
    persons: Rows = []
    staffs: Rows = []
    items: Rows = []
    roles = [dice.randint(1, 7) for _ in range(2 * chairs)] + [20] * max(3, chairs // 6) + [21, 22]
    added = from_datetime(now - timedelta(days=3000))
    for number, profession in enumerate(roles):
        ident = clinic.next_person + number
        person = invent(dice)
        persons.append((ident, person.surname, person.name, person.patronymic, "", "", "", None, None, added, added))
        staffs.append((ident, 0))
        items.append((len(items) + 1, ident, profession))
        if profession < 20 and number % 5 == 0:
            items.append((len(items) + 1, ident, profession % 7 + 1))
        (clinic.doctors if profession < 20 else clinic.administrators).append(ident)
    clinic.next_person += len(roles)
    retired = clinic.next_person
    clinic.next_person += 1
    former = invent(dice)
    persons.append((retired, former.surname, former.name, former.patronymic, "", "", "", None, None, added, added))
    staffs.append((retired, 1))
    return [("Persons", persons), ("Staffs", staffs), ("Items", items)]


def _prices(now: datetime) -> list[tuple[str, Rows]]:
    """Every service has an old price, too, which is why a price has to be joined by its own id."""
    raised = from_datetime((now - timedelta(days=200)).replace(hour=0, minute=0, second=0, microsecond=0))
    began = from_datetime(datetime(2019, 1, 1))  # noqa: DTZ001  # the clinic's naive time
    prices: Rows = []
    for number, (_name, price) in enumerate(SERVICES, start=1):
        prices.append((number, number, 1, float(round(price * 0.8)), began, raised))
        prices.append((1000 + number, number, 1, float(price), raised, None))
    items: Rows = [(number, name, 0) for number, (name, _price) in enumerate(SERVICES, start=1)]
    return [("ServiceItems", items), ("ServiceItemPrices", prices), *_price_list(began, raised)]


def _price_list(began: str, sorted_at: str) -> list[tuple[str, Rows]]:
    """Every service lay among the odds and ends before somebody sorted them."""
    places: Rows = []
    for service, folder in enumerate(FOLDER_OF, start=1):
        places.append((len(places) + 1, service, f"У{service:03}", 18, began, sorted_at))
        places.append((len(places) + 1, service, f"У{service:03}", folder, sorted_at, None))
    return [
        ("ServiceCategories", [(*category, 0) for category in CATEGORIES]),
        ("ServiceFolders", [(*folder, 0) for folder in FOLDERS]),
        ("ServiceItemContents", places),
    ]
