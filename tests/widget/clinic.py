"""A whole clinic, one branch with ArchiMed+ and one with IDENT: the outside systems, the hub, and the widget installed
in amoCRM."""

# ruff: noqa: S608 - the SQL of a test is put together of its own values

import base64
import json
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx2

from priem.sandbox.amocrm.background import Running, running
from priem.sandbox.amocrm.settings import Settings as CrmSettings
from priem.sandbox.archimed.sandbox import ArchimedSandbox
from priem.sandbox.archimed.settings import Settings as MisSettings
from priem.sandbox.ident.sandbox import IdentSandbox
from priem.sandbox.ident.sandbox import Settings as IdentSettings
from priem.sandbox.ident.seed import Wishes
from tests.warm import new_home, priem
from tests.widget.hands import Hands, environment

PATIENCE = 60
ADMIN, RECEPTION, CALLS = 10_091_426, 10_091_430, 10_091_434
"""Users of the sandbox's account: an administrator, one of the branch with IDENT, one who may not book."""
IDENT_KEY = "Klyuch7Klyuch7Klyuch7Klyuch7Klyu"

FILE = """
[clinic]
slug = "mira"
name = "Клиника на Мира"

[amocrm]
url = "{url}"
client_id = "{client_id}"
client_secret = "{client_secret}"
redirect_uri = "{redirect_uri}"
code = "{code}"
sandbox = true

[[connections]]
key = "mira"
kind = "archimed"
api_id = "{api_id}"
api_secret = "{api_secret}"
base_url = "{mis}"
time_zone = "Europe/Moscow"
branch_name = "Мира, 1"
requests_per_second = 100.0

[[connections]]
key = "lenina"
kind = "ident"
server = "127.0.0.1"
port = {ident_port}
database = "PZ"
login = "readonly_user"
password = "{ident_password}"
time_zone = "Europe/Moscow"

[services.lenina]
time_zone = "Europe/Moscow"
key = "{ident_key}"

[status_sync]
mode = "always"
rules = [
  {{ status = "booked", pipeline = "Записи", stage = "Записан" }},
  {{ status = "confirmed", pipeline = "Записи", stage = "Подтверждён" }},
  {{ status = "cancelled", pipeline = "Записи", stage = "Закрыто и не реализовано" }},
]

[[fields]]
value = "visit.doctor"

[[fields]]
value = "visit.starts_at"

[leads.task]
text = "Записан: {{date}} {{time}}"

[booking]
default_branch = "mira"
users = [
  {{ user = {calls}, books = false }},
  {{ user = {admin}, branches = ["mira"] }},
  {{ user = {reception}, branches = ["lenina"] }},
]
hidden_in = [{{ pipeline = "Повторные", stage = "Пора пригласить" }}]
journal_in = ["Записи"]
done_by = ["Прием: хирург = Хирург", "Анализы, раздел 1 = Хирург, Терапевт"]

[duplicates]
waiting = [{{ pipeline = "Записи", stage = "Новая заявка" }}]
"""


