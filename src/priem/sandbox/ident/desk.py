"""What the reception desk does to IDENT's tables. A method per kind of change: (patient, visit), None if none fits."""

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from priem.sandbox.ident.clock import Clock
from priem.sandbox.ident.engine import Row
from priem.sandbox.ident.interpreter import Interpreter
from priem.sandbox.ident.moments import from_datetime
from priem.sandbox.ident.parameters import Parameter
from priem.sandbox.ident.seed.names import invent
from priem.sandbox.ident.seed.phones import Phones
from priem.sandbox.ident.seed.places import BY_CLINIC, BY_PATIENT, ILL, MOVED, NO_SHOW, OPENS, SERVICES, SLOT
from priem.sandbox.ident.types import DATE, DATETIME, FLOAT, INT, SqlType, Value, nvarchar

Done = tuple[int | None, int | None]
TYPES: dict[type, SqlType] = {int: INT, str: nvarchar(400), float: FLOAT, date: DATE, datetime: DATETIME}
WAITING = "ReceptionCanceled IS NULL AND ID_ReceptionCancelReasons IS NULL AND PatientAppeared IS NULL"


class Desk:
    def __init__(self, interpreter: Interpreter, clock: Clock, dice: random.Random) -> None:
        self._interpreter = interpreter
        self._dice = dice
        self._now = clock.now()
        self._changed = self._now + timedelta(seconds=dice.random() - 0.5)

    # --- patients ---------------------------------------------------------------------------------

    def patient_added(self) -> Done:
        ident = int(str(self._one("SELECT MAX(ID) + 1 AS ID FROM dbo.Persons")))
        parent = self._pick("dbo.Persons", "ID, Surname, MobilePhone", "Surname <> N'' AND MobilePhone <> N''")
        child = parent is not None and self._dice.random() < 0.15
        person = invent(self._dice)
        phones = Phones(self._dice)
        phone = str(parent[2]) if child and parent else phones.written(phones.number())
        years = 3 + 12 * self._dice.random() if child else 20 + 50 * self._dice.random()
        born = self._now - timedelta(days=int(365.25 * years))
        self._run(
            "INSERT INTO dbo.Persons (ID, Surname, Name, Patronymic, Birthday, MobilePhone, Phone, Sex, DateTimeAdded, "
            "DateTimeChanged) VALUES (@id, @surname, @name, @patronymic, @birthday, @phone, N'', @sex, @now, @changed)",
            id=ident,
            surname=person.surname,
            name=person.name,
            patronymic=person.patronymic,
            birthday=f"{born:%d.%m.%Y}",
            phone=phone,
            sex=2 if person.female else 1,
            now=self._now,
            changed=self._changed,
        )
        self._run(
            "INSERT INTO dbo.Patients (ID_Persons, ParentSNP, CardNumber, PatientNumber, ID_InfoSources, "
            "ConformToSending, DateTimeChanged) VALUES (@id, @parent, @card, @card, 1, 1, @changed)",
            id=ident,
            parent=str(parent[1]) if child and parent else None,
            card=str(ident - 2000),
            changed=self._changed,
        )
        return ident, None

    def patient_changed(self) -> Done | None:
        patient = self._pick("dbo.Patients", "ID_Persons", "ID_ArchivingReasons IS NULL", key="ID_Persons")
        if patient is None:
            return None
        phones = Phones(self._dice)
        self._run(
            "UPDATE dbo.Persons SET MobilePhone = @phone, DateTimeChanged = @changed WHERE ID = @id",
            id=patient[0],
            phone=phones.written(phones.number()),
            changed=self._changed,
        )
        self._touch_patient(patient[0])
        return _whole(patient[0]), None

    def _touch_patient(self, patient: Value) -> None:
        self._run(
            "UPDATE dbo.Patients SET DateTimeChanged = @changed WHERE ID_Persons = @id",
            id=patient,
            changed=self._changed,
        )

    # --- bookings ---------------------------------------------------------------------------------

    def visit_booked(self) -> Done | None:
        patient = (
            self._newest()
            if self._dice.random() < 0.4
            else self._pick("dbo.Patients", "ID_Persons", "1 = 1", key="ID_Persons")
        )
        cells = self._free_cells()
        if patient is None or not cells:
            return None
        visit = self._insert(_whole(patient[0]), cells, moved_from=None)
        return _whole(patient[0]), visit

    def _newest(self) -> Row | None:
        return self._first("SELECT TOP (1) ID_Persons FROM dbo.Patients ORDER BY ID_Persons DESC")

    def visit_moved_time(self) -> Done | None:
        visit, cells = self._coming(), self._free_cells()
        if visit is None or not cells:
            return None
        start, end = _span(cells)
        self._release(visit[0])
        self._run(
            "UPDATE dbo.Receptions SET PlanStart = @start, PlanEnd = @end, ID_Armchairs = @chair, ID_Staffs = @doctor, "
            "DateTimeChanged = @changed WHERE ID = @id",
            id=visit[0],
            start=start,
            end=end,
            chair=cells[0][3],
            doctor=cells[0][2],
            changed=self._changed,
        )
        self._occupy(visit[0], cells)
        return _whole(visit[1]), _whole(visit[0])

    def visit_moved_new_row(self) -> Done | None:
        visit, cells = self._coming(), self._free_cells()
        if visit is None or not cells:
            return None
        self._cancel(visit[0], MOVED, self._now)
        new = self._insert(_whole(visit[1]), cells, moved_from=_whole(visit[0]))
        return _whole(visit[1]), new

    def visit_confirmed(self) -> Done | None:
        visit = self._coming("AND IsNotified = 0")
        return self._mark(visit, "IsNotified = 1, DateTimeNotified = @now")

    def cancelled(self) -> Done | None:
        visit = self._coming()
        if visit is None:
            return None
        self._cancel(visit[0], self._dice.choice((BY_PATIENT, BY_PATIENT, BY_CLINIC, ILL)), self._now)
        return _whole(visit[1]), _whole(visit[0])

    def no_show(self) -> Done | None:
        visit = self._first(
            "SELECT TOP (1) ID, ID_Patients, PlanEnd FROM dbo.Receptions "  # noqa: S608  # our own condition
            f"WHERE PlanEnd < @now AND PlanStart > @since AND {WAITING} ORDER BY PlanStart",
            now=self._now,
            since=self._now - timedelta(days=60),
        )
        if visit is None:
            return None
        self._cancel(visit[0], NO_SHOW, datetime.fromisoformat(str(visit[2])))
        return _whole(visit[1]), _whole(visit[0])

    # --- the visit itself -------------------------------------------------------------------------

    def arrived(self) -> Done | None:
        """The soonest of those who have not come yet, whatever the hour."""
        visit = self._first(
            "SELECT TOP (1) ID, ID_Patients FROM dbo.Receptions "  # noqa: S608  # our own condition
            f"WHERE PlanStart > @since AND ID_Patients IS NOT NULL AND {WAITING} ORDER BY PlanStart",
            since=self._now - timedelta(hours=1),
        )
        return self._mark(visit, "PatientAppeared = @now")

    def started(self) -> Done | None:
        return self._mark(self._within("PatientAppeared", "ReceptionStarted"), "ReceptionStarted = @now")

    def ended(self) -> Done | None:
        return self._mark(self._within("ReceptionStarted", "ReceptionEnded"), "ReceptionEnded = @now")

    def billed(self) -> Done | None:
        visit = self._within("ReceptionEnded", "CheckIssued")
        if visit is None or visit[1] is None:
            return None
        order = self._order(visit)
        total = 0.0
        for _ in range(self._dice.randint(1, 3)):
            service = self._dice.randrange(len(SERVICES))
            total += SERVICES[service][1]
            self._run(
                "INSERT INTO dbo.OrderServiceRelation (ID_Orders, ID_ServicePrices, CountService, DateTimeChanged) "
                "VALUES (@order, @price, 1, @changed)",
                order=order,
                price=1001 + service,
                changed=self._changed,
            )
        self._run(
            "INSERT INTO dbo.PaymentsIn (DateTimePayment, ID_OwnCompanies, ID_Patients, ID_CashDescs, Payment, "
            "DateTimeChanged, DatePayment) SELECT @now, a.ID_OwnCompanies, r.ID_Patients, 1, @total, @changed, @now "
            "FROM dbo.Receptions r JOIN dbo.Armchairs a ON a.ID = r.ID_Armchairs WHERE r.ID = @id",
            id=visit[0],
            now=self._now,
            changed=self._changed,
            total=total,
        )
        return self._mark(visit, "CheckIssued = @now")

    def _order(self, visit: Row) -> Value:
        self._run(
            "INSERT INTO dbo.Orders (DateTimeOrder, ID_OwnCompanies, ID_Receptions, ID_Patients, ID_Staffs, "
            "DateTimeBillFormed, DateTimeBill, IsBillFormed, DateTimeChanged) SELECT @now, a.ID_OwnCompanies, r.ID, "
            "r.ID_Patients, r.ID_Staffs, @now, @now, 1, @changed FROM dbo.Receptions r JOIN dbo.Armchairs a "
            "ON a.ID = r.ID_Armchairs WHERE r.ID = @id",
            id=visit[0],
            now=self._now,
            changed=self._changed,
        )
        return self._one("SELECT CAST(SCOPE_IDENTITY() AS int) AS ID")

    # --- pieces -----------------------------------------------------------------------------------

    def _insert(self, patient: int | None, cells: Sequence[Row], *, moved_from: int | None) -> int:
        start, end = _span(cells)
        rows = self._run(
            "INSERT INTO dbo.Receptions (ID_Patients, ReceptionAdded, PlanStart, PlanEnd, ID_Staffs, ID_Armchairs, "
            "ID_ReceptionsTransferFrom, ID_AppointmentSources, DateTimeAdded, DateTimeChanged) OUTPUT INSERTED.ID "
            "VALUES (@patient, @now, @start, @end, @doctor, @chair, @moved, 1, @now, @changed)",
            patient=patient,
            now=self._now,
            start=start,
            end=end,
            doctor=cells[0][2],
            chair=cells[0][3],
            moved=moved_from,
            changed=self._changed,
        )
        visit = int(str(rows[0][0]))
        self._occupy(visit, cells)
        return visit

    def _cancel(self, visit: Value, reason: int, at: datetime) -> None:
        self._release(visit)
        self._run(
            "UPDATE dbo.Receptions SET ID_ReceptionCancelReasons = @reason, ReceptionCanceled = @at, "
            "DateTimeChanged = @changed WHERE ID = @id",
            id=visit,
            reason=reason,
            at=at,
            changed=self._changed,
        )

    def _mark(self, visit: Row | None, assignment: str) -> Done | None:
        if visit is None:
            return None
        text = f"UPDATE dbo.Receptions SET {assignment}, DateTimeChanged = @changed WHERE ID = @id"  # noqa: S608  # our own assignments
        self._run(text, id=visit[0], now=self._now, changed=self._changed)
        return _whole(visit[1]), _whole(visit[0])

    def _release(self, visit: Value) -> None:
        self._run(
            "UPDATE dbo.CurrentTimeTable SET ID_Receptions = NULL, IsHeaderCell = 0 WHERE ID_Receptions = @id", id=visit
        )

    def _occupy(self, visit: Value, cells: Sequence[Row]) -> None:
        for number, cell in enumerate(cells):
            self._run(
                "UPDATE dbo.CurrentTimeTable SET ID_Receptions = @visit, IsHeaderCell = @header WHERE ID = @id",
                id=cell[0],
                visit=visit,
                header=int(number == 0),
            )

    def _free_cells(self) -> list[Row]:
        """Half an hour to an hour in one chair, some day soon: (cell, time, doctor, chair, day) each."""
        chairs = int(str(self._one("SELECT COUNT(*) AS n FROM dbo.Armchairs")))
        length = self._dice.randint(2, 4)
        for _ in range(8):
            day = (self._now + timedelta(days=int(self._dice.triangular(0, 28, 2)) + 1)).date()
            rows = self._run(
                "SELECT ID, ID_Times, ID_Staffs, ID_Armchairs, DateOfWork FROM dbo.CurrentTimeTable "
                "WHERE DateOfWork = @day AND ID_Armchairs = @chair AND ID_Receptions IS NULL ORDER BY ID_Times",
                day=day,
                chair=self._dice.randint(1, chairs),
            )
            starts = [at for at in range(len(rows) - length + 1) if _adjacent(rows[at : at + length])]
            if starts:
                at = self._dice.choice(starts)
                return list(rows[at : at + length])
        return []

    def _coming(self, condition: str = "") -> Row | None:
        return self._pick("dbo.Receptions", "ID, ID_Patients", f"PlanStart > @now AND {WAITING} {condition}")

    def _within(self, done: str, not_yet: str) -> Row | None:
        return self._first(
            "SELECT TOP (1) ID, ID_Patients FROM dbo.Receptions WHERE PlanStart > @since "  # noqa: S608  # two columns
            f"AND {done} IS NOT NULL AND {not_yet} IS NULL AND ReceptionCanceled IS NULL ORDER BY {done}",
            since=self._now - timedelta(days=40),
        )

    def _pick(self, table: str, columns: str, condition: str, key: str = "ID") -> Row | None:
        """A random row, cheaply: the first that fits after a random key, else before it."""
        low, high = self._run(f"SELECT MIN({key}) AS low, MAX({key}) AS high FROM {table}")[0]  # noqa: S608  # our own names
        if low is None or high is None:
            return None
        at = self._dice.randint(int(str(low)), int(str(high)))
        for side, order in ((">=", "ASC"), ("<", "DESC")):
            where = f"{key} {side} @at AND {condition} ORDER BY {key} {order}"
            text = f"SELECT TOP (1) {columns} FROM {table} WHERE {where}"  # noqa: S608  # same
            row = self._first(text, at=at, now=self._now)
            if row is not None:
                return row
        return None

    def _first(self, text: str, **values: object) -> Row | None:
        rows = self._run(text, **values)
        return rows[0] if rows else None

    def _one(self, text: str) -> Value:
        return self._run(text)[0][0]

    def _run(self, text: str, **values: object) -> Sequence[Row]:
        parameters = [Parameter(name, TYPES.get(type(value), INT), _plain(value)) for name, value in values.items()]
        outcomes = list(self._interpreter.run(text, parameters))
        return outcomes[-1].rows


def _plain(value: object) -> Value:
    if isinstance(value, datetime):
        return from_datetime(value)
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, int | float | str):
        return value
    raise TypeError(value)


def _whole(value: Value) -> int | None:
    return None if value is None else int(value)


def _adjacent(cells: Sequence[Row]) -> bool:
    """One after another in time, one doctor."""
    first = int(str(cells[0][1]))
    return all(int(str(cell[1])) == first + place and cell[2] == cells[0][2] for place, cell in enumerate(cells))


def _span(cells: Sequence[Row]) -> tuple[datetime, datetime]:
    day = datetime.fromisoformat(str(cells[0][4]))
    first = int(str(cells[0][1])) - 1
    start = day + timedelta(minutes=OPENS + first * SLOT)
    return start, start + timedelta(minutes=SLOT * len(cells))
