"""How a connection's agents do, as pages show it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from priem.hub.agents import feeds
from priem.hub.agents.enrolling import agent_of
from priem.hub.agents.source import SILENT_AFTER
from priem.hub.models import Agent
from priem.hub.sentences import readable
from priem.relay.texts import trouble_from_json
from priem.relay.words import Halt
from priem.texts import Text

HALTS = {
    Halt.FULL: _("It does not read: as much waits as may, since Priem takes nothing."),
    Halt.DISK: _("It does not read: the disk of its computer is almost full."),
    Halt.RESTS: _("It does not read yet: that begins with the check or the start."),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """An agent as the page shows it."""

    row: Agent

    @property
    def is_silent(self) -> bool:
        return datetime.now(UTC) - self.row.heard_at > SILENT_AFTER

    @property
    def is_well(self) -> bool:
        return not (self.is_silent or self.trouble or self.report.get("halt") in (Halt.FULL, Halt.DISK))

    @property
    def report(self) -> Mapping[str, Any]:
        told: Mapping[str, Any] = self.row.report
        return told

    @property
    def trouble(self) -> str:
        told = self.report.get("trouble")
        return readable(trouble_from_json(told).what) if told else ""

    @property
    def advice(self) -> str:
        told = self.report.get("trouble")
        advice: Text | None = trouble_from_json(told).advice if told else None
        return readable(advice)

    @property
    def halt(self) -> str:
        found = HALTS.get(Halt(self.report.get("halt") or ""))
        return str(found) if found else ""

    @property
    def read_at(self) -> datetime | None:
        told = self.report.get("read_at")
        return datetime.fromisoformat(told) if isinstance(told, str) else None


def agents_of(clinic_id: int, key: str) -> Mapping[str, Any]:
    """What templates show: the one that is let in, and those that were."""
    rows = Agent.objects.of(clinic_id).filter(connection=key).order_by("-pk")
    current = agent_of(clinic_id, key)
    return {
        "agent": Seen(current) if current else None,
        "former": list(rows.filter(revoked_at__isnull=False)[:5]),
        "waiting": feeds.parcels(clinic_id, key).count(),
        "key": key,
    }