@dataclass
class Clinic:
    home: Path
    mis: ArchimedSandbox
    ident: IdentSandbox
    crm: Running
    hub: str
    hands: Hands
    archive: bytes = field(repr=False)
    """`widget.zip`"""

    def sync(self) -> None:
        self.hands.do("sync", slug="mira")

    def ident_asks(self) -> int:
        """IDENT's program, as it does every few minutes."""
        new: int = self.hands.do("ident_asks", hub=self.hub, key=IDENT_KEY, **staff(self.ident))
        return new

    def reception(self, *sql: str) -> list[list[str]]:
        """In the branch with IDENT."""
        answer: list[list[str]] = self.hands.do("reception", sql=sql, **staff(self.ident))
        return answer

    def book_in_ident(self, surname: str, phone: str, chosen: Mapping[str, str]) -> None:
        """The reception makes a card and a visit, as it was asked for."""
        [[person]] = self.reception("SELECT MAX(ID) + 1 FROM Persons")
        hour, minute = divmod(int(chosen["from"]), 60)
        day = chosen["day"].replace("-", "")
        times = f"'{day} {hour:02}:{minute:02}:00', '{day} {hour + 1:02}:{minute:02}:00'"
        named = f"{person}, N'{surname}', N'Вера', N'{phone}'"
        self.reception(
            f"INSERT INTO Persons (ID, Surname, Name, MobilePhone) VALUES ({named})",
            f"INSERT INTO Patients (ID_Persons, DateTimeChanged) VALUES ({person}, GETDATE())",
            "INSERT INTO Receptions (ID_Patients, ID_Staffs, PlanStart, PlanEnd, ID_Armchairs, ReceptionAdded) "
            f"VALUES ({person}, {chosen['doctor']}, {times}, 1, GETDATE())",
        )

    def act(self, act: str, **what: Any) -> Any:
        return post(f"{self.crm.url}/_sandbox/act", {"act": act, **what})

    def request(self, name: str, phone: str, **more: Any) -> int:
        """A lead from the site, with its contact."""
        contact = self.act("contact", name=name, phone=phone, first_name=name, last_name="")["contact_id"]
        lead: int = self.act("lead", name="Заявка с сайта", contact_id=contact, **more)["lead_id"]
        return lead

    def booked(self, name: str, phone: str, number: int) -> int:
        """A lead whose visit somebody has booked in the widget; `number` says which of the coming days' free times."""
        lead = self.request(name, phone)
        session = self.session(lead)

        def ask(question: str, **query: str) -> Any:
            return self.ask(question, session, **query)

        [place] = ask("window")["places"]
        first = date.fromisoformat(place["today"]) + timedelta(days=1)
        shifts = ask("schedule", place=place["key"], first=f"{first}", last=f"{first + timedelta(days=6)}")
        in_order = sorted(shifts, key=lambda shift: shift["day"])
        free = [(shift, slot) for shift in in_order for slot in shift["slots"] if slot[2]]
        shift, (starts, ends, _) = free[number]
        last_name, first_name, middle_name = name.split()
        time = {"doctor": shift["doctor"], "starts": moment(shift, starts), "ends": moment(shift, ends)}
        person = {"last_name": last_name, "first_name": first_name, "middle_name": middle_name, "phone": phone}
        body = {"ref": f"booked-{lead}", "place": place["key"], "time": time, "person": person}
        assert post(f"{self.hub}/widget/api/book", body, session)["done"]
        return lead

    def session(self, lead: int, user: int = ADMIN) -> dict[str, str]:
        entered = post(f"{self.hub}/widget/enter", {"lead": lead}, {"X-Auth-Token": self.token(user)})
        return {"Authorization": f"Bearer {entered['session']}"}

    def ask(self, question: str, session: Mapping[str, str], **query: str) -> Any:
        return httpx2.get(f"{self.hub}/widget/api/{question}", params=query, headers=session, timeout=30).json()

    def panel(self, lead: int) -> Any:
        return self.ask("panel", self.session(lead))

    def trigger(self, pipeline: int, stage: int, action: str) -> None:
        """As somebody sets it in the digital pipeline."""
        where = {"pipeline_id": pipeline, "status_id": stage}
        post(f"{self.crm.url}/_sandbox/triggers", {**where, "settings": {"action": action}})

    def card(self, lead: int) -> Any:
        return httpx2.get(f"{self.crm.url}/_sandbox/card?kind=leads&id={lead}", timeout=30).json()

    def leads(self) -> int:
        return len(self.crm_state("leads"))

    def talons(self) -> list[dict[str, Any]]:
        [found] = self.mis.state("talons")["talons"].values()
        return list(found)

    def talon_of(self, lead: int) -> dict[str, Any]:
        """The visit that the lead's key names, as ArchiMed+ keeps it."""
        keys = [field["values"][0] for field in self.card(lead)["fields"] if "mira:" in str(field["values"][0])]
        id_ = str(keys[0]).partition(":")[2]
        return next(talon for talon in self.talons() if str(talon["id"]) == id_)

    def crm_state(self, only: str) -> Any:
        return httpx2.get(f"{self.crm.url}/_sandbox/state?only={only}", timeout=30).json()[only]

    def triggers_told(self) -> list[dict[str, Any]]:
        """What the digital pipeline has posted."""
        told: list[dict[str, Any]] = httpx2.get(f"{self.crm.url}/_sandbox/triggers", timeout=30).json()["told"]
        return told

    def token(self, user: int = ADMIN, **more: Any) -> str:
        token: str = post(f"{self.crm.url}/_sandbox/disposable-token", {"user_id": user, **more})["token"]
        return token


def moment(shift: Mapping[str, Any], minutes: int) -> str:
    return f"{shift['day']}T{minutes // 60:02}:{minutes % 60:02}"


def post(url: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Any:
    answer = httpx2.post(url, json=body, headers=headers, timeout=30)
    answer.raise_for_status()
    return answer.json()


def staff(ident: IdentSandbox) -> dict[str, Any]:
    return {"port": ident.server.port, "password": ident.settings.passwords["clinic"]}


@contextmanager
def served(home: Path) -> Iterator[str]:
    """The hub in a process of its own."""
    child = priem(
        *("serve", "--port", "0", "--json", "--until-stdin-closes"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(home),
    )
    assert child.stdin
    assert child.stdout
    try:
        yield str(json.loads(child.stdout.readline())["url"])
    finally:
        child.stdin.close()
        child.wait(PATIENCE)
        child.stdout.close()


@contextmanager
def clinic(home: Path, *, doctors: int = 32, **more: Any) -> Iterator[Clinic]:
    with ExitStack() as stack:
        hands = Hands(new_home(home))
        stack.callback(hands.close)
        mis = stack.enter_context(
            ArchimedSandbox(MisSettings(patients=20, visits=10, history=2, doctors=doctors, **more))
        )
        crm = stack.enter_context(running(CrmSettings(rate_limit=0, account_rate_limit=0)))
        ident = IdentSandbox(IdentSettings(wishes=Wishes(patients=4, visits=1, history=1)))
        ident.start()
        stack.callback(ident.stop)
        (home / "clinic.toml").write_text(FILE.format_map(words(mis, crm, ident)), encoding="utf-8")
        hands.do("configure", file=str(home / "clinic.toml"))
        hub = stack.enter_context(served(home))
        archive = hands.do("pack", hub=hub, slug="mira")
        install(crm, archive)
        yield Clinic(home, mis, ident, crm, hub, hands, base64.b64decode(archive))


def words(mis: ArchimedSandbox, crm: Running, ident: IdentSandbox) -> dict[str, Any]:
    api_id, secret = mis.accounts[0]
    users = {"calls": CALLS, "admin": ADMIN, "reception": RECEPTION}
    return {
        **crm.about,
        **users,
        "api_id": api_id,
        "api_secret": secret,
        "mis": mis.url,
        "ident_port": ident.server.port,
        "ident_password": ident.settings.passwords["readonly_user"],
        "ident_key": IDENT_KEY,
    }


def install(crm: Running, archive: str) -> None:
    post(f"{crm.url}/_sandbox/widget", {"zip": archive})


def until(condition: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, "it does not come true"
        time.sleep(0.05)
    return found
