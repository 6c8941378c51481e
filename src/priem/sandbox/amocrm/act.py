"""What people do in the account: `POST /_sandbox/act`. Each act is a name and its parameters."""

import hashlib
import hmac
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from . import post
from .bulk import fill_quickly
from .routes.pipelines import drop_pipeline, drop_status
from .state import leads, merging, unsorted, writing
from .state.account import Account
from .state.cards import Lead
from .state.crm import Crm
from .state.leads import move_to_trash, restore
from .wire import Json, Request

if TYPE_CHECKING:
    from .app import Sandbox

CALL_BACK_SECONDS = 3.0

Act = Callable[["Sandbox", dict[str, Any], Request], Json]


def perform(sandbox: "Sandbox", sent: Json, request: Request) -> Json:
    """Do one act.

    Raises ValueError or KeyError with what was wrong about it.
    """
    found = ACTS.get(str(sent.get("act")))
    if found is None:
        raise ValueError(f"act: one of {', '.join(sorted(ACTS))}")
    return found(sandbox, {key: value for key, value in sent.items() if key != "act"}, request)


def _by(crm: Crm, sent: dict[str, Any]) -> int:
    """Who does it: a manager, unless it is said."""
    manager = next(user.id for user in crm.users.rows.values() if user.is_active and not user.is_admin)
    return int(sent.get("by") or manager)


def _phone_entry(sent: dict[str, Any]) -> list[Json]:
    phones = sent.get("phones") or ([sent["phone"]] if sent.get("phone") else [])
    entries: list[Json] = list(sent.get("custom_fields_values") or [])
    if phones:
        entries.append({"field_code": "PHONE", "values": [{"value": phone, "enum_code": "WORK"} for phone in phones]})
    if sent.get("email"):
        entries.append({"field_code": "EMAIL", "values": [{"value": sent["email"], "enum_code": "WORK"}]})
    return entries


def _names(sent: dict[str, Any]) -> Json:
    """`name` is split as the user interface's form has it: first name, last name."""
    first, _, last = str(sent.get("name") or "").partition(" ")
    return {
        "first_name": sent.get("first_name", first),
        "last_name": sent.get("last_name", last),
        "name": sent.get("name"),
    }


def _contact(sandbox: "Sandbox", sent: dict[str, Any], _request: Request) -> Json:
    """A new contact: name, phone or phones, email, custom_fields_values, tags."""
    crm = sandbox.crm
    item = {**_names(sent), "custom_fields_values": _phone_entry(sent), "tags_to_add": _tags(sent)}
    contact = writing.create_contact(crm, item, _by(crm, sent))
    return {"contact_id": contact.id}


def _tags(sent: dict[str, Any]) -> list[Json]:
    return [{"name": name} for name in sent.get("tags") or []]


def _lead_item(sent: dict[str, Any]) -> Json:
    names = ("name", "price", "status_id", "pipeline_id", "responsible_user_id", "created_at")
    item: Json = {name: sent[name] for name in names if sent.get(name) is not None}
    return item | {"tags_to_add": _tags(sent)}


def _lead(sandbox: "Sandbox", sent: dict[str, Any], _request: Request) -> Json:
    """A plain new lead: contact_id or contact_ids, and what a lead has."""
    crm, by = sandbox.crm, _by(sandbox.crm, sent)
    lead = leads.create_lead(crm, _lead_item(sent) | {"custom_fields_values": sent.get("custom_fields_values")}, by)
    for contact_id in sent.get("contact_ids") or ([sent["contact_id"]] if sent.get("contact_id") else []):
        writing.link(crm, "leads", lead.id, "contacts", contact_id, by)
    return {"lead_id": lead.id}


def _site_form_lead(sandbox: "Sandbox", sent: dict[str, Any], _request: Request) -> Json:
    """A request from the clinic's site: name, phone; `unsorted` true leaves it in «Неразобранное».

    `category` says how it came: forms, or chats.
    """
    crm = sandbox.crm
    contact = writing.create_contact(crm, {**_names(sent), "custom_fields_values": _phone_entry(sent)}, 0)
    item = _lead_item({**sent, "name": sent.get("lead_name") or "Заявка с сайта", "tags": sent.get("tags") or ["Сайт"]})
    form = sent.get("form_name") or "Запись на приём"
    if sent.get("unsorted"):
        metadata: Json = {
            "category": sent.get("category") or "forms",
            "form_name": form,
            "form_page": "https://ulybka.example.org/",
        }
        entry = unsorted.make_unsorted(crm, item, metadata, contact.id, None, 0, source_name="Сайт", source_uid="site")
        writing.link(crm, "leads", entry.lead_id, "contacts", contact.id, 0, main=True)
        return {"lead_id": entry.lead_id, "contact_id": contact.id, "uid": entry.uid}
    lead = leads.create_lead(crm, item, 0)
    writing.link(crm, "leads", lead.id, "contacts", contact.id, 0, main=True)
    return {"lead_id": lead.id, "contact_id": contact.id}


