"""The hub as a process, IDENT's database and its program: an application goes out, the timetable comes in."""

import gzip
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hub.ident_program import interval, timetable
from tests.mis.ident.clinic import IdentClinic, Sandbox
from tests.postgres import hub_environment
from tests.warm import Python, ran

pytestmark = pytest.mark.slow
SERVER = """
import os, threading
from priem.hub.server import HubServer
server = HubServer("127.0.0.1", 0)
threading.Thread(target=lambda: (os.read(0, 1), server.stop()), daemon=True).start()
print(server.port, flush=True)
server.run()
"""
BEGINNING = """
import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo
from priem.hub.start import setup
setup()
from priem.hub.clinics import ClinicData, save_clinic
from priem.hub.ident import services, tickets, timetables
from priem.mis.ident.applications import Application
from priem.mis.ident.exchange.ticket import FromLead, Wish, ticket_for_lead
from priem.model import Contact, Lead, PhoneEntry
CLINIC = save_clinic(ClinicData(slug="smile", name="Улыбка"))
MOSCOW = ZoneInfo("Europe/Moscow")

def say(thing):
    print(json.dumps(thing), flush=True)
"""
HAND_OVER = """
lead = Lead(id={lead}, name="Заявка", pipeline=1, stage=2)
contact = Contact(id=1, name="Ершова Анна", phones=(PhoneEntry("8 921 333-44-55"),))
start = datetime(2026, 5, 14, 10, tzinfo=MOSCOW)
wish = Wish(start=start, end=start + timedelta(hours=1), doctor_id=2002)
ticket = ticket_for_lead(FromLead(lead=lead, contact=contact, wish=wish), at=datetime.now(UTC), zone=MOSCOW)
say(tickets.hand_over(CLINIC, CONNECTION, ticket, MOSCOW, lead={lead}).is_new)
"""
FREE = """
wanted = timetables.Wanted(since=date(2020, 1, 1), until=date(2200, 1, 1), minutes=15)
slots = timetables.free_slots(CLINIC, CONNECTION, wanted, now=datetime(2020, 1, 1, tzinfo=UTC))
say([len(slots), len({slot.doctor for slot in slots}), all(slot.doctor_name for slot in slots)])
"""


OPENED = """
made = [services.open_service(CLINIC, f"pz{{number}}", "Europe/Moscow") for number in range({count})]
say([[data.path, data.key] for data in made])
"""


class Server:
    """The hub's process: starting one takes longer than most of what is asked of it here."""

    def __init__(self, home: Path, services: int = 1) -> None:
        self.environment = {**hub_environment(home), "DJANGO_SETTINGS_MODULE": "priem.hub.settings"}
        self.services = iter(self.run(OPENED.format(count=services)))
        """Path and key of each: one for each test."""
        pipe = subprocess.PIPE
        command = [sys.executable, "-c", SERVER]
        self.process = subprocess.Popen(command, env=self.environment, stdin=pipe, stdout=pipe, text=True)
        assert self.process.stdout
        self.port = int(self.process.stdout.readline())

    def run(self, code: str) -> Any:
        """What Priem's own code says, in a process of its own."""
        command = ["-c", BEGINNING + code]
        return json.loads(ran(command, env=self.environment, check=True).stdout)

    def stop(self) -> None:
        self.process.communicate("x")


