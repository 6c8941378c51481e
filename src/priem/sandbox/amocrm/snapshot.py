"""Keeps the account between runs: one JSON document a line, written when the sandbox ends, read when it starts."""

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

from .state import account, cards, catalogs, crm, history, incoming, links, pipelines, subscriptions, tags, tokens, work
from .state import fields as custom_fields
from .state.cards import Card, Cards
from .state.crm import Crm

MODULES = (
    account,
    cards,
    catalogs,
    crm,
    custom_fields,
    history,
    incoming,
    links,
    pipelines,
    subscriptions,
    tags,
    tokens,
    work,
)
CLASSES: dict[str, type] = {
    name: found
    for module in MODULES
    for name, found in vars(module).items()
    if isinstance(found, type) and is_dataclass(found)
}
NOT_KEPT = frozenset({"listeners"})


def save(of: Crm, to: Path) -> None:
    """Write everything; the old file stays until the new one is whole."""
    part = to.with_suffix(to.suffix + ".part")
    with part.open("w", encoding="utf-8") as file:
        for name, content in _lines(of):
            file.write(json.dumps([name, content], ensure_ascii=False) + "\n")
    part.replace(to)


def _lines(of: Crm) -> Iterator[tuple[str, object]]:
    for each in fields(of):
        value = getattr(of, each.name)
        if isinstance(value, Cards):
            yield f"{each.name}.last_id", value.last_id
            for card in value.rows.values():
                yield each.name, _encoded(card)
        elif each.name not in NOT_KEPT:
            yield each.name, _encoded(value)


def load(source: Path) -> Crm:
    """Read what `save` wrote.

    Raises ValueError, KeyError or TypeError when it is another file.
    """
    values: dict[str, object] = {}
    rows: dict[str, list[Card]] = {}
    with source.open(encoding="utf-8") as file:
        for line in file:
            name, content = json.loads(line)
            decoded = _decoded(content)
            if isinstance(decoded, Card):
                rows.setdefault(name, []).append(decoded)
            else:
                values[name] = decoded
    return _assembled(values, rows)


def _assembled(values: dict[str, object], rows: dict[str, list[Card]]) -> Crm:
    known_account, known_tokens = values.pop("account"), values.pop("tokens")
    if not isinstance(known_account, account.Account) or not isinstance(known_tokens, tokens.Tokens):
        raise TypeError("not a saved sandbox")
    made = Crm(known_account, known_tokens)
    for name, value in values.items():
        if name.endswith(".last_id") and isinstance(value, int):
            getattr(made, name.removesuffix(".last_id")).last_id = value
        else:
            setattr(made, name, value)
    for name, found in rows.items():
        getattr(made, name).load(found)
    return made


def _encoded(value: object) -> object:
    """Plain JSON, with what JSON has no word for in an object of one key."""
    if is_dataclass(value) and not isinstance(value, type):
        return {"is": type(value).__name__, "of": [_encoded(getattr(value, each.name)) for each in fields(value)]}
    if isinstance(value, dict):
        return {"dict": [[_encoded(key), _encoded(item)] for key, item in value.items()]}
    if isinstance(value, tuple):
        return {"tuple": [_encoded(item) for item in value]}
    if isinstance(value, deque):
        return {"deque": [_encoded(item) for item in value], "maxlen": value.maxlen}
    if isinstance(value, list):
        return [_encoded(item) for item in value]
    return value


def _decoded(value: object) -> object:
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "is" in value:
        return CLASSES[value["is"]](*(_decoded(item) for item in value["of"]))
    if "tuple" in value:
        return tuple(_decoded(item) for item in value["tuple"])
    if "deque" in value:
        return deque((_decoded(item) for item in value["deque"]), maxlen=value["maxlen"])
    return {_decoded(key): _decoded(item) for key, item in value["dict"]}
