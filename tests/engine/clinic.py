"""A clinic in memory: its МИС, its amoCRM, and Priem between them. Stories are told with it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from priem.engine.bindings import Bound, bind
from priem.engine.memory import MemoryStore
from priem.engine.settings import Settings, StageName, StageRule, StatusSync
from priem.engine.sync import Clinic as Parts
from priem.engine.sync import sync
from priem.errors import TryLater
from priem.model import (
    LOST,
    WON,
    Contact,
    Finding,
    Lead,
    Page,
    Patient,
    PatientKey,
    Rejected,
    State,
    Step,
    Visit,
    VisitKey,
    VisitStatus,
)
from priem.ports import Counts, Crm, Source, Store
from tests.contract.fake_crm import FakeCrm

ANNA, BORIS = "+79213334455", "+79217778899"
NOON = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
NEW, BOOKED, CONFIRMED, CAME = 102, 103, 104, 105
"""The stages of the fake account's main pipeline, which has the id 1."""
MAIN = 1

STAGES = {
    VisitStatus.BOOKED: BOOKED,
    VisitStatus.CONFIRMED: CONFIRMED,
    VisitStatus.ARRIVED: CAME,
    VisitStatus.COMPLETED: WON,
    VisitStatus.CANCELLED: LOST,
    VisitStatus.NO_SHOW: LOST,
}
RULES = tuple(StageRule(status=status, pipeline=MAIN, stage=stage) for status, stage in STAGES.items())
SETTINGS = Settings(status_sync=StatusSync(rules=RULES))


def patient(
    id_: str = "1", name: str = "Белова Анна", *phones: str, birthday: date | None = None, connection: str = "ident"
) -> Patient:
    return Patient(key=PatientKey(connection, id_), name=name, phones=phones, birthday=birthday)


def visit(
    id_: str = "500",
    patient: str = "1",
    status: VisitStatus = VisitStatus.BOOKED,
    *,
    hours: float = 0,
    doctor: str = "",
    total: int | None = None,
    moved_from: str = "",
    moved_to: str = "",
    connection: str = "ident",
) -> Visit:
    """`hours` after noon of the clinic's day."""
    return Visit(
        key=VisitKey(connection, id_),
        patient=PatientKey(connection, patient),
        status=status,
        raw_status=status.value,
        starts_at=NOON + timedelta(hours=hours),
        doctor_name=doctor,
        total=None if total is None else Decimal(total),
        moved_from=VisitKey(connection, moved_from) if moved_from else None,
        moved_to=VisitKey(connection, moved_to) if moved_to else None,
    )


def at(stage: int, pipeline: int = MAIN) -> StageName:
    return StageName(pipeline=pipeline, stage=stage)


