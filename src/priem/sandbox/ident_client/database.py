"""OnlineTickets and the calendar of the sandbox's IDENT. docs/reference/ident.md §2.3 (what goes where is inferred)"""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pymssql

from priem.sandbox.ident_client.timetable import Cell

COLUMNS: Mapping[str, str] = {
    "ClientPhone": "PhoneSource",
    "ClientEmail": "EmailOut",
    "ClientFullName": "PatientFullName",
    "ClientSurname": "SurName",
    "ClientName": "Name",
    "ClientPatronymic": "Patronymic",
    "Comment": "Comment",
    "FormName": "FormName",
    "DoctorName": "StaffName",
}
CALENDAR = """
SELECT cell.DateOfWork, slot.TimeStartValue, cell.ID_Staffs, chair.ID_OwnCompanies, cell.ID_Receptions
FROM dbo.CurrentTimeTable AS cell
JOIN dbo.Times AS slot ON slot.ID = cell.ID_Times
JOIN dbo.Armchairs AS chair ON chair.ID = cell.ID_Armchairs
WHERE cell.DateOfWork >= %s AND cell.DateOfWork < %s AND cell.ID_Staffs IS NOT NULL
"""


@dataclass(frozen=True, kw_only=True)
class Access:
    host: str
    port: int
    password: str = field(repr=False)
    zone: ZoneInfo
    login: str = "clinic"
    database: str = "PZ"


class IdentDatabase:
    def __init__(self, access: Access) -> None:
        self._access = access

    def ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(self._connect()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(sql, values)
            return list(cursor.fetchall())

    def _connect(self) -> Any:  # noqa: ANN401 - pymssql says nothing about its types
        access = self._access
        return pymssql.connect(
            server=access.host,
            port=str(access.port),
            user=access.login,
            password=access.password,
            database=access.database,
            autocommit=True,
            timeout=10,
        )

    def now(self) -> datetime:
        [(now,)] = self.ask("SELECT GETDATE()")
        return now.replace(microsecond=0, tzinfo=self._access.zone)  # type: ignore[no-any-return]  # a datetime

    def known_tickets(self) -> set[tuple[str, datetime]]:
        """What IDENT tells one application from another by."""
        return {(id_, at) for id_, at in self.ask("SELECT SourceProviderUid, DateTimeCreated FROM dbo.OnlineTickets")}

    def add_ticket(self, ticket: Mapping[str, Any]) -> None:
        written: dict[str, object] = {
            "SourceProviderUid": ticket["Id"],
            "DateTimeCreated": self.local(ticket["DateAndTime"]),
            "PhoneOutInt": int("".join(figure for figure in ticket["ClientPhone"] if figure.isdigit())),
            **{column: ticket[name] for name, column in COLUMNS.items() if ticket.get(name)},
            **{name: self.local(ticket[name]) for name in ("PlanStart", "PlanEnd") if ticket.get(name)},
        }
        if ticket.get("DoctorId"):
            written["ID_Staffs"] = int(ticket["DoctorId"])
        columns, places = ", ".join(written), ", ".join("%s" for _ in written)
        with closing(self._connect()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(
                f"INSERT INTO dbo.OnlineTickets ({columns}) VALUES ({places})",  # noqa: S608 - our own columns
                tuple(written.values()),
            )

    def local(self, written: str) -> datetime:
        """The clinic's wall clock, as IDENT keeps it."""
        return datetime.fromisoformat(written).astimezone(self._access.zone).replace(tzinfo=None)

    def names(self, sql: str) -> list[dict[str, object]]:
        return [{"Id": int(id_), "Name": " ".join(str(name).split())} for id_, name in self.ask(sql)]

    def cells(self, since: date, days: int) -> Iterator[Cell]:
        for day, starts, doctor, branch, visit in self.ask(CALENDAR, since, since + timedelta(days=days)):
            at = datetime.combine(day, starts if isinstance(starts, time) else time.fromisoformat(str(starts)[:8]))
            yield Cell(int(doctor), int(branch), at, visit is not None)
