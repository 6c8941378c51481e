"""The demo as a person sees it: set up, look first, carry over, then live."""

import os
import secrets
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2

from priem import bootstrap
from priem.cli.demo import people, setup, stage
from priem.cli.demo.latency import Change, Written, changes, let_live, percentiles
from priem.cli.demo.verify import existing_cards, expected, verify_all, written_to_archimed
from priem.cli.hub_commands import free_port
from priem.cli.look_commands import show_plan
from priem.cli.sync_command import Tally, run_once, what
from priem.cli.terminal import out, say, show_problem
from priem.cli.widget_command import pipeline_path
from priem.configuration import write
from priem.engine.rehearsal import pretended, rehearse
from priem.engine.sync import Progress
from priem.hub.amocrm.address import CALLBACK, PUBLIC_URL
from priem.hub.ident.services import new_key
from priem.model import Action, PatientKey
from priem.passes import Follower, Trouble, one_pass
from priem.texts import Text, reader_language, text

LOOPBACK = "127.0.0.1"
LONGEST_WAIT = 120.0
"""Seconds for the living clinic's changes to arrive."""
PASSES_TO_SETTLE = 12
"""Seconds until every page of every branch was looked at."""


@dataclass(slots=True, kw_only=True)
class Demo:
    home: Path
    patients: int
    visits: int
    seed: int
    latency_ms: int
    port: int
    with_archimed: bool = False
    """Three branches with ArchiMed+ beside the database of IDENT."""
    quiet: bool
    """A script reads: no bars, no words, one JSON line at the end."""
    tally: Tally = field(default_factory=Tally)
    written: Written = field(default_factory=Written)
    happened_at: dict[str, float] = field(default_factory=dict)
    """Records → when the clinic last changed them, in unix seconds."""
    existing: int = 0
    """Least requests that reading the CRM takes: a page of 250 each."""
    horizon: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When the first reading was over."""

    def once(self, count: int, rate: float) -> dict[str, Any]:
        """Everything without waiting for a person."""
        with self.systems() as systems, bootstrap.opened(self.set_up(systems)) as opened:
            self.first_sync(opened)
            happened = self.live_through(opened, systems, count, rate)
            result = self.result(systems, happened)
            self.last_word(result)
            return result

    def live(self, rate: float) -> dict[str, Any]:
        """Until Ctrl-C."""
        password = secrets.token_urlsafe(9)
        self.port = self.port or free_port(LOOPBACK, 0)
        os.environ[PUBLIC_URL] = f"http://{LOOPBACK}:{self.port}"  # amoCRM posts its webhooks there
        ident_key = new_key()
        with self.systems() as systems, bootstrap.opened(self.set_up(systems, ident_key)) as opened:
            bootstrap.make_administrator("admin", password)
            with stage.hub(self.home, self.port) as hub, self.ident_program(opened, systems, hub, ident_key):
                self.look_first(opened)
                self.first_sync(opened)
                self.addresses(opened, systems, hub, password)
                let_live(systems, {"changes": 1_000_000, "rate": rate})
                self.follow(opened, systems)
                self.tell(text("Reading the last changes, then comparing both systems. Ctrl-C once more ends at once."))
                let_live(systems, {"rate": 0})
                self.settle(opened)
            result = self.result(systems, changes(systems))
            self.last_word(result)
            return result

    def last_word(self, result: Mapping[str, Any]) -> None:
        doubled = result["duplicate_contacts"] + result["duplicate_leads"]
        missing = result["missing_contacts"] + result["missing_leads"]
        self.tell(
            text(
                "Checked in both systems: {count} patients, {booked} visits; doubled {doubled}, missing {missing}.",
                count=result["patients"],
                booked=result["visits"],
                doubled=doubled,
                missing=missing,
            ),
            "bold",
        )

    def systems(self) -> AbstractContextManager[stage.Stage]:
        ident = ["--patients", str(self.patients), "--visits", str(self.visits), "--seed", str(self.seed)]
        crm = ["--seed", str(self.seed), "--latency-ms", str(self.latency_ms)]
        if self.port:
            crm += ["--redirect-uri", f"http://{LOOPBACK}:{self.port}{CALLBACK}"]
        archimed = ["--branches", "3", "--seed", str(self.seed), "--set", "makes_medcards=true"]
        archimed += ["--patients", str(self.patients // 4), "--visits", str(self.visits // 4)]
        self.tell(text("Starting an invented clinic with all its systems, and an amoCRM…"))
        return stage.outside_systems(self.home, crm, ident, archimed if self.with_archimed else None)

    def ident_program(
        self, opened: bootstrap.Opened, systems: stage.Stage, hub: str, key: str
    ) -> AbstractContextManager[None]:
        address = f"{hub.rstrip('/')}/ident/{opened.slug}/{setup.CONNECTION}"
        return stage.ident_program(systems, address, key)

    def set_up(self, systems: stage.Stage, ident_key: str = "") -> str:
        people.fill(systems, self.seed)
        self.existing = sum(pages(count) for count in existing_cards(str(systems.amocrm["control"])))
        file = setup.clinic_file(systems, ident_key)
        made = bootstrap.configure(file)
        (self.home / "clinic.toml").write_text(write(file), encoding="utf-8")
        self.tell(
            text(
                "The clinic «{name}» is set up; fields made in amoCRM: {count}.", name=file.clinic.name, count=len(made)
            )
        )
        return file.clinic.slug

    def look_first(self, opened: bootstrap.Opened) -> None:
        self.tell(text("What the first sync would do:"), "bold")
        together = pretended(opened.clinic)
        show_plan([step for source in opened.sources for step in rehearse(source, together)])

    def first_sync(self, opened: bootstrap.Opened) -> None:
        run_once(opened, self.tally, hidden=self.quiet)
        self.horizon = datetime.now(UTC)
        if not self.quiet:
            self.tally.show()

    def addresses(self, opened: bootstrap.Opened, systems: stage.Stage, hub: str, password: str) -> None:
        self.tell(text("amoCRM's board: {url}", url=systems.amocrm["board"]), "bold")
        self.tell(text("The hub: {url} (admin, password {password})", url=hub, password=password), "bold")
        stage.install_widget(systems, hub, pipeline_path(opened.slug))
        board = systems.amocrm["board"]
        self.tell(text("A lead's card with the widget: {url}", url=f"{board}leads/"), "bold")
        self.tell(text("Actions of stages, for the digital pipeline: {url}", url=f"{board}settings/pipeline/"))
        self.tell(text("The clinic lives now. Ctrl-C ends everything."))

    def follow(self, opened: bootstrap.Opened, systems: stage.Stage) -> None:
        stop = threading.Event()

        def end(*_: object) -> None:
            stop.set()
            signal.signal(signal.SIGINT, signal.default_int_handler)  # a second Ctrl-C does not wait

        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, end)
        for _, news in Follower(opened.sources, opened.clinic, stop).news():
            if isinstance(news, Trouble):
                if news.error:
                    show_problem(news.error)
            else:
                self.hear(systems, news)
                for line in self.note(news):
                    out.print(line, markup=False)

    def hear(self, systems: stage.Stage, news: Progress) -> None:
        """When what was written now had happened in the clinic."""
        if news.carried:
            self.happened_at |= {change.record: change.at for change in changes(systems)}

    def live_through(self, opened: bootstrap.Opened, systems: stage.Stage, count: int, rate: float) -> Sequence[Change]:
        """Lets that many changes happen and goes on until passes that began after the last of them are over."""
        if not count:
            return []
        wanted = let_live(systems, {"changes": count, "rate": rate})
        deadline = time.monotonic() + LONGEST_WAIT + count / rate
        happened: Sequence[Change] = []
        while len(happened) < wanted and time.monotonic() < deadline:
            happened = changes(systems)
            run_for_a_second(opened, self)
        self.settle(opened)
        return happened

    def settle(self, opened: bootstrap.Opened) -> None:
        """IDENT is read to its end by one pass; ArchiMed+'s pages are looked at in turn."""
        for _ in range(PASSES_TO_SETTLE if self.with_archimed else 1):
            run_for_a_second(opened, self)

    def note(self, progress: Progress) -> Iterator[str]:
        """Remembers when each record was written; gives a line for each."""
        self.tally.add(progress)
        now = time.time()
        for step, _ in progress.carried:
            if step.action is not Action.LEAVE:
                record = f"{'patient' if isinstance(step.key, PatientKey) else 'visit'} {step.key}"
                self.written.note(record, now)
                yield f"{time.strftime('%H:%M:%S')}  {what(step)}{self.delay(record, now)}"

    def delay(self, record: str, now: float) -> str:
        """« · 1,3 с» since the clinic's commit; nothing for what the clinic did not tell of."""
        if record not in self.happened_at:
            return ""
        passed = text("{seconds} s", seconds=f"{max(0.0, now - self.happened_at[record]):.1f}")
        return " · " + passed.read(reader_language())

    def result(self, systems: stage.Stage, happened: Sequence[Change]) -> dict[str, Any]:
        verdict = verify_all(str(systems.amocrm["control"]), expected(systems, self.horizon))
        requests = httpx2.get(f"{systems.amocrm['control']}/state", params={"only": "requests"}, timeout=60).json()
        statements = httpx2.get(f"{systems.ident['control']}/_sandbox/state", timeout=60).json()["statements"]
        delays = [delay for change in happened if (delay := self.written.delay(change)) is not None]
        return {
            "patients": verdict.patients,
            "visits": verdict.visits,
            **self.tally.as_json(),
            "duplicate_contacts": verdict.duplicate_contacts,
            "duplicate_leads": verdict.duplicate_leads,
            "missing_contacts": verdict.missing_contacts,
            "missing_leads": verdict.missing_leads,
            "requests": requests["requests"]["total"],
            "floor_requests": self.existing
            + pages(self.tally.contacts["created"])
            + pages(self.tally.leads["created"]),
            "latency_seconds": percentiles(delays),
            "statements_not_select": len(statements["not_select"]),
            **({"archimed_requests_not_get": written_to_archimed(systems)} if self.with_archimed else {}),
            "clean": verdict.is_clean,
        }

    def tell(self, sentence: Text, style: str = "") -> None:
        if not self.quiet:
            say(sentence, style)


def pages(count: int) -> int:
    return -(-count // 250)


def run_for_a_second(opened: bootstrap.Opened, demo: Demo) -> None:
    """One pass, and a rest until the next is due."""
    began = time.monotonic()
    run_quietly(opened, demo)
    time.sleep(max(0.0, 1.0 - (time.monotonic() - began)))


def run_quietly(opened: bootstrap.Opened, demo: Demo) -> None:
    for _, progress in one_pass(opened.sources, opened.clinic):
        for _line in demo.note(progress):
            pass
