"""The demo clinic's file: what an administrator would have written."""

from collections.abc import Iterator, Mapping
from typing import Any

from priem.cli.demo.stage import Stage
from priem.configuration import ClinicFile, parse

CONNECTION = "lenina"
TIME_ZONE = "Europe/Moscow"
PIPELINE = "Записи"
STAGES = {
    "booked": "Записан",
    "confirmed": "Подтверждён",
    "arrived": "Пришёл",
    "in_progress": "На приёме",
    "completed": "Завершён (ждёт оплаты)",
    "paid": "Успешно реализовано",
    "cancelled": "Закрыто и не реализовано",
    "no_show": "Закрыто и не реализовано",
    "deleted": "Закрыто и не реализовано",
}
FIELDS = (
    "patient.birthday",
    "patient.card_number",
    "visit.starts_at",
    "visit.doctor",
    "visit.room",
    "visit.branch",
    "visit.services",
    "visit.status",
)


DONE_BY = {
    "Прием: терапевт": "Терапевт",
    "Прием: хирург": "Хирург",
    "Прием: невролог": "Невролог",
    "Прием: кардиолог": "Кардиолог",
}
"""The МИС does not say who does a service; these lines let a person see how the window narrows the doctors."""
FIRST_BRANCH = "archimed-1"
"""The booking window opens here, where it can book; IDENT's branches only take applications."""


def branches(stage: Stage) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """ArchiMed+'s, each with the key of its connection."""
    for number, branch in enumerate(stage.archimed.get("branches", ()), start=1):
        yield f"archimed-{number}", branch


def connections(stage: Stage) -> Iterator[Mapping[str, Any]]:
    if ident := stage.ident:
        yield {
            "key": CONNECTION,
            "kind": "ident",
            "server": ident["host"],
            "port": ident["port"],
            "database": ident["database"],
            "login": "readonly_user",
            "password": ident["logins"]["readonly_user"],
            "time_zone": ident["time_zone"],
        }
    for key, branch in branches(stage):
        yield {
            "key": key,
            "kind": "archimed",
            "base_url": stage.archimed["url"],
            "api_id": branch["api_id"],
            "api_secret": branch["secret"],
            "branch_name": branch["name"],
            "time_zone": branch["time_zone"],
            "working_hours": "00:00-00:00",
        }


def clinic_file(stage: Stage, ident_key: str = "") -> ClinicFile:
    """`ident_key`: of the service that IDENT's program calls; without one there is no such service."""
    amocrm = stage.amocrm
    return parse(
        {
            "clinic": {"slug": "ulybka", "name": "Улыбка"},
            "amocrm": {
                "url": amocrm["url"],
                "client_id": amocrm["client_id"],
                "client_secret": amocrm["client_secret"],
                "redirect_uri": amocrm["redirect_uri"],
                "code": amocrm["code"],
                "sandbox": True,
            },
            "connections": list(connections(stage)),
            "services": {CONNECTION: {"time_zone": TIME_ZONE, "key": ident_key}} if ident_key else {},
            "status_sync": {
                "mode": "always",
                "rules": [
                    {"status": status, "pipeline": PIPELINE, "stage": stage_name, **loss_reason(status)}
                    for status, stage_name in STAGES.items()
                ],
            },
            "fields": [{"value": value} for value in FIELDS],
            "leads": {"first_stage": {"pipeline": PIPELINE, "stage": "Записан"}},
            "booking": {
                "done_by": [f"{service} = {doctor}" for service, doctor in DONE_BY.items()],
                "default_branch": FIRST_BRANCH if stage.archimed else "",
            },
            "duplicates": {"waiting": [{"pipeline": PIPELINE, "stage": name} for name in ("Новая заявка", "В работе")]},
        }
    )


def loss_reason(status: str) -> dict[str, str]:
    return {"loss_reason": "Не пришёл"} if status == "no_show" else {}
