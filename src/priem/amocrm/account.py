"""What an account is: its pipelines, people, loss reasons, types of tasks. docs/reference/amocrm.md §3.10-§3.13"""

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

from priem.amocrm.catalog import Catalog, Entity
from priem.amocrm.client import Client
from priem.errors import AskOperator
from priem.model import Account, PipelineInfo, StageInfo
from priem.texts import text

UNSORTED = 1
"""The `type` of the stage for requests that nobody has taken yet."""
NO_RIGHT = (403, 404)
"""Tokens of external integrations and of ordinary staff may not list users."""


def read_account(client: Client, contact_fields: Catalog, lead_fields: Catalog, executor: Executor) -> Account:
    """Six requests at once, one more for every further 50 fields or 250 users."""
    about = executor.submit(read_itself, client)
    pipelines = executor.submit(read_pipelines, client)
    users = executor.submit(read_users, client)
    reasons = executor.submit(read_loss_reasons, client)
    fields = [executor.submit(catalog.read) for catalog in (contact_fields, lead_fields)]
    itself = about.result()
    for field in fields:
        field.result()
    account = Account(
        id=int(itself["id"]),
        name=str(itself.get("name", "")),
        subdomain=str(itself.get("subdomain", "")),
        time_zone=time_zone_of(itself),
        filters_work=bool(itself.get("is_api_filter_enabled")),
        pipelines=pipelines.result(),
        users=users.result(),
        loss_reasons=reasons.result(),
        task_types=task_types_of(itself),
    )
    return with_fields(account, contact_fields, lead_fields)


def with_fields(account: Account, contact_fields: Catalog, lead_fields: Catalog) -> Account:
    """The account with its custom fields as the catalogs have them now."""
    return replace(
        account,
        contact_fields=tuple(field.info for field in contact_fields.fields.values()),
        lead_fields=tuple(field.info for field in lead_fields.fields.values()),
    )


def read_itself(client: Client) -> Mapping[str, Any]:
    answer = client.get("/api/v4/account", [("with", "is_api_filter_enabled,datetime_settings,task_types")])
    if not isinstance(answer.body, dict) or "id" not in answer.body:
        raise AskOperator(
            text("What answers at this address is not amoCRM."), text("Look at the address in the browser.")
        )
    return answer.body


def task_types_of(itself: Mapping[str, Any]) -> dict[int, str]:
    embedded = itself.get("_embedded")
    rows = (embedded.get("task_types") if isinstance(embedded, dict) else None) or ()
    return {int(row["id"]): str(row.get("name") or "") for row in rows}


def time_zone_of(itself: Mapping[str, Any]) -> str:
    embedded = itself.get("_embedded")
    settings = embedded.get("datetime_settings") if isinstance(embedded, dict) else None
    return str(settings.get("timezone") or "Europe/Moscow") if isinstance(settings, dict) else "Europe/Moscow"


def read_pipelines(client: Client) -> tuple[PipelineInfo, ...]:
    rows = client.get("/api/v4/leads/pipelines").rows("pipelines")
    in_order = sorted(rows, key=lambda row: int(row.get("sort") or 0))
    return tuple(to_pipeline(row) for row in in_order if not row.get("is_archive"))


def to_pipeline(row: Mapping[str, Any]) -> PipelineInfo:
    embedded = row.get("_embedded")
    statuses = (embedded.get("statuses") if isinstance(embedded, dict) else None) or []
    stages = sorted((to_stage(status) for status in statuses), key=lambda stage: stage.sort)
    return PipelineInfo(int(row["id"]), str(row["name"]), tuple(stages), is_main=bool(row.get("is_main")))


def to_stage(row: Mapping[str, Any]) -> StageInfo:
    return StageInfo(
        id=int(row["id"]),
        name=str(row["name"]),
        sort=int(row.get("sort") or 0),
        is_unsorted=row.get("type") == UNSORTED,
        color=str(row.get("color") or ""),
    )


def read_users(client: Client) -> dict[int, str]:
    """Those who can be responsible: amoCRM refuses records of deactivated users."""
    found: dict[int, str] = {}
    page, more = 1, True
    while more:
        answer = client.get("/api/v4/users", [("page", page), ("limit", 250)], may_refuse=NO_RIGHT)
        found.update((int(row["id"]), str(row.get("name", ""))) for row in answer.rows("users") if is_active(row))
        page, more = page + 1, answer.has_next
    return found


def is_active(row: Mapping[str, Any]) -> bool:
    rights = row.get("rights")
    return not isinstance(rights, dict) or rights.get("is_active") is not False


def read_loss_reasons(client: Client) -> dict[int, str]:
    rows = client.get("/api/v4/leads/loss_reasons", [("limit", 250)], may_refuse=NO_RIGHT).rows("loss_reasons")
    return {int(row["id"]): str(row.get("name", "")) for row in rows}


def read_tags(client: Client, entity: Entity) -> dict[int, str]:
    """Whatever was ever written into `tags` of a draft is among them."""
    found: dict[int, str] = {}
    page, more = 1, True
    while more:
        answer = client.get(f"/api/v4/{entity}/tags", [("page", page), ("limit", 250)])
        found.update((int(row["id"]), str(row.get("name") or "")) for row in answer.rows("tags"))
        page, more = page + 1, answer.has_next
    return found
