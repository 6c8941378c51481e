"""Adapters for medical information systems. A connector is a folder here and one line in CONNECTORS."""

from collections.abc import Mapping
from dataclasses import fields
from importlib import import_module
from types import MappingProxyType

from priem.booking import Booking
from priem.errors import AskOperator
from priem.ports import Clock, ExchangeLog, Source
from priem.texts import text

CONNECTORS: Mapping[str, str] = {
    "archimed": "priem.mis.archimed:Archimed",
    "ident": "priem.mis.ident:Ident",
}
"""A connection's kind → its source, next to which stands its `Config`."""

DESKS: Mapping[str, str] = {
    "archimed": "priem.mis.archimed:Desk",
}
"""A connection's kind → its desk, for those that can be booked in from outside. Takes what the source takes."""


def open_source(
    kind: str,
    connection: str,
    settings: Mapping[str, object],
    exchanges: ExchangeLog,
    clock: Clock,
    wishes: Mapping[str, object] = MappingProxyType({}),
) -> Source:
    """A source that has not connected yet. Raises AskOperator for an unknown kind, or settings it does not take.

    `wishes` are for connectors that have such settings: `look_back_days` tells who was here before leads are made,
    `reads_plans` that somebody wants to see treatment plans.
    """
    if kind not in CONNECTORS:
        raise AskOperator(
            text("There is no connector {kind}.", kind=kind), text("Known ones: {known}.", known=", ".join(CONNECTORS))
        )
    path, _, name = CONNECTORS[kind].partition(":")
    module = import_module(path)
    names = {field.name for field in fields(module.Config)}
    settings = {**{name: value for name, value in wishes.items() if value and name in names}, **settings}
    config = module.Config.from_mapping(connection, settings)
    source: Source = getattr(module, name)(config, exchanges, clock)
    return source


def open_desk(
    kind: str, connection: str, settings: Mapping[str, object], exchanges: ExchangeLog, clock: Clock
) -> Booking | None:
    """A desk that has not connected yet; None where there is none. Raises AskOperator for settings it does not take."""
    if kind not in DESKS:
        return None
    path, _, name = DESKS[kind].partition(":")
    module = import_module(path)
    desk: Booking = getattr(module, name)(module.Config.from_mapping(connection, settings), exchanges, clock)
    return desk
