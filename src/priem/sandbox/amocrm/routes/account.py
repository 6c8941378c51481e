"""The account, its users (docs/reference/amocrm.md §3.11, §3.12)."""

import uuid

from ..paging import asked_page, counted_answer, self_url
from ..problems import forbidden, missing
from ..state.account import User
from ..validation import anything, batch, boolean, conform, integer, string
from ..wire import Answer, Json, Request, hal
from .render import self_link
from .router import Api, Router

ALL = "A"
LEAD_RIGHTS = ("view", "edit", "add", "delete", "export")


def mount(router: Router) -> None:
    """The paths of this area."""
    router.add("GET", "account", _account)
    router.add("GET", "users", _users)
    router.add("POST", "users", _add_users)
    router.add("GET", "users/#", _user)


def _account(api: Api, request: Request) -> Answer:
    account, wanted = api.crm.account, request.with_()
    shown: Json = {
        "id": account.id,
        "name": account.name,
        "subdomain": account.subdomain,
        "created_at": 1_577_836_800,
        "created_by": 0,
        "updated_at": 1_700_000_000,
        "updated_by": 0,
        "current_user_id": request.user_id,
        "country": "RU",
        "currency": "RUB",
        "currency_symbol": "₽",
        "customers_mode": "unavailable",
        "is_unsorted_on": account.is_unsorted_on,
        "mobile_feature_version": 0,
        "is_loss_reason_enabled": account.is_loss_reason_enabled,
        "is_helpbot_enabled": False,
        "is_technical_account": False,
        "contact_name_display_order": 1,
        **_optional(api, wanted),
        "_links": {"self": {"href": self_url(request)}},
    }
    embedded = _account_embedded(api, wanted)
    if embedded:
        shown["_embedded"] = embedded
    return hal(shown)


def _optional(api: Api, wanted: frozenset[str]) -> Json:
    account = api.crm.account
    known: Json = {
        "amojo_id": account.amojo_id,
        "uuid": account.uuid,
        "version": 16,
        "drive_url": "https://drive-b.amocrm.ru",
        "is_api_filter_enabled": account.is_api_filter_enabled,
    }
    return {name: value for name, value in known.items() if name in wanted}


def _account_embedded(api: Api, wanted: frozenset[str]) -> Json:
    embedded: Json = {}
    if "amojo_rights" in wanted:
        embedded["amojo_rights"] = {"can_direct": True, "can_create_groups": True}
    if "users_groups" in wanted:
        embedded["users_groups"] = [{"id": 0, "name": "Отдел продаж", "uuid": None}]
    if "task_types" in wanted:
        names = ("id", "name", "color", "icon_id", "code")
        embedded["task_types"] = [{name: getattr(each, name) for name in names} for each in api.crm.task_types.values()]
    if "entity_names" in wanted:
        embedded["entity_names"] = ENTITY_NAMES
    if "datetime_settings" in wanted:
        embedded["datetime_settings"] = {
            "date_pattern": "d.m.Y H:i",
            "short_date_pattern": "d.m.Y",
            "short_time_pattern": "H:i",
            "date_formant": "d.m.Y",
            "time_format": "H:i:s",
            "timezone": api.crm.account.timezone,
            "timezone_offset": "+03:00",
        }
    return embedded


ENTITY_NAMES: Json = {
    "leads": {
        "ru": {
            "gender": "f",
            "plural_form": {"dative": "сделкам", "default": "сделки", "genitive": "сделок", "accusative": "сделки"},
            "singular_form": {"dative": "сделке", "default": "сделка", "genitive": "сделки", "accusative": "сделку"},
        }
    }
}


def _require_admin(api: Api, request: Request) -> None:
    if not api.crm.user(request.user_id).is_admin:
        raise forbidden()


def _users(api: Api, request: Request) -> Answer:
    _require_admin(api, request)
    page = asked_page(request)
    everybody = sorted(api.crm.users.rows.values(), key=lambda user: user.id)
    shown = [show_user(request, user) for user in everybody[page.offset : page.offset + page.limit]]
    return counted_answer(request, page, "users", shown, len(everybody))


def _user(api: Api, request: Request, user_id: int) -> Answer:
    _require_admin(api, request)
    user = api.crm.users.rows.get(user_id)
    if user is None:
        raise missing()
    return hal(show_user(request, user))


def show_user(request: Request, user: User) -> Json:
    """A user as the API shows her."""
    rights: Json = {kind: dict.fromkeys(LEAD_RIGHTS, ALL) for kind in ("leads", "contacts", "companies")}
    rights |= {"tasks": {"edit": ALL, "delete": ALL}, "mail_access": False, "catalog_access": False}
    rights |= {"files_access": False, "status_rights": None, "is_admin": user.is_admin, "is_free": user.is_free}
    rights |= {"is_active": user.is_active, "group_id": user.group_id or None, "role_id": user.role_id}
    shown: Json = {"id": user.id, "name": user.name, "email": user.email, "lang": "ru", "rights": rights}
    shown |= {name: None for name in ("user_rank", "phone_number") if name in request.with_()}
    shown |= {
        name: str(uuid.uuid5(uuid.NAMESPACE_OID, str(user.id)))
        for name in ("uuid", "amojo_id")
        if name in request.with_()
    }
    shown["_links"] = self_link(request.base, f"users/{user.id}")
    shown["_embedded"] = {"roles": [], "groups": []}
    return shown


def _add_users(api: Api, request: Request) -> Answer:
    _require_admin(api, request)
    items = batch(request.json(), at_most=10)
    keys = {
        "name": string,
        "email": string,
        "password": string,
        "lang": string,
        "request_id": string,
        "rights": anything,
    }
    conform(items, keys | {"group_id": integer, "is_free": boolean}, ["name", "email", "password"])
    made = []
    for item in items:
        user_id = max(api.crm.users.rows) + 6
        api.crm.users.rows[user_id] = User(user_id, str(item["name"]), str(item["email"]))
        made.append(show_user(request, api.crm.users.rows[user_id]))
    return hal({"_total_items": len(made), "_embedded": {"users": made}}, 201, len(made))