def _found_lead(crm: Crm, sent: dict[str, Any]) -> Lead:
    lead = crm.leads.get(sent.get("lead_id") or sent.get("id"))
    if lead is None:
        raise ValueError("no such lead")
    return lead


def _move_stage(sandbox: "Sandbox", sent: dict[str, Any], _request: Request) -> Json:
    """lead_id, status_id (or `status`, a stage's name), pipeline_id."""
    crm, lead = sandbox.crm, _found_lead(sandbox.crm, sent)
    pipeline = crm.pipelines.rows[sent.get("pipeline_id") or lead.pipeline_id]
    status_id = sent.get("status_id") or next(each.id for each in pipeline.in_order() if each.name == sent["status"])
    if status_id not in pipeline.statuses:
        raise ValueError("no such status in the pipeline")
    item: Json = {"status_id": status_id, "pipeline_id": pipeline.id}
    if sent.get("loss_reason_id"):
        item["loss_reason_id"] = sent["loss_reason_id"]
    leads.change_lead(crm, lead, item, _by(crm, sent))
    return {"lead_id": lead.id, "status_id": lead.status_id, "pipeline_id": lead.pipeline_id}


def _refuse_api_only(crm: Crm, kind: str, sent: dict[str, Any]) -> None:
    """People cannot edit fields that are made for the API."""
    for entry in sent.get("custom_fields_values") or []:
        field = crm.fields.find(kind, entry.get("field_id"), entry.get("field_code"))
        if field is None:
            raise ValueError("no such field")
        if field.is_api_only:
            raise ValueError(f"field {field.id} is for the API only")


def _edit_lead(sandbox: "Sandbox", sent: dict[str, Any], _request: Request) -> Json:
    """lead_id and what is to be changed."""
    crm, lead = sandbox.crm, _found_lead(sandbox.crm, sent)
    _refuse_api_only(crm, "leads", sent)
    item = _lead_item(sent) | {"custom_fields_values": sent.get("custom_fields_values")}
    leads.change_lead(crm, lead, item, _by(crm, sent))
    return {"lead_id": lead.id, "updated_at": lead.updated_at}


def _edit_contact(sandbox: "Sandbox", sent: dict[str, Any], _request: Request) -> Json:
    """contact_id and what is to be changed; phones replace what was there."""
    crm = sandbox.crm
    contact = crm.contacts.get(sent.get("contact_id") or sent.get("id"))
    if contact is None:
        raise ValueError("no such contact")
    _refuse_api_only(crm, "contacts", sent)
    names = ("name", "first_name", "last_name", "responsible_user_id")
    item: Json = {name: sent[name] for name in names if sent.get(name) is not None}
    item |= {"custom_fields_values": _phone_entry(sent), "tags_to_add": _tags(sent)}
    writing.change_person(crm, "contacts", contact, item, _by(crm, sent))
    return {"contact_id": contact.id, "updated_at": contact.updated_at}


def _merge(kind: str) -> Act:
    def act(sandbox: "Sandbox", sent: dict[str, Any], _request: Request) -> Json:
        merging.merge(sandbox.crm, kind, sent["winner"], sent["loser"], _by(sandbox.crm, sent))
        return {"winner": sent["winner"], "loser": sent["loser"]}

    return act


def _trash(kind: str, name: str, do: Callable[[Crm, str, int, int], bool]) -> Act:
    def act(sandbox: "Sandbox", sent: dict[str, Any], _request: Request) -> Json:
        card_id = int(sent.get(name) or sent["id"])
        if not do(sandbox.crm, kind, card_id, _by(sandbox.crm, sent)):
            raise ValueError(f"no such one among {kind}: {card_id}")
        return {name: card_id}

    return act


def _link(sandbox: "Sandbox", sent: dict[str, Any], _request: Request) -> Json:
    """lead_id, contact_id, main."""
    crm, by = sandbox.crm, _by(sandbox.crm, sent)
    writing.link(crm, "leads", sent["lead_id"], "contacts", sent["contact_id"], by, main=bool(sent.get("main")))
    return {"contact_ids": list(crm.links.of("leads", sent["lead_id"], "contacts"))}


