"""A real agent beside a real database, a hub that is killed and started again, and a line that somebody cuts."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.mis.ident.clinic import IdentClinic, Sandbox
from tests.postgres import hub_environment
from tests.warm import Python, new_home, priem

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(1200)]
HUB = """
import json, sys
from priem.hub.start import setup
setup()
from priem.hub.agents import feeds
from priem.hub.agents.choosing import AGENT, THROUGH
from priem.hub.agents.enrolling import make_code
from priem.hub.models import Clinic, Connection
from priem.relay.parcels import load_in

def named(one):
    return f"{type(one).__name__} {one.key}"

for line in sys.stdin:
    asked = json.loads(line)
    if asked == "connect":
        clinic = Clinic.objects.create(slug="far", name="Дальняя", base_url="https://far.amocrm.ru")
        config = {THROUGH: AGENT, "time_zone": "Europe/Moscow", "page_size": 10, "look_every": 0.2}
        Connection.objects.create(clinic=clinic, key="pz", kind="ident", config=config)
        feeds.begin(clinic.pk, "pz")
        told = make_code(clinic.pk, "pz")
    else:
        kept = feeds.parcels(clinic.pk, "pz").order_by("sequence")
        loads = [(row.sequence, row.is_first, load_in(bytes(row.body)).page) for row in kept]
        # News of a long reading are read again by it, as they should.
        first = [page for _, is_first, page in loads if is_first and not page.is_news]
        told = {
            "numbers": [number for number, _, _ in loads],
            "first": [named(one) for page in first for one in (*page.patients, *page.visits)],
            "all": sorted({named(one) for _, _, page in loads for one in (*page.patients, *page.visits)}),
            "is_first": feeds.feed_of(clinic.pk, "pz").is_first,
        }
    print(json.dumps(told), flush=True)
"""
AGENT = (sys.executable, "-m", "priem.agent")
HASTY = """
import sys, httpx2
from priem.agent import line
line.TIMEOUT = httpx2.Timeout(1.5)  # in earnest it waits for half a minute until it gives a silent line up
from priem.agent.command import main
sys.exit(main(sys.argv[1:]))
"""
PATIENT_FOR = float(os.environ.get("PRIEM_CUT_SECONDS", "1"))
"""For how long nothing goes through: `make chaos` cuts for ten minutes."""
LONGEST = 60.0 + min(300.0, PATIENT_FOR)
"""With the longest pause between an agent's tries. Patience costs nothing where all goes well."""


