"""The account of the amoCRM in memory."""

from priem.model import LOST, WON, Account, FieldInfo, PipelineInfo, StageInfo

STAGES = (
    StageInfo(101, "Неразобранное", 10, is_unsorted=True),
    StageInfo(102, "Первичный контакт", 20),
    StageInfo(103, "Записан", 30),
    StageInfo(104, "Подтверждён", 40),
    StageInfo(105, "Пришёл", 50),
    StageInfo(WON, "Успешно реализовано", 10000),
    StageInfo(LOST, "Закрыто и не реализовано", 11000),
)
ACCOUNT = Account(
    id=30000001,
    name="Клиника",
    subdomain="clinic",
    time_zone="Europe/Moscow",
    filters_work=True,
    pipelines=(
        PipelineInfo(1, "Воронка", STAGES, is_main=True),
        PipelineInfo(2, "Повторные", (STAGES[0], StageInfo(202, "Записан", 20), *STAGES[-2:])),
    ),
    users={501: "Администратор", 502: "Ольга"},
    contact_fields=(FieldInfo(11, "Телефон", "multitext", "PHONE"), FieldInfo(12, "Email", "multitext", "EMAIL")),
    task_types={1: "Связаться", 2: "Встреча"},
    loss_reasons={71: "Не подошло время", 72: "Передумал"},
)
