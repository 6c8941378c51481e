"""Triggers of the digital pipeline that the widget offers: docs/reference/amocrm.md §3.19, §5.3.

A lead that comes into a stage with one has the widget's address told, once: nobody tries again.
"""

import json
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from .. import post
from ..state.cards import Lead
from ..state.crm import Change, Crm
from ..wire import Json

Run = Callable[[Coroutine[None, None, None]], None]
APPEARED_IN_STATUS = 15
LEAD = 2


@dataclass(slots=True)
class Triggers:
    """By stage: pipeline and status → what a person chose in the trigger's settings."""

    crm: Crm
    run: Run
    address: Callable[[], str]
    """`dp.webhook_url` of the widget that is installed; empty without one."""
    rows: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    told: list[dict[str, Any]] = field(default_factory=list)
    """What was sent, with the answer's status."""

    def keep(self, sent: Json) -> Json:
        """A trigger of one stage; the newer one replaces the older."""
        settings = sent["settings"]
        if not isinstance(settings, dict):
            raise TypeError("settings are an object")
        self.rows[int(str(sent["pipeline_id"])), int(str(sent["status_id"]))] = settings
        return self.shown()

    def shown(self) -> Json:
        """For the page, and for tests."""
        rows = [
            {"pipeline_id": pipeline, "status_id": status, "settings": settings}
            for (pipeline, status), settings in self.rows.items()
        ]
        return {"triggers": rows, "told": list(self.told)}

    def hear(self, change: Change) -> None:
        """Only coming into a stage sets one off."""
        lead = change.subject
        if change.action not in ("add", "status") or not isinstance(lead, Lead):
            return
        settings = self.rows.get((lead.pipeline_id, lead.status_id))
        if settings is not None and (url := self.address()):
            self.run(self._tell(url, self._hook(lead, settings)))

    def _hook(self, lead: Lead, settings: dict[str, Any]) -> dict[str, Any]:
        data = {
            "id": lead.id,
            "element_type": LEAD,
            "status_id": lead.status_id,
            "pipeline_id": lead.pipeline_id,
            "direction_of_movement": "went_to_trigger",
        }
        event = {
            "type": APPEARED_IN_STATUS,
            "type_code": "lead_appeared_in_status",
            "data": data,
            "time": int(time.time()),
        }
        return {
            "event": event,
            "action": {"settings": {"widget": {"settings": settings}}},
            "subdomain": self.crm.account.subdomain,
            "account_id": self.crm.account.id,
        }

    async def _tell(self, url: str, hook: dict[str, Any]) -> None:
        status = await post.send("POST", url, json.dumps(hook).encode(), kind="application/json")
        self.told.append({"hook": hook, "status": status})