class Line:
    """A TCP line between agent and hub, that may be cut in the middle of whatever is on it, or fall silent: then
    neither end is told anything, what is sent is gone, and who dials meanwhile is answered by nobody."""

    def __init__(self, port: int) -> None:
        self.hub = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._silent: list[tuple[socket.socket, ...]] = []
        self._bytes_left: int | None = None
        """Towards the hub, before it falls silent."""
        self.is_silent = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def fall_silent(self, after: int) -> None:
        """Amid the next request: the hub has so many bytes of it, and waits for the rest."""
        self._bytes_left = after

    def speak_again(self) -> None:
        """Lines that are dialled from now on; those that fell silent stay so."""
        self._silent += self._pairs
        self._pairs, self._bytes_left = [], None
        self.is_silent.clear()

    def cut(self) -> None:
        for pair in self._pairs:
            for end in pair:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        self._pairs.clear()

    def close(self) -> None:
        self._listening.close()
        self._pairs += self._silent  # type: ignore[arg-type]  # who dialled into the silence has one end only
        self.is_silent.clear()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._listening.accept()
            except OSError:
                return
            if self.is_silent.is_set():
                self._silent.append((here,))
                continue
            try:
                there = socket.create_connection(("127.0.0.1", self.hub), 2)
            except OSError:
                here.close()
                continue
            pair = (here, there)
            self._pairs.append(pair)
            for one, other in (pair, pair[::-1]):
                threading.Thread(target=self._carry, args=(one, other, pair), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket, pair: tuple[socket.socket, ...]) -> None:
        with suppress(OSError):
            while piece := one.recv(1000):
                if self._bytes_left is not None and one is pair[0]:
                    piece, self._bytes_left = piece[: self._bytes_left], max(0, self._bytes_left - len(piece))
                    if not self._bytes_left:
                        self.is_silent.set()
                if pair not in self._silent and (piece or not self.is_silent.is_set()):
                    other.sendall(piece)
        if pair in self._silent or self.is_silent.is_set():
            return  # nobody hears that the other one has hung up
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Far:
    """The hub, the line, the agent and whoever looks into the hub's database: each a process of its own."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.folder, self.sandbox = folder, sandbox
        (folder / "hub").mkdir()
        self.environment = hub_environment(new_home(folder / "hub"))
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.looker = Python(["-c", HUB], env=self.environment, text=True, **pipes)
        self.code = self.ask("connect")
        with closing(socket.create_server(("127.0.0.1", 0))) as probe:
            port = probe.getsockname()[1]
        self.line = Line(port)
        self.start_hub()
        facts = sandbox.facts
        way = ("--server", str(facts["host"]), "--port", str(facts["port"]), "--login", "readonly_user")
        to = ("--hub", f"http://127.0.0.1:{self.line.port}", "--home", str(folder / "agent"))
        told = {**self.environment, "PRIEM_AGENT_PASSWORD": str(facts["logins"]["readonly_user"])}
        subprocess.run([*AGENT, "enrol", self.code, *to, *way], env=told, check=True, stdout=subprocess.DEVNULL)
        self.start_agent()

    def ask(self, what: str) -> Any:
        assert self.looker.stdin
        assert self.looker.stdout
        self.looker.stdin.write(json.dumps(what) + "\n")
        self.looker.stdin.flush()
        return json.loads(self.looker.stdout.readline())

    def start_hub(self) -> None:
        self.hub = priem(
            *("serve", "--port", str(self.line.hub), "--json"), env=self.environment, stdout=subprocess.PIPE, text=True
        )
        assert self.hub.stdout
        self.hub.stdout.readline()

    def start_agent(self) -> None:
        command = [sys.executable, "-c", HASTY, "run", "--home", str(self.folder / "agent")]
        self.agent = subprocess.Popen(command, env=self.environment)

    def until(self, met: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        deadline = time.monotonic() + LONGEST
        while not met(told := self.ask("look")):
            assert time.monotonic() < deadline, told
            threading.Event().wait(0.1)
        return dict(told)

    def stop(self) -> None:
        for process in (self.agent, self.hub, self.looker):
            put_down(process)
        self.line.close()


def put_down(process: "subprocess.Popen[Any]") -> None:
    process.kill()
    process.wait(10)
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()


@pytest.fixture
def far(tmp_path: Path) -> Iterator[tuple[Far, IdentClinic]]:
    sandbox = Sandbox(patients=200, visits=40)
    clinic = IdentClinic(sandbox)
    far = Far(tmp_path, sandbox)
    yield far, clinic
    far.stop()
    clinic.close()
    sandbox.stop()


def test_kills_and_cuts_lose_and_double_nothing(far: tuple[Far, IdentClinic]) -> None:
    world, clinic = far
    for parcels in (1, 3, 6):
        world.until(lambda told, least=parcels: len(told["numbers"]) >= least)  # type: ignore[misc]  # a default names it
        world.agent.kill()
        world.agent.wait()
        world.line.cut()
        world.start_agent()
    world.line.fall_silent(after=400)  # the hub has the headers of a request and waits for its body
    patient = clinic.register("Обрывова")
    visit = clinic.book(patient)
    assert world.line.is_silent.wait(LONGEST)
    put_down(world.hub)
    world.start_hub()
    threading.Event().wait(PATIENT_FOR)
    world.line.speak_again()

    # Either may come early: they are news, which do not wait for the end of a first reading. And what is registered
    # between two questions comes with the next look.
    both = {f"Patient pz:{patient}", f"Visit pz:{visit}"}
    told = world.until(lambda told: both <= set(told["all"]) and not told["is_first"])

    assert max(Counter(told["first"]).values()) == 1
    assert told["numbers"] == list(range(1, len(told["numbers"]) + 1))
    pages = list(clinic.open().changes(None))
    direct = {f"Patient {one.key}" for page in pages for one in page.patients}
    direct |= {f"Visit {one.key}" for page in pages for one in page.visits}
    assert direct <= set(told["all"])
