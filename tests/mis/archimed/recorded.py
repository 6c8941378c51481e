"""ArchiMed+ as it was recorded: payloads of the shapes that docs/reference/archimed.md §1 shows, over invented people,
from a small server of the tests' own. `v4` is the shape of 2021, `v5` that of 2025 with its texts instead of figures.
"""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt

from priem.mis.archimed import Archimed, Config
from priem.mis.archimed.cursor import Cursor
from priem.ports import Exchange

API_ID, SECRET = "clinic-17", "an invented secret of thirty-two letters"
ZONE = "Asia/Yekaterinburg"
STATUSES = {1: "Запись", 2: "Подтверждён", 3: "Приём прошёл", 4: "Отменён", 5: "Пациент пришёл"}
REASONS = {1: "Отказ пациента", 2: "Не пришёл", 3: "Ошибка регистратора"}
PASSPORT = {
    "doc_name": "Паспорт",
    "doc_series": "6500",
    "doc_number": "123456",
    "registration_address": "ул. Вымышленная, 1",
}


class Watch:
    """A clock that goes as the world's, and faster where a test wants it to."""

    def __init__(self, start: datetime | None = None) -> None:
        self._ahead = start - datetime.now(UTC) if start else timedelta()
        self.waited = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)

    def wait(self, seconds: float) -> None:
        """Nobody has time for it here."""
        self.waited += seconds
        self.advance(seconds)


class Journal:
    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    def note(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)


Query = Mapping[str, str]
Fault = Callable[[str, str], tuple[int, bytes] | None]
"""Method and path → the status and the body to answer with; None: as usual."""


