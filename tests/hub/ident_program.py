"""IDENT's program as the tests of the hub play it: what it asks, what it posts, of any size."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.test import Client

from priem.hub.ident import tickets
from priem.hub.ident.services import ServiceData
from priem.hub.models import Clinic
from priem.mis.ident.exchange.ticket import Ticket

MOSCOW = ZoneInfo("Europe/Moscow")
WINDOW = "dateTimeFrom=2020-01-01T00:00:00%2B03:00&dateTimeTo=2200-01-01T23:59:59%2B03:00"
NOW = datetime.now(UTC).replace(microsecond=0)
DAY = datetime(2026, 5, 12, tzinfo=timezone(timedelta(hours=3)))
TEN = DAY.replace(hour=10)


class Ident:
    """IDENT's program: what it asks and what it gets."""

    def __init__(self, service: ServiceData) -> None:
        self.service = service
        self._client = Client()

    def get(self, method: str, query: str = WINDOW, **headers: str) -> HttpResponse:
        return self._ask("GET", method, query, b"", **headers)

    def rows(self, method: str, query: str = WINDOW) -> Any:
        answer = self.get(method, query)
        assert answer.status_code == 200, answer.content
        return json.loads(answer.content)

    def post(self, body: bytes | dict[str, Any], method: str = "PostTimeTable", **headers: str) -> HttpResponse:
        written = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._ask("POST", method, "", written, **headers)

    def _ask(self, verb: str, method: str, query: str, body: bytes, **headers: str) -> HttpResponse:
        known = {"IDENT_Integration_Key": self.service.key, **headers}
        answer = self._client.generic(
            verb,
            f"{self.service.path}/{method}?{query}",
            body,
            content_type="application/json",
            headers={name.replace("_", "-"): value for name, value in known.items() if value},
        )
        assert isinstance(answer, HttpResponse)
        return answer

    def apply(self, *, key: str = "", **fields: Any) -> HttpResponse:
        """As a site does."""
        bearer = f"Bearer {key or self.service.applications_key}"
        return self.post(fields, "applications", Authorization=bearer, IDENT_Integration_Key="")


def said(answer: HttpResponse) -> str:
    """The words of a refusal."""
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert "Location" not in answer
    return answer.content.decode()


def ticket(number: int, at: datetime = NOW) -> Ticket:
    return Ticket(id=f"amo-{number}", at=at, phone="+79213334455", full_name="Ершова Анна")


def hand(clinic: Clinic, *given: Ticket) -> None:
    for each in given:
        tickets.hand_over(clinic.pk, "ident", each, MOSCOW, lead=int(each.id.removeprefix("amo-")))


def interval(doctor: int, minute: int, day: int = 0, *, busy: bool = False, minutes: int = 15) -> dict[str, Any]:
    """`minute` is counted from ten o'clock, `day` from the 12th of May."""
    return {
        "DoctorId": doctor,
        "BranchId": 1,
        "StartDateTime": (TEN + timedelta(days=day, minutes=minute)).isoformat(),
        "LengthInMinutes": minutes,
        "IsBusy": busy,
    }


def timetable(intervals: Sequence[dict[str, Any]]) -> dict[str, Any]:
    doctors = sorted({id_ for each in intervals if isinstance(id_ := each.get("DoctorId"), int)})
    return {
        "Doctors": [{"Id": id_, "Name": f"Врач {id_}"} for id_ in doctors],
        "Branches": [{"Id": 1, "Name": "Ленина, 5"}],
        "Intervals": list(intervals),
    }
