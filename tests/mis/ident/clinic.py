"""A clinic with IDENT, played by the sandbox in a process of its own, and its staff, who write by SQL as IDENT does."""

# ruff: noqa: S608 - the SQL of a test is put together of its own values

import json
import subprocess
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pymssql

from priem.mis.ident import Config, Ident
from priem.mis.ident.cursor import Cursor
from priem.mis.ident.passes import GIVEN_AT_ONCE
from priem.ports import Exchange
from tests.warm import Python


class Watch:
    """A clock that goes as the world's, and faster where a test wants it to."""

    def __init__(self, *, step: timedelta = timedelta()) -> None:
        self._ahead = timedelta()
        self._step = step
        """How far it jumps each time that somebody looks at it."""

    def now(self) -> datetime:
        self._ahead += self._step
        return datetime.now(UTC) + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)

    def wait(self, seconds: float) -> None:
        raise AssertionError(f"a source must not wait {seconds} s: the engine says when to try again")


class Journal:
    """What the source says about its exchanges."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    def note(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)


class Sandbox:
    def __init__(self, *options: str, patients: int = 300, visits: int = 100) -> None:
        command = [
            "-m",
            "priem.sandbox.ident",
            "--until-stdin-closes",
            "--seed",
            "7",
            "--history",
            "10",
        ]
        command += [
            "--port",
            "0",
            "--control-port",
            "0",
            "--patients",
            str(patients),
            "--visits",
            str(visits),
            *options,
        ]
        # It ends with us whatever becomes of us: its stdin is ours.
        self._process = Python(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.facts: dict[str, Any] = json.loads(self._process.stdout.readline())

    def stop(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait(60)

    def config(self, **changed: Any) -> Config:
        usual: dict[str, Any] = {
            "connection": "pz",
            "server": self.facts["host"],
            "port": self.facts["port"],
            "password": self.facts["logins"]["readonly_user"],
            "time_zone": self.facts["time_zone"],
            "page_size": 100,
            "query_timeout": 5,
            "login_timeout": 5,
            "polling_share": 100,  # a test has no time to rest
        }
        return Config(**usual | changed)

    def control(self, path: str, body: object = None, method: str = "") -> Any:
        request = urllib.request.Request(  # noqa: S310 - our own sandbox on this machine
            f"{self.facts['control']}/_sandbox/{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method or ("GET" if body is None else "POST"),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own sandbox on this machine
            return json.loads(answer.read())


class IdentClinic:
    """One clinic as tests see it: its source, and what its staff do."""

    def __init__(self, sandbox: Sandbox, **settings: Any) -> None:
        self.sandbox = sandbox
        self.journal = Journal()
        self._settings = settings
        self._opened: list[Ident] = []
        [newest] = self.ask("SELECT GETDATE()")
        self.now: datetime = newest[0]
        statements = sandbox.control("statements")
        self._first_statement = statements[-1]["n"] if statements else 0

    # What Priem does

    def open(self, **settings: Any) -> Ident:
        return self.open_by(Watch(), **settings)

    def open_by(self, watch: Watch, *, given_at_once: int = GIVEN_AT_ONCE, **settings: Any) -> Ident:
        config = self.sandbox.config(**self._settings | settings)
        source = Ident(config, self.journal, watch, given_at_once=given_at_once)
        self._opened.append(source)
        return source

    def place(self, cursor: str) -> tuple[Any, ...]:
        return Cursor.parse(cursor).place

    def writes(self) -> Sequence[str]:
        sent = self.sandbox.control(f"statements?after={self._first_statement}")
        own = [each for each in sent if each["login"] == "readonly_user"]
        assert own, "the source asked nothing at all"
        return [each["text"] for each in own if each["kind"] not in ("SELECT", "SET", "USE")]

    def asked_for(self, words: str) -> Sequence[str]:
        """What Priem asked with these words in it."""
        sent = self.sandbox.control(f"statements?after={self._first_statement}")
        return [each["text"] for each in sent if each["login"] == "readonly_user" and words in each["text"]]

    def close(self) -> None:
        for source in self._opened:
            source.close()

    # What the staff do

    def connect(self) -> pymssql.Connection:
        facts = self.sandbox.facts
        return pymssql.connect(
            server=facts["host"],
            port=str(facts["port"]),
            user="clinic",
            password=facts["logins"]["clinic"],
            database="PZ",
            autocommit=True,
            timeout=10,
        )

    def do(self, *statements: str) -> None:
        with closing(self.connect()) as connection:
            for statement in statements:
                connection.cursor().execute(statement)

    def ask(self, sql: str) -> list[Any]:
        with closing(self.connect()) as connection:
            cursor = connection.cursor()
            cursor.execute(sql)
            return list(cursor.fetchall())

    def newest(self, table: str, column: str = "ID") -> int:
        [(highest,)] = self.ask(f"SELECT MAX({column}) FROM {table}")
        return int(highest)

    def register(self, surname: str, mobile: str = "", **card: str) -> str:
        id_ = self.newest("Persons") + 1
        columns = "".join(f", {name}" for name in card)
        values = "".join(f", {value}" for value in card.values())
        self.do(
            f"INSERT INTO Persons (ID, Surname, Name, MobilePhone) VALUES ({id_}, N'{surname}', N'Вера', N'{mobile}')",
            f"INSERT INTO Patients (ID_Persons, DateTimeChanged{columns}) VALUES ({id_}, GETDATE(){values})",
        )
        return str(id_)

    def rename(self, patient: str, surname: str) -> None:
        self.do(
            f"UPDATE Persons SET Surname = N'{surname}' WHERE ID = {patient}",
            f"UPDATE Patients SET DateTimeChanged = GETDATE() WHERE ID_Persons = {patient}",
        )

    def book(self, patient: str | None, *, days: float = 3, **fields: object) -> str:
        starts = (self.now + timedelta(days=days)).replace(minute=0, second=0, microsecond=0)
        written: dict[str, object] = {
            "ID_Patients": patient or "NULL",
            "PlanStart": f"'{starts:%Y%m%d %H:%M:%S}'",
            "PlanEnd": f"'{starts + timedelta(minutes=30):%Y%m%d %H:%M:%S}'",
            "ID_Armchairs": 1,
            "ReceptionAdded": "GETDATE()",
            **fields,
        }
        columns, values = ", ".join(written), ", ".join(str(value) for value in written.values())
        self.do(f"INSERT INTO Receptions ({columns}) VALUES ({values})")
        return str(self.newest("Receptions"))

    def book_nobody(self) -> str:
        return self.book(None)

    def confirm(self, visit: str) -> None:
        self.mark(visit, IsNotified="1")

    def mark(self, visit: str, **fields: object) -> None:
        changed = ", ".join(f"{name} = {value}" for name, value in fields.items())
        self.do(f"UPDATE Receptions SET {changed}, DateTimeChanged = GETDATE() WHERE ID = {visit}")

    def bill(self, visit: str | None, patient: str, *prices: Decimal | int, company: int = 1) -> str:
        """An order with a line for each price."""
        self.do(
            "INSERT INTO Orders (DateTimeOrder, ID_OwnCompanies, ID_Receptions, ID_Patients, DateTimeChanged)"
            f" VALUES (GETDATE(), {company}, {visit or 'NULL'}, {patient}, GETDATE())"
        )
        order = str(self.newest("Orders"))
        for price in prices:
            item = self.newest("ServiceItems") + 1
            self.do(
                f"INSERT INTO ServiceItems (ID, Name) VALUES ({item}, N'Услуга {item}')",
                "INSERT INTO ServiceItemPrices (ID, ID_ServiceItems, Price, DateTimeFrom)"
                f" VALUES ({self.newest('ServiceItemPrices') + 1}, {item}, {price}, GETDATE())",
                "INSERT INTO OrderServiceRelation (ID_Orders, ID_ServicePrices, CountService)"
                f" VALUES ({order}, {self.newest('ServiceItemPrices') + 1}, 1)",
            )
        return order


Opener = Callable[..., IdentClinic]
