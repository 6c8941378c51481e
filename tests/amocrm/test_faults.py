"""Whatever fails and whenever: once amoCRM is well again, it looks as if nothing had ever failed.

A clinic's first sync, then a day of its life, each with one kind of failure all over it. The engine and the adapter run
as they do in earnest; only the clinic's own database is in memory. What is compared is the sandbox's own state.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from priem.amocrm.crm import AmoCrm
from priem.amocrm.writing import Load, Together
from priem.engine.bindings import bind
from priem.engine.memory import MemoryStore
from priem.engine.settings import Settings, StageRule, StatusSync
from priem.engine.sync import Clinic, sync
from priem.errors import AskOperator, TryLater
from priem.model import Action, VisitStatus
from priem.ports import Tokens
from tests.amocrm.kit import Journal, MemoryTokens, SandboxProcess
from tests.engine.clinic import Mis, patient, visit

pytestmark = pytest.mark.slow

MOST_PASSES = 25
STAGES = {
    VisitStatus.BOOKED: "Записан",
    VisitStatus.CONFIRMED: "Подтверждён",
    VisitStatus.ARRIVED: "Пришёл",
    VisitStatus.CANCELLED: "Закрыто и не реализовано",
}
RULES = tuple(StageRule(status=status, pipeline="Записи", stage=stage) for status, stage in STAGES.items())
SETTINGS = Settings(status_sync=StatusSync(rules=RULES))
Seen = dict[str, list[Any]]


class Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait(self, seconds: float) -> None:
        threading.Event().wait(seconds)


@dataclass
class World:
    """A clinic, its amoCRM, and Priem between them."""

    sandbox: SandboxProcess
    mis: Mis = field(default_factory=lambda: Mis(page_size=10))
    tokens: MemoryTokens = field(default_factory=lambda: MemoryTokens(Tokens(access="")))
    helped: int = 0
    """How often a person was needed."""

    def __post_init__(self) -> None:
        clock = Clock()
        self.crm = AmoCrm(self.sandbox.config(requests_per_second=1000), self.tokens, clock, Journal())
        self.crm.oauth.exchange(self.sandbox.about["code"])
        for path in ("/api/v4/contacts", "/api/v4/leads"):
            self.crm._loads[path] = small_batches()
        self.store = MemoryStore(clock.now)
        bound = bind(SETTINGS, self.crm.prepare())
        self.clinic = Clinic(crm=self.crm, store=self.store, bound=bound, clock=clock, settle_seconds=0.2)

    def sync_until_quiet(self) -> None:
        for _ in range(MOST_PASSES):
            if self.one_pass() == 0:
                return
        raise AssertionError(f"{MOST_PASSES} passes were not enough")

    def one_pass(self) -> int:
        """How many steps there were; 1 when it failed."""
        steps = 0
        try:
            for progress in sync(self.mis, self.clinic):
                steps += sum(step.action is not Action.LEAVE for step, _ in progress.carried)
        except AskOperator:
            self.a_person_helps()
            return 1
        except TryLater:
            return 1
        return steps

    def a_person_helps(self) -> None:
        """Writes to the support, pays the bill, or authorises again; and says so."""
        self.helped += 1
        self.sandbox.clear_faults()
        if self.tokens.forgotten:
            self.crm.oauth.exchange(self.sandbox.act("new_code")["code"])
        self.crm.try_now()

    def seen(self) -> Seen:
        """amoCRM as people see it, whatever its ids."""
        state = self.sandbox.state("contacts", "leads", "pipelines")
        stages = {(one["id"], of["id"]): of["name"] for one in state["pipelines"] for of in one["statuses"]}
        names = {row["id"]: row["name"] for row in state["contacts"]}
        return {
            "contacts": sorted([row["name"], *values(row), row["is_deleted"]] for row in state["contacts"]),
            "leads": sorted(
                [
                    row["name"],
                    stages[row["pipeline_id"], row["status_id"]],
                    row["price"],
                    sorted(names[contact] for contact in row["contact_ids"]),
                    *values(row),
                ]
                for row in state["leads"]
            ),
        }


def small_batches() -> Load:
    """So that some arrive and others do not."""
    load = Load(Together(in_flight=24, per_second=7))
    load.records = 8
    return load


@pytest.mark.parametrize(("seconds", "most"), [(0.3, 19), (0.6, 21), (5.0, 24)])
def test_no_more_is_under_way_than_the_latency_makes_useful(seconds: float, most: int) -> None:
    together = Together(in_flight=24, per_second=7)
    for _ in range(50):
        together.was_managed(seconds)
    slowly = together.batches

    for _ in range(50):
        together.was_managed(0.3)

    assert (slowly, together.batches) == (most, 19)


def values(row: dict[str, Any]) -> list[Any]:
    found = {each["field_code"]: [one["value"] for one in each["values"]] for each in row["custom_fields_values"] or ()}
    return [found.get("PHONE"), found.get("PRIEM_PATIENT"), found.get("PRIEM_VISIT")]


def phone(number: int) -> str:
    return f"+7921555{1000 + number}"


def before_priem(world: World) -> None:
    """Managers know some of the patients; one has left a request on the site."""
    for number in (3, 7, 11, 33):
        contact = world.sandbox.act("contact", name=f"Пациент Номер{'аоеи'[number % 4]}", phone=phone(number))
    world.sandbox.act("lead", name="Заявка", contact_id=contact["contact_id"])
    world.mis.put(*(patient(str(number), f"Пациент Номер{'аоеи'[number % 4]}", phone(number)) for number in range(35)))
    world.mis.put(*(visit(str(500 + number), str(number), hours=number) for number in range(25)))


def a_day(world: World) -> None:
    """New patients and visits, changed ones, and managers at work."""
    world.mis.put(
        *(patient(str(number), f"Пациент Переименован{'аоеи'[number % 4]}", phone(number)) for number in range(12)),
        *(patient(str(number), "Новый Пациент", phone(number)) for number in range(35, 50)),
        *(visit(str(500 + number), str(number), VisitStatus.ARRIVED, hours=number) for number in range(8)),
        *(visit(str(500 + number), str(number), VisitStatus.CANCELLED, hours=number) for number in range(8, 12)),
        *(visit(str(500 + number), str(number), hours=number + 50) for number in range(25, 50)),
        visit("550", "12", hours=90, moved_from="512"),
        visit("512", "12", VisitStatus.CANCELLED, hours=12, moved_to="550"),
    )


ORDERS = (
    ("GET", "/api/v4/contacts", 0),
    ("GET", "/api/v4/leads", 0),
    ("POST", "/api/v4/contacts", 1),
    ("POST", "/api/v4/leads", 0),
    ("PATCH", "/api/v4/contacts", 0),
    ("PATCH", "/api/v4/leads", 0),
)
Trouble = Callable[[World], None]


def everywhere(kind: str, later: tuple[int, ...] = (0, 3), **details: object) -> Trouble:
    """Of every sort of request the next one fails, and one more a little later."""

    def order(world: World) -> None:
        for method, path, skip in ORDERS:
            for more in later:
                world.sandbox.fault(kind, method=method, path=path, skip=skip + more, **details)

    return order


def until_a_person_helps(kind: str, *methods: str) -> Trouble:
    """From the second on, requests of these sorts fail."""

    def order(world: World) -> None:
        for method in methods:
            world.sandbox.fault(kind, method=method, count=None, skip=1)

    return order


def renewal_is_lost(world: World) -> None:
    world.sandbox.act("expire_access_tokens")
    world.sandbox.fault("refresh_lost")


TROUBLES: dict[str, tuple[Trouble, bool]] = {
    "lost_after_commit": (everywhere("lost_after_commit"), False),
    "cut_before": (everywhere("cut_before"), False),
    "429": (everywhere("429", later=(0,)), False),  # each is followed by a second or two of silence
    "block_403": (until_a_person_helps("block_403", "GET", "POST", "PATCH"), True),
    "ip_403": (until_a_person_helps("ip_403", "GET", "POST", "PATCH"), True),
    "402": (until_a_person_helps("402", "POST", "PATCH"), True),
    "500": (everywhere("500"), False),
    "502": (everywhere("502"), False),
    "504_before": (everywhere("504_before"), False),
    "504_after": (everywhere("504_after"), False),
    "slow": (everywhere("slow", seconds=0.3), False),
    "html_200": (everywhere("html_200"), False),
    "refresh_lost": (renewal_is_lost, True),
    "stale_search": (everywhere("stale_search", seconds=60), False),
}
NEVER_MET = {"stale_search"}
"""Priem never searches amoCRM's index: its decisions come from its own copy."""


