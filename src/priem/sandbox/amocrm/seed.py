"""The account that a fresh sandbox has: a dental clinic's, set up as clinics do."""

import random
import uuid

from .people import person
from .settings import Settings
from .state.account import Account, TaskType, User
from .state.cards import Contact, Lead
from .state.crm import Crm
from .state.fields import Field, Group
from .state.pipelines import Pipeline
from .state.tags import LossReason
from .state.tokens import Integration, Tokens

DAY = 86_400
MAIN_STAGES = (
    ("Новая заявка", "#fffeb2"),
    ("В работе", "#ffeab2"),
    ("Записан", "#d6eaff"),
    ("Подтверждён", "#98cbff"),
    ("Пришёл", "#ebffb1"),
    ("На приёме", "#deff81"),
    ("Завершён (ждёт оплаты)", "#87f2c0"),
)
REPEAT_STAGES = (
    ("Пора пригласить", "#fffd7f"),
    ("Записан", "#d6eaff"),
    ("Подтверждён", "#98cbff"),
    ("Пришёл", "#deff81"),
)
TRACKING = [
    "UTM_CONTENT",
    "UTM_MEDIUM",
    "UTM_CAMPAIGN",
    "UTM_SOURCE",
    "UTM_TERM",
    "UTM_REFERRER",
    "ROISTAT",
    "REFERRER",
    "OPENSTAT_SERVICE",
    "OPENSTAT_CAMPAIGN",
    "OPENSTAT_AD",
    "OPENSTAT_SOURCE",
    "FROM",
    "GCLIENTID",
    "_YM_UID",
    "_YM_COUNTER",
    "GCLID",
    "YCLID",
    "FBCLID",
]
LOSS_REASONS = ("Не дозвонились", "Дорого", "Выбрал другую клинику", "Не пришёл", "Спам")
SERVICES = ("Консультация", "Лечение кариеса", "Имплантация", "Чистка", "Брекеты", "Удаление зуба")


def fresh_crm(settings: Settings) -> Crm:
    """The whole account; the same seed makes the same one, tokens and secrets apart."""
    chance = random.Random(settings.seed)
    account = Account(
        id=31_296_422 + settings.seed % 1000,
        subdomain=settings.subdomain,
        name="Стоматология «Улыбка»",
        uuid=str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        amojo_id=str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        is_api_filter_enabled=settings.filters,
    )
    crm = Crm(account, Tokens(uuid.uuid4().hex))
    _integration(crm, settings)
    _people(crm)
    _pipelines(crm)
    _fields(crm)
    for index, name in enumerate(LOSS_REASONS):
        reason_id = 3_203_010 + index * 2
        crm.loss_reasons[reason_id] = LossReason(reason_id, name, (index + 1) * 100_000, crm.now(), crm.now())
    strangers(crm, chance, settings.contacts, settings.leads)
    return crm


def _integration(crm: Crm, settings: Settings) -> None:
    integration = Integration(str(uuid.uuid4()), uuid.uuid4().hex * 2, settings.redirect_uri, "Priem")
    crm.tokens.integrations[integration.client_id] = integration


def _people(crm: Crm) -> None:
    rows = (
        (10_091_426, "Ирина Владимировна", True, True),
        (10_091_430, "Ольга, ресепшн", False, True),
        (10_091_434, "Марина, колл-центр", False, True),
        (10_091_438, "Павел, колл-центр", False, True),
        (10_091_442, "Уволенный Сотрудник", False, False),
    )
    for user_id, name, is_admin, is_active in rows:
        email = f"user{user_id}@ulybka.example.org"
        crm.users.rows[user_id] = User(user_id, name, email, is_admin=is_admin, is_active=is_active)
    types = ((1, "Связаться", "FOLLOW_UP"), (2, "Встреча", "MEETING"), (3_096_218, "Напомнить о приёме", None))
    crm.task_types = {type_id: TaskType(type_id, name, code) for type_id, name, code in types}


