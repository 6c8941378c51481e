"""The methods, their intervals and pages. docs/reference/ident.md §1.4"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx2

from priem.sandbox.ident_client.database import IdentDatabase
from priem.sandbox.ident_client.timetable import intervals
from priem.sandbox.ident_client.wire import MEDIA, Row, Serialization, Unreadable, body_of, rows_of

FAR_FUTURE = "2200-01-01T23:59:59"
AHEAD = 30
"""Days of the timetable."""
MOST_PAGES = 10_000
DOCTORS = (
    "SELECT staff.ID_Persons, CONCAT(person.Surname, N' ', person.Name, N' ', person.Patronymic) "
    "FROM dbo.Staffs AS staff JOIN dbo.Persons AS person ON person.ID = staff.ID_Persons"
)
BRANCHES = "SELECT ID, Name FROM dbo.OwnCompanies"
INTERVALS: Mapping[str, float] = {
    "GetTickets": 120,
    "GetFinishedCalls": 180 * 60,
    "GetOngoingCalls": 5,
    "PostTimeTable": 600,
}
"""Seconds. How often running calls are asked for is not known."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """What a person fills in in IDENT."""

    url: str
    key: str = field(repr=False)
    serialization: Serialization = "json"
    longest_period: int = 30
    limit: int = 500
    """0: none."""
    timeout: float = 45


@dataclass(frozen=True, slots=True)
class Said:
    """A line of IDENT's log of the exchange."""

    method: str
    status: int | None
    rows: int = 0
    new: int = 0
    milliseconds: int = 0
    error: str = ""


class ServiceRefused(Exception):
    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class IdentClient:
    def __init__(self, form: Form, database: IdentDatabase) -> None:
        self._form = form
        self._database = database
        # A redirect is an answer like any other that is not 200: a redirected post would lose its body.
        self._http = httpx2.Client(
            headers={"IDENT-Integration-Key": form.key, "Accept": MEDIA[form.serialization]}, timeout=form.timeout
        )
        self._known = database.known_tickets()
        self._methods: Mapping[str, Callable[[str], tuple[int, int]]] = {
            "GetTickets": self._tickets,
            "GetFinishedCalls": self._calls,
            "GetOngoingCalls": self._calls,
            "PostTimeTable": self._post,
        }

    def close(self) -> None:
        self._http.close()

    def call(self, method: str) -> Said:
        """One method, all its pages."""
        began = time.monotonic()
        try:
            rows, new = self._methods[method](method)
        except ServiceRefused as refused:
            return Said(method, refused.status, error=str(refused), milliseconds=since(began))
        except (httpx2.HTTPError, Unreadable) as error:
            return Said(method, None, error=f"{type(error).__name__}: {error}", milliseconds=since(began))
        return Said(method, 200, rows, new, since(began))

    def _tickets(self, method: str) -> tuple[int, int]:
        rows = list(self._pages(method))
        new = 0
        for row in rows:
            key = (str(row["Id"]), self._database.local(row["DateAndTime"]))
            if key not in self._known:
                self._database.add_ticket(row)
                self._known.add(key)
                new += 1
        return len(rows), new

    def _calls(self, method: str) -> tuple[int, int]:
        return sum(1 for _ in self._pages(method)), 0

    def _pages(self, method: str) -> Iterator[Row]:
        """Until one is shorter than the limit."""
        now = self._database.now()
        first = (now - timedelta(days=self._form.longest_period)).replace(hour=0, minute=0, second=0)
        window = {"dateTimeFrom": first.isoformat(), "dateTimeTo": FAR_FUTURE + first.isoformat()[19:]}
        for page in range(MOST_PAGES):
            paging = (
                {"limit": str(self._form.limit), "offset": str(page * self._form.limit)} if self._form.limit else {}
            )
            answer = self._http.get(f"{self._form.url}/{method}", params={**window, **paging})
            rows = rows_of(checked(answer).content, self._form.serialization)
            yield from rows
            if not self._form.limit or len(rows) < self._form.limit:
                return

    def _post(self, method: str) -> tuple[int, int]:
        timetable = self.timetable(self._database.now())
        answer = self._http.post(
            f"{self._form.url}/{method}",
            content=body_of(timetable, self._form.serialization),
            headers={"Content-Type": MEDIA[self._form.serialization]},
        )
        checked(answer)
        return len(timetable["Intervals"]), 0

    def timetable(self, now: datetime) -> dict[str, list[Any]]:
        found = intervals(self._database.cells(now.date(), AHEAD))
        return {
            "Doctors": self._database.names(DOCTORS),
            "Branches": self._database.names(BRANCHES),
            "Intervals": [
                {
                    "DoctorId": each.doctor,
                    "BranchId": each.branch,
                    "StartDateTime": each.starts.replace(tzinfo=now.tzinfo).isoformat(),
                    "LengthInMinutes": int(each.length.total_seconds() // 60),
                    "IsBusy": each.busy,
                }
                for each in found
            ],
        }


def checked(answer: httpx2.Response) -> httpx2.Response:
    if answer.status_code != 200:
        raise ServiceRefused(answer.status_code, answer.text[:500])
    return answer


def since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