def _unlink(sandbox: "Sandbox", sent: dict[str, Any], _request: Request) -> Json:
    """lead_id, contact_id."""
    crm = sandbox.crm
    writing.unlink(crm, "leads", sent["lead_id"], "contacts", sent["contact_id"], _by(crm, sent))
    return {"contact_ids": list(crm.links.of("leads", sent["lead_id"], "contacts"))}


def _delete_stage(sandbox: "Sandbox", sent: dict[str, Any], _request: Request) -> Json:
    """status_id, pipeline_id. Its leads go to the first stage."""
    pipelines = sandbox.crm.pipelines.rows
    holder = pipelines[sent["pipeline_id"]] if sent.get("pipeline_id") else None
    pipeline = holder or next(each for each in pipelines.values() if sent["status_id"] in each.statuses)
    drop_status(sandbox.api, pipeline.statuses[sent["status_id"]])
    return {"status_id": sent["status_id"]}


def _delete_pipeline(sandbox: "Sandbox", sent: dict[str, Any], _request: Request) -> Json:
    """pipeline_id; `force` deletes it with the leads that it holds."""
    crm = sandbox.crm
    pipeline = crm.pipelines.rows[sent["pipeline_id"]]
    held = [lead for lead in crm.leads.living() if lead.pipeline_id == pipeline.id]
    if held and not sent.get("force"):
        raise ValueError("the pipeline holds leads; say force")
    for lead in held:
        move_to_trash(crm, "leads", lead.id, _by(crm, sent))
    drop_pipeline(sandbox.api, pipeline)
    return {"pipeline_id": pipeline.id, "leads_deleted": len(held)}


def _delete_field(sandbox: "Sandbox", sent: dict[str, Any], _request: Request) -> Json:
    """entity, field_id."""
    del sandbox.crm.fields.of(sent["entity"])[sent["field_id"]]
    return {"field_id": sent["field_id"]}


def _unblock(sandbox: "Sandbox", _sent: dict[str, Any], _request: Request) -> Json:
    sandbox.limits.unblock()
    return {"blocked": False}


def _block(sandbox: "Sandbox", _sent: dict[str, Any], _request: Request) -> Json:
    sandbox.limits.is_blocked = True
    return {"blocked": True}


def _revoke(sandbox: "Sandbox", _sent: dict[str, Any], _request: Request) -> Json:
    """«Отозвать доступ»: every token is dead."""
    sandbox.crm.tokens.revoke()
    return {"revoked": True}


def _expire(sandbox: "Sandbox", _sent: dict[str, Any], _request: Request) -> Json:
    """A day passes for the access tokens."""
    sandbox.crm.tokens.expire_access(sandbox.crm.now())
    return {"expired": True}


def _expire_refresh(sandbox: "Sandbox", _sent: dict[str, Any], _request: Request) -> Json:
    """Three months pass for the refresh tokens."""
    for refresh in sandbox.crm.tokens.refresh.values():
        refresh.expires_at = sandbox.crm.now()
    return {"expired": True}


def _expire_codes(sandbox: "Sandbox", _sent: dict[str, Any], _request: Request) -> Json:
    """Twenty minutes pass for the authorization codes."""
    for code in sandbox.crm.tokens.codes.values():
        code.expires_at = sandbox.crm.now()
    return {"expired": True}


def _new_code(sandbox: "Sandbox", sent: dict[str, Any], _request: Request) -> Json:
    """Somebody grants access again; user_id may name who."""
    tokens = sandbox.crm.tokens
    client_id = sent.get("client_id") or next(iter(tokens.integrations))
    user_id = int(sent.get("user_id") or sandbox.crm.users.admin().id)
    return {"code": tokens.issue_code(client_id, user_id, sandbox.crm.now())}


def _set(sandbox: "Sandbox", sent: dict[str, Any], _request: Request) -> Json:
    """Change the account's settings, or the sandbox's latency and rates."""
    account, settings = sandbox.crm.account, sandbox.settings
    for name, value in sent.items():
        if name in ("latency_ms", "latency_per_record_ms", "webhook_time_scale"):
            setattr(settings, name, value)
        elif name in ("per_integration", "block_after"):
            setattr(sandbox.limits, name, value)
        elif name in Account.__dataclass_fields__ and name != "id":
            setattr(account, name, value)
        else:
            raise ValueError(f"unknown setting {name}")
    return {"set": sorted(sent)}