class Recorded:
    """The tables of one branch behind the API, and a log of what was asked."""

    def __init__(self, version: str = "v4") -> None:
        self.version = version
        self.narrows = True
        """Talons by date_from and date_to."""
        self.caps = 25000
        """Rows in a page at most."""
        self.without: set[str] = set()
        """Methods that this installation lacks."""
        self.asked: list[tuple[str, str, list[tuple[str, str]]]] = []
        self.fault: Fault | None = None
        self.watch = Watch()
        self.ahead = timedelta()
        """Of the gateway's clock."""
        self.cards: list[dict[str, Any]] = []
        self.talons: list[dict[str, Any]] = []
        self.doctors = [doctor(version, 8, "Сергеев", "Иван", "Петрович", "Хирург", 20)]
        self.statuses = dict(STATUSES)
        self.reasons = dict(REASONS)
        self.schedules: list[dict[str, Any]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    # What it answers

    def answer(self, path: str, query: Sequence[tuple[str, str]]) -> tuple[int, Any]:
        method, _, id_ = path.partition("/")
        asked = dict(query)
        if method in self.without:
            return 404, {"message": "Method not found"}
        if method == "intervals":
            return 200, {"doctors": self.schedules}
        rows = self._rows(method, asked)
        if rows is None:
            return 404, {"message": "Method not found"}
        fields = {value for name, value in query if name == "fields[]"}
        if id_:
            found = [projected(row, fields) for row in rows if str(row["id"]) == id_]
            return (200, {"data": found[:1]} if self.version == "v4" else found[0]) if found else (404, {})
        return 200, self._page([projected(row, fields) for row in rows], asked)

    def _rows(self, method: str, asked: Query) -> list[dict[str, Any]] | None:
        return {
            "medcards": lambda: self.cards,
            "talons": lambda: self._talons(asked),
            "doctors": lambda: self.doctors,
            "talonstatuses": lambda: entries(self.statuses),
            "talondeletereasons": lambda: entries(self.reasons),
            "services": lambda: [{"id": 3, "name": "Приём хирурга", "base_cost": "1500.00", "group_name": "Приёмы"}],
            "groupservices": list,
            "specializations": lambda: [{"id": 34, "name": "Хирург"}],
            "buildings": lambda: [{"id": "1", "name": "Корпус 1", "address": None}],
        }.get(method, lambda: None)()

    def _talons(self, asked: Query) -> list[dict[str, Any]]:
        rows = [row for row in self.talons if asked.get("withDeleted") == "1" or not row["deleted"]]
        if not self.narrows or "date_from" not in asked:
            return rows
        return [
            row for row in rows if sortable(asked["date_from"]) <= sortable(row["date"]) <= sortable(asked["date_to"])
        ]

    def _page(self, rows: list[dict[str, Any]], asked: Query) -> dict[str, Any]:
        limit, page = min(int(asked.get("limit", 100)), self.caps), int(asked.get("page", 1))
        total: object = len(rows) if self.version == "v4" else str(len(rows))
        return {"data": rows[(page - 1) * limit : page * limit], "total": total, "page": page, "limit": limit}


def handler_for(recorded: Recorded) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            path, query = parts.path.removeprefix(f"/api/{recorded.version}/"), parse_qsl(parts.query)
            recorded.asked.append(("GET", path, query))
            status, body = self._answer(path, query)
            self.send_response_only(status)
            self.send_header("Date", f"{recorded.watch.now() + recorded.ahead:%a, %d %b %Y %H:%M:%S} GMT")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _answer(self, path: str, query: list[tuple[str, str]]) -> tuple[int, bytes]:
            if recorded.fault and (fault := recorded.fault("GET", path)):
                return fault
            if not self._is_let_in():
                return 401, b'{"message": "Unauthorized"}'
            status, body = recorded.answer(path, query)
            return status, json.dumps(body).encode()

        def _is_let_in(self) -> bool:
            token = str(self.headers.get("Authorization", "")).removeprefix("Bearer ")
            try:
                claims = jwt.decode(token, SECRET, ["HS256"], options={"verify_exp": False})
            except jwt.InvalidTokenError:
                return False
            left = claims["exp"] - recorded.watch.now().timestamp()
            return bool(claims["iss"] == API_ID and 0 < left <= 3600)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
            pass

    return Handler


def sortable(day: str) -> str:
    return "-".join(reversed(day.split(".")))


def entries(named: Mapping[int, str]) -> list[dict[str, Any]]:
    return [{"id": id_, "name": name} for id_, name in named.items()]


def projected(row: dict[str, Any], fields: set[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not fields or name in fields}


def doctor(version: str, id_: int, *rest: Any) -> dict[str, Any]:
    surname, name, patronymic, speciality, minutes = rest
    of_2021 = {"last_name": surname, "first_name": name, "middle_name": patronymic, "max_time": minutes}
    of_2025 = {"name": surname, "name1": name, "name2": patronymic, "max_time": str(minutes), "branch": None}
    names = of_2021 if version == "v4" else of_2025
    types = [{"id": "34", "name": speciality}]
    return {"id": id_, **names, "type": speciality, "types": types, "snils": "000-000-000 00", "phone": "+7 900 …"}


class RecordedClinic:
    """One branch as tests see it: its source, and what its staff do."""

    def __init__(self, recorded: Recorded, **settings: Any) -> None:
        self.recorded = recorded
        self.watch = recorded.watch
        self.journal = Journal()
        self._settings = settings
        self._opened: list[Archimed] = []

    # What Priem does

    def config(self, **settings: Any) -> Config:
        usual = {
            "api_id": API_ID,
            "api_secret": SECRET,
            "time_zone": ZONE,
            "base_url": self.recorded.url,
            "version": self.recorded.version,
            "page_size": 3,
            "requests_per_second": 1000.0,
            "poll_seconds": 0.0,
            "night_seconds": 0.0,
        }
        return Config.from_mapping("center", usual | self._settings | settings)

    def open(self, **settings: Any) -> Archimed:
        source = Archimed(self.config(**settings), self.journal, self.watch)
        self._opened.append(source)
        return source

    def place(self, cursor: str) -> tuple[Any, ...]:
        return Cursor.parse(cursor).place

    def writes(self) -> Sequence[str]:
        assert self.recorded.asked, "the source asked nothing at all"
        return [f"{verb} {path}" for verb, path, _ in self.recorded.asked if verb != "GET"]

    def close(self) -> None:
        for source in self._opened:
            source.close()

    # What the staff do

    def now(self) -> datetime:
        return self.watch.now().astimezone(self.config().zone).replace(tzinfo=None)

    def register(self, surname: str, **changed: Any) -> str:
        id_ = len(self.recorded.cards) + 1
        numbers = (
            {"id": id_, "number": f"К-{id_}"} if self.recorded.version == "v4" else {"id": str(id_), "number": id_}
        )
        card = {
            "last_name": surname,
            "first_name": "Вера",
            "middle_name": None,
            "birthdate": "23.12.1967",
            "phone": f"7912345{1000 + id_}",
            "phone1": "222",
            "email": None,
            "gendertype": "0",
            "creationdate": f"{self.now():%d.%m.%Y}",
            "changedate": f"{self.now():%d.%m.%Y %H:%M:%S}",
            **PASSPORT,
        }
        self.recorded.cards.append({**numbers, **card, **changed})
        return str(id_)

    def rename(self, patient: str, surname: str) -> None:
        self.change_card(patient, last_name=surname)

    def change_card(self, patient: str, **changed: Any) -> None:
        stamp = f"{self.now():%d.%m.%Y %H:%M:%S}"
        self._row(self.recorded.cards, patient).update({"changedate": stamp, **changed})

    def book(self, patient: str | None, *, days: float = 3, hour: int = 10, **changed: Any) -> str:
        id_ = len(self.recorded.talons) + 2283
        day = self.now() + timedelta(days=days)
        stamp = f"{self.now():%d.%m.%Y %H:%M:%S}"
        talon = {
            "id": id_,
            "patient_id": patient and (int(patient) if self.recorded.version == "v4" else patient),
            "number": "1576",
            "patient_name": "Вымышленная Вера",
            "patient_phone": "+79123450000",
            "sms_send": True,
            "email_send": 0,
            "info": "примечание",
            "begintime": f"{hour:02}:00:00",
            "endtime": f"{hour:02}:30:00",
            "date": f"{day:%d.%m.%Y}",
            "datetime": f"{day:%d.%m.%Y} {hour:02}:00:00",
            "room": "Кабинет № 2",
            "status_id": 1 if self.recorded.version == "v4" else "1",
            "status": "Запись",
            "creation_datetime": stamp,
            "update_datetime": stamp,
            "com_status_id": 0,
            "com_status": "",
            "delete_reason_id": 0,
            "delete_reason": "",
            "deleted": False if self.recorded.version == "v4" else 0,
            "docs": [{"id": 8, "name": "Сергеев Иван Петрович", "type": "Хирург"}],
            "assistants": [],
        }
        self.recorded.talons.append({**talon, **changed})
        return str(id_)

    def book_nobody(self) -> str:
        return self.book(None)

    def confirm(self, visit: str) -> None:
        self.change(visit, status_id=2, status="Подтверждён")

    def change(self, visit: str, **changed: Any) -> None:
        stamp = f"{self.now():%d.%m.%Y %H:%M:%S}"
        self._row(self.recorded.talons, visit).update({"update_datetime": stamp, **changed})

    def remove(self, visit: str) -> None:
        """Without a trace, which ArchiMed+ is not known to do."""
        self.recorded.talons.remove(self._row(self.recorded.talons, visit))

    @staticmethod
    def _row(rows: list[dict[str, Any]], id_: str) -> dict[str, Any]:
        return next(row for row in rows if str(row["id"]) == id_)