class Hub:
    """One service of it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.path, self.key = next(server.services)
        self.url = f"http://127.0.0.1:{server.port}{self.path}"
        until(self.answers)

    def run(self, code: str) -> Any:
        connection = self.path.rpartition("/")[2]
        return self._server.run(f"CONNECTION = {connection!r}\n{code}")

    def answers(self) -> bool:
        try:
            return self.post(b"", method="GetTickets")[0] == 405
        except OSError:
            return False

    def post(self, body: bytes, method: str = "PostTimeTable", **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=60)
        known = {"IDENT-Integration-Key": self.key, **{name.replace("_", "-"): v for name, v in headers.items()}}
        connection.request("POST", f"{self.path}/{method}", body, known, encode_chunked="Transfer_Encoding" in headers)
        answer = connection.getresponse()
        found = answer.status, answer.read()
        connection.close()
        return found

    def megabytes(self, what: str) -> float:
        """Of the process that answers: `VmRSS` now, `VmHWM` at the most."""
        children = Path(f"/proc/{self._pid}/task/{self._pid}/children").read_text().split()
        status = [Path(f"/proc/{child}/status").read_text() for child in children]
        sizes = [int(line.split()[1]) for text in status for line in text.splitlines() if line.startswith(what)]
        return max(sizes) / 1024

    def seconds(self) -> float:
        """Of the processor's time, which neighbours on the machine do not lengthen."""
        children = Path(f"/proc/{self._pid}/task/{self._pid}/children").read_text().split()
        spent = [Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[11:13] for child in children]
        return sum(int(ticks) for pair in spent for ticks in pair) / os.sysconf("SC_CLK_TCK")

    @property
    def _pid(self) -> int:
        return self._server.process.pid


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("hub"), services=20)
    yield server
    server.stop()


@pytest.fixture
def hub(server: Server) -> Hub:
    return Hub(server)


@pytest.fixture
def fresh_hub(home: Path) -> Iterator[Hub]:
    """In a process that has done nothing yet: how much memory it takes is told once."""
    server = Server(home)
    yield Hub(server)
    server.stop()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def clinic_with_ident(sandbox: Sandbox) -> Iterator[IdentClinic]:
    clinic = IdentClinic(sandbox)
    clinic.do("DELETE FROM OnlineTickets")
    yield clinic
    clinic.close()