class Clock:
    def __init__(self, at: datetime) -> None:
        self.time = at
        self.meanwhile: Callable[[], None] = lambda: None
        """What happens while somebody waits."""

    def now(self) -> datetime:
        return self.time

    def wait(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        self.meanwhile()


Row = Patient | Visit | Rejected


class Mis:
    """A МИС that counts its changes. A cursor says: read up to which change, noted up to which, and after which row."""

    def __init__(self, connection: str = "ident", page_size: int = 100) -> None:
        self.connection = connection
        self.page_size = page_size
        self.rows: dict[tuple[str, str], tuple[int, Row]] = {}
        self.visits_since: datetime | None = None
        self.changed = 0
        self.late: set[str] = set()
        """Patients who are there, but are not read among the changes yet."""

    def put(self, *rows: Row) -> None:
        """New, or changed."""
        for row in rows:
            self.changed += 1
            self.rows[place(row)] = (self.changed, row)

    def touch(self) -> None:
        """Everything was changed, and nothing is different."""
        self.put(*(row for _, row in self.rows.values()))

    @property
    def patients_now(self) -> list[Patient]:
        return [row for _, row in self.rows.values() if isinstance(row, Patient)]

    @property
    def visits_now(self) -> list[Visit]:
        return [row for _, row in self.rows.values() if isinstance(row, Visit)]

    def check(self) -> Sequence[Finding]:
        return ()

    def count(self, since: str | None) -> Counts:  # noqa: ARG002 - the port's
        return Counts(patients=len(self.patients_now), visits=len(self.visits_now))

    def changes(self, since: str | None) -> Iterator[Page]:
        read, noted, kind, id_ = (since or f"0/{self.changed}//").split("/")
        if kind or not since:
            yield from self._pass(int(read), int(noted), (kind, id_))
            read = noted
        if since and int(read) < self.changed:
            yield from self._pass(int(read), self.changed, ("", ""))

    def _pass(self, read: int, noted: int, after: tuple[str, str]) -> Iterator[Page]:
        rows = [
            (key, row)
            for key, (change, row) in sorted(self.rows.items())
            if change > read and key > after and not (key[0] == "patient" and key[1] in self.late)
        ]
        for _, of_kind in groupby(rows, key=lambda item: item[0][0]):
            kin = list(of_kind)
            for start in range(0, len(kin), self.page_size):
                page = kin[start : start + self.page_size]
                yield self._page([row for _, row in page], f"{read}/{noted}/{'/'.join(page[-1][0])}")
        yield self._page([], f"{noted}/{noted}//")

    def _page(self, rows: Sequence[Row], cursor: str) -> Page:
        return Page(
            patients=tuple(row for row in rows if isinstance(row, Patient)),
            visits=tuple(row for row in rows if isinstance(row, Visit)),
            rejected=tuple(row for row in rows if isinstance(row, Rejected)),
            cursor=cursor,
            visits_since=self.visits_since,
        )

    def patients(self, ids: Sequence[str]) -> tuple[Patient | Rejected, ...]:
        there = (self.rows.get(("patient", id_)) for id_ in ids)
        return tuple(found[1] for found in there if found and not isinstance(found[1], Visit))

    def reread(self, since: str, patients: Sequence[str], visits: Sequence[str]) -> Page:
        wanted = [*(("patient", id_) for id_ in patients), *(("visit", id_) for id_ in visits)]
        return self._page([self.rows[place][1] for place in wanted if place in self.rows], since)


def place(row: Row) -> tuple[str, str]:
    if isinstance(row, Rejected):
        return row.kind, row.id
    return "patient" if isinstance(row, Patient) else "visit", row.key.id


@dataclass
class Clinic:
    settings: Settings = SETTINGS
    mis: Mis = field(default_factory=Mis)
    clock: Clock = field(default_factory=lambda: Clock(NOON - timedelta(days=1)))

    def __post_init__(self) -> None:
        self.crm = FakeCrm(now=lambda: int(self.clock.now().timestamp()))
        self.store = MemoryStore(self.clock.now)
        self.account = self.crm.prepare()
        self.crm.requests = 0

    @property
    def bound(self) -> Bound:
        return bind(self.settings, self.account)

    def parts(self, crm: Crm | None = None, store: Store | None = None) -> Parts:
        return Parts(crm=crm or self.crm, store=store or self.store, bound=self.bound, clock=self.clock)

    def sync(self, mis: Source | None = None, parts: Parts | None = None) -> list[Step]:
        """One pass, a minute after whatever was before; gives the steps that it took."""
        self.clock.wait(60)
        taken: list[Step] = []
        for progress in sync(mis or self.mis, parts or self.parts()):
            taken += [step for step, outcome in progress.carried if outcome.state is State.DONE]
        return taken

    def sync_until_it_works(self, parts: Parts | None = None) -> None:
        for _ in range(9):
            try:
                self.sync(parts=parts)
            except TryLater:
                continue
            return
        raise AssertionError("nine passes were not enough")

    def contact_of(self, id_: str, connection: str = "ident") -> Contact:
        """The only one that carries the patient's key."""
        (contact,) = (one for one in self.crm.all_contacts.values() if PatientKey(connection, id_) in one.keys)
        return contact

    def lead_of(self, id_: str, connection: str = "ident") -> Lead:
        (lead,) = (one for one in self.crm.all_leads.values() if VisitKey(connection, id_) in one.keys)
        return lead

    @property
    def names(self) -> list[str]:
        return sorted(contact.name for contact in self.crm.all_contacts.values())

    def decides(self, **changed: Any) -> None:
        """From now on with these settings for leads."""
        self.settings = replace(self.settings, leads=replace(self.settings.leads, **changed))
