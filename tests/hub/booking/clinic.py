"""A clinic with ArchiMed+ and amoCRM (both sandboxes), set up in the hub, and somebody who is logged in."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
from django.contrib.auth.models import User
from django.test import Client

from priem import bootstrap
from priem.configuration import settings_as_json
from priem.engine.settings import (
    BookingTask,
    Leads,
    Settings,
    StageName,
    StageRule,
    StageTrigger,
    StageTriggers,
    StatusSync,
)
from priem.hub.clinics import ClinicData, ConnectionData, save_clinic, save_connection
from priem.hub.models import Clinic
from priem.hub.tokens import DjangoTokens
from priem.model import VisitStatus
from priem.passes import one_pass
from priem.ports import Tokens
from priem.sandbox.amocrm.background import Running
from priem.sandbox.archimed.sandbox import ArchimedSandbox
from tests.engine.clinic import ANNA

MOSCOW = ZoneInfo("Europe/Moscow")
KEY = "center"
PIPELINE = "Записи"
STAGES = {
    VisitStatus.BOOKED: "Записан",
    VisitStatus.CONFIRMED: "Подтверждён",
    VisitStatus.CANCELLED: "Закрыто и не реализовано",
}
SETTINGS = Settings(
    status_sync=StatusSync(
        rules=tuple(StageRule(status=status, pipeline=PIPELINE, stage=stage) for status, stage in STAGES.items())
    ),
    leads=Leads(
        first_stage=StageName(pipeline=PIPELINE, stage="Записан"), task=BookingTask(text="Позвонить: {patient}")
    ),
    triggers=StageTriggers(rules=(StageTrigger(pipeline=PIPELINE, stage="Подтверждён", does="confirm"),)),
)


@dataclass
class ApiClinic:
    amocrm: Running
    archimed: ArchimedSandbox
    client: Client = field(default_factory=Client)

    def __post_init__(self) -> None:
        about = self.amocrm.about
        self.id = save_clinic(
            ClinicData(
                slug="smile",
                name="Улыбка",
                base_url=self.amocrm.url,
                client_id=about["client_id"],
                client_secret=about["client_secret"],
                redirect_uri=about["redirect_uri"],
                sandbox=True,
                settings=settings_as_json(SETTINGS),
            )
        )
        DjangoTokens(self.id).save(Tokens(access=about["long_lived_token"]))
        api_id, secret = self.archimed.accounts[0]
        config = {
            "api_id": api_id,
            "time_zone": "Europe/Moscow",
            "base_url": self.archimed.url,
            "requests_per_second": 1000.0,
            "poll_seconds": 0.0,
            "night_seconds": 0.0,
        }
        save_connection(
            self.id, ConnectionData(key=KEY, kind="archimed", config=config, secrets={"api_secret": secret})
        )
        owner = User.objects.create(username="olga", is_staff=True, is_superuser=True)
        self.client.force_login(owner)

    @property
    def clinic(self) -> Clinic:
        return Clinic.objects.get(pk=self.id)

    def run_pass(self) -> None:
        with bootstrap.opened("smile") as opened:
            for _ in one_pass(opened.sources, opened.clinic):
                pass

    def get(self, what: str, **query: Any) -> Any:
        return self.client.get(f"/api/smile/booking/{what}", query)

    def post(self, what: str, **sent: Any) -> Any:
        return self.client.post(f"/api/smile/booking/{what}", json.dumps(sent), content_type="application/json")

    def request(self, name: str = "Белова Анна Игоревна", phone: str = ANNA) -> int:
        """A lead from the site."""
        return int(self.manager("site_form_lead", name=name, phone=phone)["lead_id"])

    def manager(self, act: str, **details: Any) -> Any:
        """What somebody does in amoCRM."""
        answer = httpx2.post(f"{self.amocrm.about['control']}/act", json={"act": act, **details}, timeout=20)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def crm(self, *kinds: str) -> Any:
        return httpx2.get(f"{self.amocrm.about['control']}/state", params={"only": ",".join(kinds)}, timeout=20).json()

    def free(self, count: int = 1) -> list[dict[str, str]]:
        """Times to be booked, as the API takes them."""
        slots = self.archimed.act("free", branch=0, count=count)["slots"]
        return [
            {"doctor": str(slot["doctor"]), "starts_at": local(slot["start"]), "ends_at": local(slot["end"])}
            for slot in slots
        ]


def local(written: str) -> str:
    moment = datetime.fromisoformat(written)
    return (moment if moment.tzinfo else moment.replace(tzinfo=MOSCOW)).isoformat()
