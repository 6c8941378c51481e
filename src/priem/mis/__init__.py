"""Adapters for medical information systems. A connector is a folder here and one line in CONNECTORS."""

from collections.abc import Mapping
from importlib import import_module

from priem.errors import AskOperator
from priem.ports import Clock, ExchangeLog, Source
from priem.texts import text

CONNECTORS: Mapping[str, str] = {
    "ident": "priem.mis.ident:Ident",
}
"""A connection's kind → its source, next to which stands its `Config`."""


def open_source(
    kind: str, connection: str, settings: Mapping[str, object], exchanges: ExchangeLog, clock: Clock
) -> Source:
    """A source that has not connected yet. Raises AskOperator for an unknown kind, or settings it does not take."""
    if kind not in CONNECTORS:
        raise AskOperator(
            text("There is no connector {kind}.", kind=kind), text("Known ones: {known}.", known=", ".join(CONNECTORS))
        )
    path, _, name = CONNECTORS[kind].partition(":")
    module = import_module(path)
    config = module.Config.from_mapping(connection, settings)
    source: Source = getattr(module, name)(config, exchanges, clock)
    return source