def _pipelines(crm: Crm) -> None:
    for name, sort, stages in (("Записи", 1, MAIN_STAGES), ("Повторные", 2, REPEAT_STAGES)):
        pipeline = crm.pipelines.make(name, sort, is_main=sort == 1)
        for index, (stage, color) in enumerate(stages):
            crm.pipelines.add_status(pipeline, stage, 20 + index * 10, color)


def _fields(crm: Crm) -> None:
    for entity in ("leads", "contacts", "companies"):
        groups = [Group("default", "Основное", 0, entity, is_predefined=True)]
        if entity == "leads":
            groups.append(Group("statistic", "Статистика", 5, entity, is_predefined=True))
        crm.fields.groups[entity] = {group.id: group for group in groups}
    for entity in ("contacts", "companies"):
        _predefined(crm, entity, "Телефон", "multitext", "PHONE")
        _predefined(crm, entity, "Email", "multitext", "EMAIL")
    _predefined(crm, "contacts", "Должность", "text", "POSITION")
    _predefined(crm, "companies", "Web", "url", "WEB")
    _predefined(crm, "companies", "Адрес", "textarea", "ADDRESS")
    for code in TRACKING:
        field = _predefined(crm, "leads", code.lower(), "tracking_data", code)
        field.group_id = "statistic"
    crm.fields.make("contacts", "Дата рождения", "birthday")
    _choice(crm, "contacts", "Пол", "select", ("Женский", "Мужской"))
    crm.fields.make("contacts", "Согласие на рассылку", "checkbox")
    _choice(crm, "leads", "Услуга", "multiselect", SERVICES)
    _choice(crm, "leads", "Откуда узнали", "select", ("Сайт", "Рекомендация", "2ГИС", "Вывеска"))
    crm.fields.make("leads", "Комментарий", "textarea")


def _predefined(crm: Crm, entity: str, name: str, kind: str, code: str) -> Field:
    return crm.fields.make(entity, name, kind, code=code, is_deletable=False, is_predefined=True)


def _choice(crm: Crm, entity: str, name: str, kind: str, options: tuple[str, ...]) -> None:
    crm.fields.add_options(crm.fields.make(entity, name, kind), options)


def strangers(crm: Crm, chance: random.Random, contacts: int, leads: int) -> None:
    """Fill the account with people whom nobody in the clinic's own system knows."""
    phone = crm.fields.coded("contacts", "PHONE")
    work = phone.options[0].id if phone else None
    users = [user.id for user in crm.users.rows.values() if user.is_active]
    now = crm.now()
    made: list[int] = []
    for _ in range(contacts):
        someone, at, user = person(chance), now - chance.randrange(1, 900 * DAY), chance.choice(users)
        contact = Contact(crm.contacts.next_id(), f"{someone.first_name} {someone.last_name}", user, user, user, at, at)
        contact.first_name, contact.last_name = someone.first_name, someone.last_name
        if phone and work:
            contact.filled = ((phone.id, ((someone.phone, work),)),)
        crm.contacts.add(contact)
        made.append(contact.id)
    for _ in range(leads):
        _stranger_lead(crm, chance, users, made, now)


def _stranger_lead(crm: Crm, chance: random.Random, users: list[int], contacts: list[int], now: int) -> None:
    pipeline: Pipeline = crm.pipelines.main()
    status = chance.choice([status for status in pipeline.in_order() if status.type == 0])
    user, at = chance.choice(users), now - chance.randrange(1, 400 * DAY)
    lead = Lead(crm.leads.next_id(), chance.choice(SERVICES), user, user, user, at, at)
    lead.price, lead.pipeline_id, lead.status_id = chance.randrange(0, 40) * 500, pipeline.id, status.id
    lead.closed_at = at if status.id in (142, 143) else None
    crm.leads.add(lead)
    if contacts:
        crm.links.connect("leads", lead.id, "contacts", chance.choice(contacts), main=True)