@pytest.fixture
def world() -> Iterator[World]:
    sandbox = SandboxProcess("--rate-limit", "0", "--account-rate-limit", "0", "--contacts", "300")
    world = World(sandbox)
    yield world
    world.crm.close()
    sandbox.close()


def live(world: World, trouble: Trouble) -> Iterator[Seen]:
    """amoCRM after the first sync, and after the day."""
    for happens in (before_priem, a_day):
        happens(world)
        trouble(world)
        world.sync_until_quiet()
        world.sandbox.clear_faults()
        yield world.seen()


@pytest.fixture(scope="module")
def unhurt() -> list[Seen]:
    sandbox = SandboxProcess("--rate-limit", "0", "--account-rate-limit", "0", "--contacts", "300")
    world = World(sandbox)
    seen = list(live(world, lambda _world: None))
    world.crm.close()
    sandbox.close()
    return seen


def test_the_unhurt_clinic_is_what_it_should_be(unhurt: list[Seen]) -> None:
    first, second = ({kind: len(rows) for kind, rows in seen.items()} for seen in unhurt)
    assert first == {"contacts": 300 + 35, "leads": 25 + 1}
    assert second == {"contacts": 300 + 50, "leads": 50}, "the request has become a visit"
    keys = [row[2] for row in unhurt[1]["contacts"] if row[2]]
    assert len({key for (key,) in keys}) == len(keys) == 50


@pytest.mark.parametrize("kind", TROUBLES)
def test_after_any_failure_amocrm_looks_as_if_nothing_had_failed(kind: str, world: World, unhurt: list[Seen]) -> None:
    trouble, needs_a_person = TROUBLES[kind]

    for seen, expected in zip(live(world, trouble), unhurt, strict=True):
        for what in expected:
            assert [row for row in seen[what] if row not in expected[what]] == []
            assert [row for row in expected[what] if row not in seen[what]] == []
        assert seen == expected, "and none of them twice"

    fired = world.sandbox.state("faults")["faults"]["fired"].get(kind, 0)
    assert (fired >= 2) is (kind not in NEVER_MET)
    assert (world.helped > 0) is needs_a_person
    assert world.store.open_steps() == ()
