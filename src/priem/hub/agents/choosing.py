"""Whether a connection is read by the hub itself or by an agent in the clinic: a setting of the connection."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from priem.errors import AskOperator
from priem.hub.agents.feeds import leave_agent
from priem.hub.agents.source import AgentFed
from priem.hub.clinics import ConnectionData
from priem.hub.clock import SystemClock
from priem.hub.references import resolved
from priem.mis import open_source
from priem.mis.ahead import ReadAhead
from priem.ports import ExchangeLog, Source
from priem.relay.words import NOT_FROM_HUB
from priem.texts import text

THROUGH, AGENT = "through", "agent"
LOOK_EVERY = "look_every"
"""Seconds between an agent's looks for changes."""
OURS = frozenset({THROUGH, LOOK_EVERY})
CARRIED = frozenset({"ident"})
"""Kinds that an agent can read."""
STAND_IN = {"server": "localhost", "password": "-"}
"""For what only the agent knows: the rest of the settings is tried all the same."""


def goes_through_agent(config: Mapping[str, Any]) -> bool:
    return config.get(THROUGH) == AGENT


def open_for_passes(clinic_id: int, row: ConnectionData, exchanges: ExchangeLog, wishes: Mapping[str, int]) -> Source:
    """`wishes` as in `mis.open_source`; an agent was told them with its settings."""
    source = source_of(clinic_id, row, exchanges, wishes)
    if not goes_through_agent(row.config):
        leave_agent(clinic_id, row.key)
    # What an agent read lies here already, and waiting for more must keep nobody from asking it something.
    return source if goes_through_agent(row.config) else ReadAhead(source)


def source_of(
    clinic_id: int, row: ConnectionData, exchanges: ExchangeLog, wishes: Mapping[str, int] = MappingProxyType({})
) -> Source:
    """Has not connected yet. Raises AskOperator for settings that the connector does not take."""
    if goes_through_agent(row.config):
        require_settings(row)
        return AgentFed(clinic_id, row.key, SystemClock())
    given = {**row.config, **resolved(row.secrets)}
    return open_source(row.kind, row.key, given, exchanges, SystemClock(), wishes)


def require_settings(row: ConnectionData) -> None:
    """Raises AskOperator for what the connector does not take. Asks nobody outside; references stay as they are."""
    if not goes_through_agent(row.config):
        open_source(row.kind, row.key, {**row.config, **row.secrets}, Silence(), SystemClock())
        return
    if row.kind not in CARRIED:
        raise AskOperator(
            text("An agent cannot read {kind}.", kind=row.kind),
            text(
                "Choose in the settings of the connection {connection} that Priem reads it directly (through).",
                connection=row.key,
            ),
        )
    open_source(row.kind, row.key, with_stand_in(row.config), Silence(), SystemClock())


def with_stand_in(config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings as a connector takes them."""
    return {**STAND_IN, **{name: value for name, value in config.items() if name not in OURS | NOT_FROM_HUB}}


class Silence:
    def note(self, exchange: object) -> None:
        """Nothing is asked."""