def client(hub: Hub, clinic: IdentClinic, *options: str) -> list[dict[str, Any]]:
    """IDENT's program does everything once; what it says of each exchange."""
    command = ["-m", "priem.sandbox.ident_client", f"--url={hub.url}", f"--key={hub.key}", "--once"]
    command += ["--port", str(clinic.sandbox.facts["port"]), *options]
    done = ran(command, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_an_application_goes_out_once_and_lands_in_ident(hub: Hub, clinic_with_ident: IdentClinic) -> None:
    assert hub.run(HAND_OVER.format(lead=4711)) is True
    assert hub.run(HAND_OVER.format(lead=4711)) is False

    first, second = (client(hub, clinic_with_ident), client(hub, clinic_with_ident, "--serialization", "xml"))

    assert [(said["method"], said["status"], said["new"]) for said in first[:2]] == [
        ("GetTickets", 200, 1),
        ("GetFinishedCalls", 200, 0),
    ]
    assert (second[0]["rows"], second[0]["new"]) == (1, 0)
    [row] = clinic_with_ident.ask(
        "SELECT SourceProviderUid, PatientFullName, PhoneOutInt, PlanStart, PlanEnd, ID_Staffs FROM OnlineTickets"
    )
    assert (row[0], row[1], row[2], row[5]) == ("amo-4711", "Ершова Анна", 79213334455, 2002)
    assert f"{row[3]:%d.%m %H:%M}–{row[4]:%H:%M}" == "14.05 10:00–11:00"


def test_priem_sees_in_idents_database_that_an_application_has_arrived(
    hub: Hub, clinic_with_ident: IdentClinic
) -> None:
    for lead in (1, 2):
        hub.run(HAND_OVER.format(lead=lead))
    client(hub, clinic_with_ident)
    clinic_with_ident.do("UPDATE OnlineTickets SET IsTrash = 1 WHERE SourceProviderUid = N'amo-2'")

    found = clinic_with_ident.open().applications(["amo-1", "amo-2", "amo-3"])

    assert {(each.ticket, each.discarded) for each in found} == {("amo-1", False), ("amo-2", True)}
    assert clinic_with_ident.writes() == []


def test_pages_of_applications_are_all_picked_up(hub: Hub, clinic_with_ident: IdentClinic) -> None:
    hub.run("\n".join(HAND_OVER.format(lead=lead).replace("say(", "(") for lead in range(6)) + "\nsay(0)")

    said = client(hub, clinic_with_ident, "--limit", "3")

    assert (said[0]["rows"], said[0]["new"]) == (6, 6)


def test_the_timetable_comes_in_and_a_booked_hour_is_not_offered_any_more(
    hub: Hub, clinic_with_ident: IdentClinic
) -> None:
    said = client(hub, clinic_with_ident)
    free, doctors, named = hub.run(FREE)
    clinic_with_ident.do(
        "UPDATE CurrentTimeTable SET ID_Receptions = 1 WHERE ID IN (SELECT TOP (4) ID FROM CurrentTimeTable"
        " WHERE ID_Receptions IS NULL AND DateOfWork > GETDATE() ORDER BY DateOfWork, ID_Armchairs, ID_Times)"
    )
    in_xml = client(hub, clinic_with_ident, "--serialization", "xml")

    assert said[3]["method"] == "PostTimeTable"
    assert said[3]["rows"] > 5000
    [(working,)] = clinic_with_ident.ask(
        "SELECT COUNT(DISTINCT ID_Staffs) FROM CurrentTimeTable WHERE DateOfWork > GETDATE()"
    )
    assert (doctors, named) == (working, True)
    assert hub.run(FREE)[0] == free - 4
    assert in_xml[3]["status"] == 200


def test_a_program_with_a_wrong_key_says_what_the_hub_has_said(hub: Hub, clinic_with_ident: IdentClinic) -> None:
    hub.key = "guess"
    with pytest.raises(subprocess.CalledProcessError) as failed:
        client(hub, clinic_with_ident)

    said = [json.loads(line) for line in failed.value.stdout.splitlines()]
    assert {(each["status"], each["error"]) for each in said} == {(403, "Ключ не подходит к этому адресу.")}


def test_the_program_asks_again_and_again(hub: Hub, clinic_with_ident: IdentClinic) -> None:
    command = ["-m", "priem.sandbox.ident_client", f"--url={hub.url}", f"--key={hub.key}"]
    command += ["--port", str(clinic_with_ident.sandbox.facts["port"]), "--speed", "600", "--until-stdin-closes"]
    pipe = subprocess.PIPE
    with Python(command, stdin=pipe, stdout=pipe, text=True) as program:
        assert program.stdout
        assert program.stdin
        asked = [json.loads(program.stdout.readline())["method"] for _ in range(30)]
        program.stdin.close()
    assert asked.count("GetTickets") > 1
    assert asked.count("GetFinishedCalls") == 1
    assert asked.count("GetOngoingCalls") > asked.count("GetTickets")


# --- sizes ----------------------------------------------------------------------------------------


def large(megabytes: int) -> bytes:
    """Of forty doctors, as many days as it takes; 160 bytes an interval, as in a real post."""
    whole = [interval(doctor, 15 * n, day) for day in range(5 * megabytes) for doctor in range(40) for n in range(36)]
    body = json.dumps(timetable(whole), indent=2).encode()
    assert len(body) > megabytes << 20
    return body


def test_20_megabytes_are_taken_within_two_seconds_and_150_megabytes(fresh_hub: Hub) -> None:
    hub, body = fresh_hub, large(20)
    before, worked = hub.megabytes("VmRSS"), hub.seconds()
    began = time.monotonic()
    status, said = hub.post(body)
    waited, worked = time.monotonic() - began, hub.seconds() - worked
    most = hub.megabytes("VmHWM")

    sys.stdout.write(
        f"{len(body) / 2**20:.1f} MB, {json.loads(said)}: {waited:.2f} s, {worked:.2f} s of work, "
        f"{before:.0f} → {most:.0f} MB\n"
    )
    assert status == 200
    assert json.loads(said)["unreadable"] == 0
    assert worked < 2
    assert most < 150


def test_a_packed_and_a_chunked_body_are_taken(hub: Hub) -> None:
    body = json.dumps(timetable([interval(1, 0)])).encode()

    packed = hub.post(gzip.compress(body), Content_Encoding="gzip")
    chunked = hub.post(body, Transfer_Encoding="chunked")

    assert packed == chunked == (200, b'{"intervals": 1, "unreadable": 0}')
