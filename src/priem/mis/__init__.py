"""Adapters for medical information systems. A connector is a folder here and one line in CONNECTORS."""

from collections.abc import Mapping
from dataclasses import fields
from importlib import import_module

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
    *,
    look_back_days: int = 0,
) -> Source:
    """A source that has not connected yet. Raises AskOperator for an unknown kind, or settings it does not take.

    `look_back_days` is for connectors that have such a setting: it tells who was here before leads are made.
    """
    if kind not in CONNECTORS:
        raise AskOperator(
            text("There is no connector {kind}.", kind=kind), text("Known ones: {known}.", known=", ".join(CONNECTORS))
        )
    path, _, name = CONNECTORS[kind].partition(":")
    module = import_module(path)
    if look_back_days and any(field.name == "look_back_days" for field in fields(module.Config)):
        settings = {"look_back_days": look_back_days, **settings}
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
