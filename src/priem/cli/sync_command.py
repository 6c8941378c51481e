"""`priem sync`: the main job, once or for as long as it runs."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.progress import Progress as Bars
from rich.progress import TaskID

from priem import bootstrap
from priem.cli.terminal import bars, out, print_json, say, show_problem
from priem.engine.plan import counts_as
from priem.engine.sync import Progress
from priem.model import Action, PatientKey, Step
from priem.passes import Follower, Trouble, one_pass
from priem.texts import Text, reader_language, text


def register(app: typer.Typer) -> None:
    app.command(help="Перенести изменения из клиники в amoCRM. (Bring amoCRM up to date with the clinic.)")(sync)


def sync(
    *,
    clinic: Annotated[str, typer.Option(help="Клиника, если их несколько. (Which clinic, if several.)")] = "",
    follow: Annotated[bool, typer.Option("--follow/--once", help="Не останавливаться. (Go on until stopped.)")] = False,
    interval: Annotated[float, typer.Option(min=0.1, help="Секунд между чтениями. (Seconds between readings.)")] = 1.0,
    yes: Annotated[bool, typer.Option("--yes", help="Не смотрев priem plan. (Without a look at priem plan.)")] = False,
    json: Annotated[bool, typer.Option("--json", help="Итог одной строкой JSON. (The result as JSON.)")] = False,
) -> None:
    slug = bootstrap.only_clinic(clinic)
    bootstrap.require_seen(slug, sure=yes)
    with bootstrap.opened(slug) as opened:
        if follow:
            follow_clinic(opened, interval, as_json=json)
        else:
            tally = Tally()
            run_once(opened, tally, hidden=json)
            if json:
                print_json(tally.as_json())
            else:
                tally.show()


class Tally:
    """What a run did, for its last line."""

    def __init__(self) -> None:
        self.contacts: Counter[str] = Counter()
        self.leads: Counter[str] = Counter()
        self.rejected = 0
        self.began = time.monotonic()

    def add(self, progress: Progress) -> None:
        for step, outcome in progress.carried:
            if (action := counts_as(step)) is not Action.LEAVE:
                counter = self.contacts if isinstance(step.key, PatientKey) else self.leads
                counter[NAMES[action] if outcome.state == "done" else outcome.state.value] += 1
        if progress.page:
            self.rejected += len(progress.page.rejected)

    def as_json(self) -> dict[str, object]:
        return {
            "contacts": self.totals(self.contacts),
            "leads": self.totals(self.leads),
            "rejected": self.rejected,
            "seconds": round(time.monotonic() - self.began, 3),
        }

    @staticmethod
    def totals(counter: Counter[str]) -> dict[str, int]:
        return {"created": 0, "adopted": 0, "updated": 0, **counter}

    def show(self) -> None:
        for title, counter in ((text("Contacts"), self.contacts), (text("Leads"), self.leads)):
            totals = self.totals(counter)
            say(
                text(
                    "{title}: made {created}, found {adopted}, changed {updated}.",
                    title=title.read(reader_language()),
                    created=totals["created"],
                    adopted=totals["adopted"],
                    updated=totals["updated"],
                )
            )
        if asked := self.contacts["asked"]:
            say(text("Questions for a person: {count}. They are shown by priem questions.", count=asked), "yellow")
        if self.rejected:
            say(
                text("Rows that could not be taken: {count}. They are shown in the hub.", count=self.rejected), "yellow"
            )


NAMES = {Action.CREATE: "created", Action.ADOPT: "adopted", Action.UPDATE: "updated", Action.ASK: "asked"}


def run_once(opened: bootstrap.Opened, tally: Tally, *, hidden: bool) -> None:
    with bars(hidden=hidden) as shown:
        board = Board(shown, opened)
        for connection, progress in one_pass(opened.sources, opened.clinic):
            tally.add(progress)
            board.advance(connection, progress)


class Board:
    """The bars of one run: the CRM's reading, then patients and visits of every connection."""

    def __init__(self, shown: Bars, opened: bootstrap.Opened) -> None:
        self.shown = shown
        self.began = time.monotonic()
        self.tasks: dict[str, TaskID] = {}
        store = opened.clinic.store
        self.counts = {source.connection: source.count(store.cursor(source.connection)) for source in opened.sources}

    def advance(self, connection: str, progress: Progress) -> None:
        if progress.mirrored:
            self.bar("amoCRM", None, progress.mirrored)
        if progress.page:
            counts = self.counts[connection]
            for title, total, came in (
                (PATIENTS, counts.patients, len(progress.page.patients)),
                (VISITS, counts.visits, len(progress.page.visits)),
            ):
                self.bar(f"{connection}: {title.read(reader_language())}", total, came)

    def bar(self, title: str, total: int | None, by: int) -> None:
        if not by:
            return
        task = self.tasks.get(title)
        if task is None:
            task = self.tasks[title] = self.shown.add_task(title, total=total, rate="")
        self.shown.advance(task, by)
        done = self.shown.tasks[self.shown.task_ids.index(task)]
        rate = done.completed / max(0.1, time.monotonic() - self.began)
        self.shown.update(task, rate=f"{rate:,.0f}/с".replace(",", " "), total=max(done.total or 0, done.completed))


PATIENTS = text("patients")
VISITS = text("visits")


def follow_clinic(opened: bootstrap.Opened, interval: float, *, as_json: bool) -> None:
    """One line per change; Ctrl-C or SIGTERM ends it after the request under way."""
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    for line in lines(opened, interval, stop):
        if as_json:
            print_json(line)
        else:
            out.print(f"{line['at']}  {line['what']}", markup=False)


def lines(opened: bootstrap.Opened, interval: float, stop: threading.Event) -> Iterator[dict[str, object]]:
    follower = Follower(opened.sources, opened.clinic, stop, interval, bootstrap.nightly_of(opened))
    for connection, news in follower.news():
        if isinstance(news, Trouble):
            if news.error:
                show_problem(news.error)
            else:
                say(text("{connection}: all is well again.", connection=connection), "green")
            continue
        for step, outcome in news.carried:
            if counts_as(step) is not Action.LEAVE:
                yield {
                    "at": time.strftime("%H:%M:%S"),
                    "what": what(step),
                    "state": outcome.state.value,
                    "id": outcome.id,
                }


def what(step: Step) -> str:
    """«создан контакт: пациент 4821»; no names: a terminal's output ends in logs."""
    is_patient = isinstance(step.key, PatientKey)
    return Text(DID[step.action, is_patient].template, {"id": step.key.id}).read(reader_language())


DID = {
    (Action.CREATE, True): text("contact made: patient {id}"),
    (Action.ADOPT, True): text("contact found: patient {id}"),
    (Action.UPDATE, True): text("contact changed: patient {id}"),
    (Action.ASK, True): text("a question: patient {id}"),
    (Action.CREATE, False): text("lead made: visit {id}"),
    (Action.ADOPT, False): text("lead found: visit {id}"),
    (Action.UPDATE, False): text("lead changed: visit {id}"),
    (Action.ASK, False): text("a question: visit {id}"),
}
