"""Values of custom fields: what may be written into which type, and how it is kept and read back.

Source: docs/reference/amocrm.md §3.9 and §3.20. Dates are kept as the unix seconds that were sent.
"""

from collections.abc import Callable
from datetime import datetime

from ..validation import Findings, Shape, boolean, integer, is_int, mapping, shape, string
from ..wire import Json
from .cards import Filled, Scalar, Value
from .fields import WITH_ENUMS, WITH_OPTIONS, Field

Check = Callable[[object, str, Findings], None]

TEXTS = frozenset({"text", "textarea", "streetaddress", "price", "tracking_data", "monetary", "url", "category"})
TIMES = frozenset({"date", "date_time", "birthday"})
ENUM_KEYS: Shape = {"value": string, "enum_id": integer, "enum_code": string}
CHAIN_KEYS: Shape = {"catalog_id": integer, "catalog_element_id": integer}
LEGAL_KEYS: Shape = dict.fromkeys(
    (
        "name",
        "vat_id",
        "tax_registration_reason_code",
        "address",
        "kpp",
        "bank_code",
        "external_uid",
        "bank_account_number",
    ),
    string,
) | {"entity_type": integer, "line1": string, "line2": string, "city": string, "country": string}


def numeric(value: object, path: str, findings: Findings) -> None:
    """A number, or a text that is one."""
    if value in (None, "") or is_int(value) or isinstance(value, float):
        return
    try:
        float(value if isinstance(value, str) else "no")
    except ValueError:
        findings.wrong_type(path, "numeric")


def moment(value: object, path: str, findings: Findings) -> None:
    """Unix seconds or RFC 3339."""
    if value is None or is_int(value) or isinstance(value, float):
        return
    if not isinstance(value, str) or (value and seconds(value) is None):
        findings.wrong_type(path, "int")


def seconds(text: str) -> int | None:
    """RFC 3339 as unix seconds."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return int(found.timestamp()) if found.tzinfo else None


def _value_check(kind: str) -> Check:
    if kind in TEXTS:
        return shape({"value": string})
    if kind in WITH_ENUMS:
        return shape(ENUM_KEYS)
    if kind in TIMES:
        return shape({"value": moment})
    if kind == "chained_list":
        return shape(CHAIN_KEYS, CHAIN_KEYS)
    if kind == "legal_entity":
        return shape({"value": shape(LEGAL_KEYS, ["name"])})
    return shape({"value": {"numeric": numeric, "checkbox": boolean}.get(kind, mapping)})


_CHECKS: dict[str, Check] = {}


def check_values(of: Field, values: object, path: str, findings: Findings) -> None:
    """Check the `values` of one field."""
    if values is None:
        return
    if not isinstance(values, list):
        findings.wrong_type(path, "array")
        return
    check = _CHECKS.get(of.type)
    if check is None:
        check = _CHECKS[of.type] = _value_check(of.type)
    for index, value in enumerate(values):
        here = f"{path}.{index}"
        check(value, here, findings)
        if isinstance(value, dict) and of.type in WITH_ENUMS:
            _check_option(of, value, here, findings)


def _check_option(of: Field, value: Json, path: str, findings: Findings) -> None:
    """An option has to exist; a select takes any one of text, id and code, and the text has to match exactly."""
    if value.get("enum_id") is not None and of.option(value["enum_id"]) is None:
        findings.not_a_choice(f"{path}.enum_id")
    elif value.get("enum_code") is not None and of.option_coded(value["enum_code"]) is None:
        findings.not_a_choice(f"{path}.enum_code")
    elif of.type in WITH_OPTIONS and not _is_chosen(of, value):
        findings.not_a_choice(f"{path}.value")


def _is_chosen(of: Field, value: Json) -> bool:
    if value.get("enum_id") is not None or value.get("enum_code") is not None:
        return True
    return value.get("value") in (None, "") or of.option_named(value["value"]) is not None


def kept_values(of: Field, values: object) -> tuple[Value, ...]:
    """Checked `values` as they are stored; empty texts are no values."""
    found: list[Value] = []
    for value in values if isinstance(values, list) else []:
        if isinstance(value, dict):
            kept = _kept(of, value)
            if kept is not None:
                found.append(kept)
    return tuple(
        found if of.type in {"multitext", "multiselect", "smart_address", "chained_list", "items"} else found[:1]
    )


def _kept(of: Field, value: Json) -> Value | None:
    if of.type in WITH_ENUMS:
        return _kept_option(of, value)
    if of.type == "chained_list":
        return dict(value), None
    raw = value.get("value")
    if raw is None or raw == "":
        return None
    return _stored(of.type, raw), None


def _stored(kind: str, raw: object) -> Scalar:
    """Numbers are read back as texts, dates as seconds."""
    if kind in TIMES and isinstance(raw, str | float):
        return int(raw) if isinstance(raw, float) else seconds(raw) or 0
    if kind == "numeric":
        return str(raw)
    if isinstance(raw, str | int | float | bool | dict):
        return raw
    return str(raw)


def _kept_option(of: Field, value: Json) -> Value | None:
    option = of.option(value.get("enum_id")) or of.option_coded(value.get("enum_code"))
    text = value.get("value")
    if of.type in {"multitext", "smart_address"}:
        option = option or of.options[0]
        return (text, option.id) if isinstance(text, str) and text else None
    option = option or of.option_named(text)
    return (option.value, option.id) if option else None


def shown_values(of: Field, values: tuple[Value, ...]) -> list[Json]:
    """Stored values as they are read back."""
    if of.type == "chained_list":
        return [dict(value) for value, _ in values if isinstance(value, dict)]
    if of.type not in WITH_ENUMS:
        return [{"value": value} for value, _ in values]
    shown: list[Json] = []
    for value, option_id in values:
        option = of.option(option_id)
        if of.type in WITH_OPTIONS and option is None:
            continue
        code = option and (option.code if of.type in WITH_OPTIONS else option.value)
        text = option.value if option and of.type in WITH_OPTIONS else value
        shown.append({"value": text, "enum_id": option_id, "enum_code": code})
    return shown


def shown_fields(known: dict[int, Field], filled: Filled) -> list[Json] | None:
    """`custom_fields_values` of a card; null when nothing is filled."""
    shown: list[Json] = []
    for field_id, values in filled:
        of = known.get(field_id)
        found = shown_values(of, values) if of else []
        if of and found:
            shown.append(
                {
                    "field_id": of.id,
                    "field_name": of.name,
                    "field_code": of.code,
                    "field_type": of.type,
                    "values": found,
                }
            )
    return shown or None
