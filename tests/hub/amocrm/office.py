"""An amoCRM with its managers (the sandbox), the hub that it posts to, and passes of a clinic between the two."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from priem.engine.bindings import bind
from priem.engine.settings import FieldRule, Leads, Settings, StageName, StageRule, StatusSync
from priem.engine.sync import Clinic as Parts
from priem.engine.values import VALUES, ValueKind
from priem.hub.amocrm.access import connected
from priem.hub.amocrm.hearing import Ears
from priem.hub.amocrm.inbox import INBOX
from priem.hub.amocrm.subscription import note
from priem.hub.clinics import ClinicData, clinic_data
from priem.hub.clock import SystemClock
from priem.hub.models import Clinic, MirroredContact, MirroredLead, ReceivedHook
from priem.hub.store import DjangoStore
from priem.hub.tokens import DjangoTokens
from priem.model import Step, VisitStatus
from priem.passes import one_pass
from priem.ports import Tokens
from priem.sandbox.amocrm.background import Running
from tests.engine.clinic import Mis

PATIENCE = 20
PIPELINE = "Записи"
STAGES = {
    VisitStatus.BOOKED: "Записан",
    VisitStatus.CONFIRMED: "Подтверждён",
    VisitStatus.ARRIVED: "Пришёл",
    VisitStatus.CANCELLED: "Закрыто и не реализовано",
}
SETTINGS = Settings(
    status_sync=StatusSync(
        rules=tuple(StageRule(status=status, pipeline=PIPELINE, stage=stage) for status, stage in STAGES.items())
    ),
    leads=Leads(first_stage=StageName(pipeline=PIPELINE, stage="Записан")),
    fields=tuple(FieldRule(value=word) for word in VALUES),
)


def spec(value: ValueKind) -> tuple[str, str, Sequence[str], str]:
    """The field that Priem makes for it."""
    return value.title, value.field_kind, value.options, ""


@dataclass
class Office:
    sandbox: Running
    clinic: Clinic
    mis: Mis = field(default_factory=Mis)

    def __post_init__(self) -> None:
        DjangoTokens(self.clinic.pk).save(Tokens(access=self.sandbox.about["long_lived_token"]))
        self.store = DjangoStore(self.clinic.pk)
        self._open = connected(self.data)
        self.crm = self._open.__enter__()
        self.crm.create_fields("contacts", [spec(value) for value in VALUES.values() if value.of == "patient"])
        self.crm.create_fields("leads", [spec(value) for value in VALUES.values() if value.of == "visit"])
        self.account = self.crm.prepare()
        self.bound = bind(SETTINGS, self.account)
        self.ears = self.new_ears()

    def close(self) -> None:
        self._open.__exit__(None, None, None)

    @property
    def data(self) -> ClinicData:
        return clinic_data(Clinic.objects.get(pk=self.clinic.pk))

    def new_ears(self) -> Ears:
        """As another process has them."""
        return Ears(self.data, self.crm, self.store, self.bound, self.account, SystemClock())

    def sync(self) -> list[Step]:
        """One pass, once every webhook that is under way has come."""
        self.wait_for_hooks()
        parts = Parts(crm=self.crm, store=self.store, bound=self.bound, clock=SystemClock(), ears=self.ears)
        return [step for _, progress in one_pass((self.mis,), parts) for step, _ in progress.carried]

    def hear(self) -> bool:
        self.wait_for_hooks()
        with self.store.exclusively():
            return self.ears.hear()

    # amoCRM's side

    def act(self, act: str, **details: Any) -> Any:
        return self._control("act", {"act": act, **details})

    def fault(self, kind: str, **details: Any) -> None:
        self._control("faults", {"kind": kind, **details})

    def mend(self) -> None:
        """Takes every fault back."""
        httpx2.delete(f"{self.sandbox.about['control']}/faults", timeout=20)

    def _control(self, what: str, sent: Any) -> Any:
        answer = httpx2.post(f"{self.sandbox.about['control']}/{what}", json=sent, timeout=20)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def state(self, *only: str) -> Any:
        url = f"{self.sandbox.about['control']}/state"
        return httpx2.get(url, params={"only": ",".join(only)}, timeout=20).json()

    @property
    def requests(self) -> list[str]:
        """What Priem has asked of amoCRM so far."""
        log = self.sandbox.sandbox.log.entries
        return [f"{entry.method} {entry.path}" for entry in log if entry.path.startswith("/api")]

    def wait_for_hooks(self) -> None:
        courier = self.sandbox.sandbox.courier
        deadline = time.monotonic() + PATIENCE
        while courier.outcomes["pending"]:
            assert time.monotonic() < deadline, courier.outcomes
            time.sleep(0.02)
        while INBOX.is_busy:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    # What the hub knows of it

    @property
    def hooks_waiting(self) -> int:
        return ReceivedHook.objects.of(self.clinic.pk).count()

    def names(self) -> dict[int, str]:
        return dict(MirroredContact.objects.of(self.clinic.pk).values_list("crm_id", "name"))

    def stages(self) -> dict[int, int]:
        return dict(MirroredLead.objects.of(self.clinic.pk).values_list("crm_id", "stage"))

    def names_there(self) -> dict[int, str]:
        return {row["id"]: row["name"] for row in self.state("contacts")["contacts"] if not row["is_deleted"]}

    def stages_there(self) -> dict[int, int]:
        return {row["id"]: row["status_id"] for row in self.state("leads")["leads"] if not row["is_deleted"]}

    def agrees(self) -> bool:
        return (self.names(), self.stages()) == (self.names_there(), self.stages_there())


def lead_of(office: Office) -> int:
    (id_,) = office.stages_there()
    return id_


def contact_of(office: Office) -> int:
    (id_,) = office.names_there()
    return id_


def asked(office: Office, since: int) -> list[str]:
    return office.requests[since:]


def due(office: Office) -> None:
    """Ten minutes are over."""
    note(office.clinic.pk, caught_up_at=datetime.now(UTC) - timedelta(minutes=11))