def _deactivate_user(sandbox: "Sandbox", sent: dict[str, Any], _request: Request) -> Json:
    sandbox.crm.users.rows[sent["user_id"]].is_active = bool(sent.get("is_active", False))
    return {"user_id": sent["user_id"]}


def _subscription_ended(sandbox: "Sandbox", sent: dict[str, Any], _request: Request) -> Json:
    """The account is not paid since `days` ago; `ended` false pays it."""
    ended = sent.get("ended", True)
    sandbox.crm.account.subscription_ended_at = sandbox.crm.now() - 86_400 * int(sent.get("days", 0)) if ended else None
    return {"subscription_ended_at": sandbox.crm.account.subscription_ended_at}


def _uninstall(sandbox: "Sandbox", _sent: dict[str, Any], _request: Request) -> Json:
    """The integration is switched off: tokens die, the uninstall hook is called with its signature (§1.4)."""
    crm = sandbox.crm
    integration = next(iter(crm.tokens.integrations.values()))
    crm.tokens.revoke()
    message = f"{integration.client_id}|{crm.account.id}"
    signature = hmac.new(integration.client_secret.encode(), message.encode(), hashlib.sha256).hexdigest()
    told = {"account_id": crm.account.id, "client_uuid": integration.client_id, "signature": signature}
    return _call_back(sandbox, crm.account.uninstall_url, told)


def _install_widget(sandbox: "Sandbox", _sent: dict[str, Any], request: Request) -> Json:
    """Installing the widget calls the redirect URI with a code and no browser behind it (§1.2)."""
    tokens = sandbox.crm.tokens
    integration = next(iter(tokens.integrations.values()))
    code = tokens.issue_code(integration.client_id, sandbox.crm.users.admin().id, sandbox.crm.now())
    host = urlsplit(request.base).netloc
    told: Json = {"code": code, "referer": host, "platform": 1, "from_widget": 1}
    return _call_back(sandbox, integration.redirect_uri, told) | {"code": code}


def _call_back(sandbox: "Sandbox", url: str | None, told: Json) -> Json:
    if not url:
        return {"called": None}
    full = f"{url}{'&' if '?' in url else '?'}{urlencode(told)}"

    async def call() -> None:
        await post.send("GET", full, seconds=CALL_BACK_SECONDS)

    sandbox.courier.run(call())
    return {"called": full}


def _bulk(sandbox: "Sandbox", sent: dict[str, Any], _request: Request) -> Json:
    return fill_quickly(sandbox.crm, sent)


def _talk(sandbox: "Sandbox", sent: dict[str, Any], _request: Request) -> Json:
    """Somebody writes in a messenger: contact_id, lead_id."""
    crm = sandbox.crm
    talk_id, now = len(crm.talks) + 1, crm.now()
    crm.talks[talk_id] = {
        "talk_id": talk_id,
        "created_at": now,
        "updated_at": now,
        "contact_id": int(sent["contact_id"]),
        "entity_id": sent.get("lead_id"),
        "entity_type": "lead" if sent.get("lead_id") else None,
        "is_in_work": True,
        "is_read": False,
        "origin": "telegram",
        "account_id": crm.account.id,
    }
    return {"talk_id": talk_id}


ACTS: dict[str, Act] = {
    "site_form_lead": _site_form_lead,
    "lead": _lead,
    "contact": _contact,
    "talk": _talk,
    "move_stage": _move_stage,
    "edit_contact": _edit_contact,
    "edit_lead": _edit_lead,
    "merge_contacts": _merge("contacts"),
    "merge_leads": _merge("leads"),
    "merge_companies": _merge("companies"),
    "delete_contact": _trash("contacts", "contact_id", move_to_trash),
    "delete_lead": _trash("leads", "lead_id", move_to_trash),
    "restore_contact": _trash("contacts", "contact_id", restore),
    "restore_lead": _trash("leads", "lead_id", restore),
    "link": _link,
    "unlink": _unlink,
    "delete_stage": _delete_stage,
    "delete_pipeline": _delete_pipeline,
    "delete_field": _delete_field,
    "deactivate_user": _deactivate_user,
    "block": _block,
    "unblock": _unblock,
    "revoke_token": _revoke,
    "expire_access_tokens": _expire,
    "expire_refresh_tokens": _expire_refresh,
    "expire_codes": _expire_codes,
    "new_code": _new_code,
    "set": _set,
    "subscription_ended": _subscription_ended,
    "bulk": _bulk,
    "uninstall": _uninstall,
    "install_widget": _install_widget,
}
