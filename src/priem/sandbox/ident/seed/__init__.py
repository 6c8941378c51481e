"""A clinic from a seed: the same seed, day and sizes give the same clinic."""

import math
import random
import sqlite3
from dataclasses import dataclass
from datetime import timedelta

from priem.sandbox.ident.engine import Database
from priem.sandbox.ident.schema import sqlite_indexes
from priem.sandbox.ident.seed import places
from priem.sandbox.ident.seed.bills import Ledger
from priem.sandbox.ident.seed.people import CardFile, Patients
from priem.sandbox.ident.seed.places import Rows
from priem.sandbox.ident.seed.plans import Plans, jobs
from priem.sandbox.ident.seed.visits import AHEAD, Diary, Place, cells
from priem.sandbox.ident.seed.visits import places as free_places

A_CHAIR_HOLDS = 230
"""Visits in thirty days, at three quarters of what would fit."""


@dataclass(frozen=True, slots=True)
class Wishes:
    patients: int = 2000
    visits: int = 500
    history: int = 30
    seed: int = 1


def seed(database: Database, wishes: Wishes) -> None:
    dice = random.Random(wishes.seed)
    now = database.clock.now().replace(microsecond=0)
    clinic, tables = places.build(dice, max(6, math.ceil(wishes.visits / A_CHAIR_HOLDS)), now)
    writer = Writer(database)
    for name, rows in tables:
        writer.insert(name, rows)
    people = CardFile(dice, now, max(10_001, clinic.next_person)).fill(wishes.patients)
    writer.insert("Persons", people.persons)
    writer.insert("Patients", people.patients)
    diary = Diary(dice, clinic, now)
    _fill(diary, people, wishes)
    _write_visits(writer, diary)
    _write_bills(writer, diary, people)
    writer.finish()


def _fill(diary: Diary, people: Patients, wishes: Wishes) -> None:
    chairs = len(diary.clinic.chairs)
    if not people.ids:
        return
    gone = wishes.visits * wishes.history // AHEAD
    behind = free_places(diary.dice, chairs, range(-wishes.history, 1), diary.now) if wishes.history else []
    diary.past(sorted(diary.dice.sample(behind, min(gone, len(behind)))), people.treated or people.ids)
    ahead: list[Place] = []
    days = AHEAD
    while len(ahead) < wishes.visits or not ahead:
        ahead = free_places(diary.dice, chairs, range(days + 1), diary.now)
        days += 5
    diary.coming(diary.dice.sample(ahead, wishes.visits), people.ids)


def _write_visits(writer: "Writer", diary: Diary) -> None:
    staff = diary.clinic.administrators
    writer.insert(
        "Receptions", [visit.row(writer.rowversion(), staff[visit.id % len(staff)]) for visit in diary.visits]
    )
    writer.insert(
        "CurrentTimeTable",
        [
            (number, when, slot, chair, doctor, visit, None, 1, header, writer.rowversion())
            for number, (when, slot, chair, doctor, visit, header) in enumerate(cells(diary), start=1)
        ],
    )


def _write_bills(writer: "Writer", diary: Diary, people: Patients) -> None:
    ledger = Ledger(diary.dice)
    for visit in diary.visits:
        ledger.bill(visit)
    for number in range(len(ledger.orders) // 50 + 1 if people.treated else 0):
        at = diary.now - timedelta(days=number % 30, hours=1)
        ledger.without_visit(diary.dice.choice(people.treated), 1, diary.clinic.doctors[0], at)
    plans = Plans(diary.now, diary.clinic.doctors)
    plans.make(people.treated[::100], ledger)
    writer.insert("CRMJobTypes", [(1, "Пригласить на приём"), (2, "Узнать о самочувствии")])
    writer.insert("ScheduledReceptions", jobs(people.treated[::50], diary.now))
    writer.insert("Orders", ledger.orders)
    writer.insert("TreatmentPlans", plans.plans)
    writer.insert("TreatmentPlanElementRelations", plans.lines)
    writer.insert("OrderServiceRelation", ledger.lines)
    writer.insert("PaymentsIn", ledger.payments)


class Writer:
    """Straight into SQLite, in one transaction, indexes last."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: sqlite3.Connection = database.plain_connection()
        self._connection.execute("BEGIN")

    def rowversion(self) -> bytes:
        counters = self._database.counters
        counters.rowversion += 1
        return counters.rowversion.to_bytes(8, "big")

    def insert(self, table: str, rows: Rows) -> None:
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            self._connection.executemany(f"INSERT INTO [{table}] VALUES ({marks})", rows)  # noqa: S608  # our own names

    def finish(self) -> None:
        for statement in sqlite_indexes():
            self._connection.execute(statement)
        for table in self._database.schema.own():
            if table.identity:
                last = self._connection.execute(f"SELECT COALESCE(MAX(ID), 0) FROM [{table.name}]").fetchone()[0]  # noqa: S608  # same
                self._database.note_identity(table.name, last)
        self._connection.execute("COMMIT")
        self._connection.execute("ANALYZE")
        self._connection.close()
