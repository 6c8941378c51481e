"""Orders, their lines, payments: of visits, of a visit twice, and of no visit at all."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from priem.sandbox.ident.moments import from_datetime
from priem.sandbox.ident.seed.places import SERVICES, Rows
from priem.sandbox.ident.seed.visits import Visit

TWO_ORDERS = 0.1


@dataclass(slots=True)
class Ledger:
    dice: random.Random
    orders: Rows = field(default_factory=list)
    lines: Rows = field(default_factory=list)
    payments: Rows = field(default_factory=list)

    def bill(self, visit: Visit) -> None:
        if visit.issued is None or visit.patient is None:
            return
        for _ in range(2 if self.dice.random() < TWO_ORDERS else 1):
            self._order(visit.patient, visit.branch, visit.doctor, visit.issued, visit.id)

    def without_visit(self, patient: int, branch: int, doctor: int, at: datetime) -> None:
        self._order(patient, branch, doctor, from_datetime(at), None)

    def _order(self, patient: int, branch: int, doctor: int | None, at: str, visit: int | None) -> None:
        order = len(self.orders) + 1
        changed = from_datetime(datetime.fromisoformat(at) + timedelta(milliseconds=450))
        row = (
            order,
            at,
            branch,
            visit,
            patient,
            doctor,
            None,
            at,
            None,
            at,
            1,
            None,
            None,
            None,
            None,
            None,
            at,
            changed,
        )
        self.orders.append(row)
        total = sum(self._line(order, at, changed) for _ in range(1 + int(self.dice.random() * 3)))
        if self.dice.random() < 0.9 and total:
            payment = len(self.payments) + 1
            self.payments.append((payment, at, branch, patient, 1, None, None, total, at, changed, at[:10]))

    def _line(self, order: int, at: str, changed: str) -> float:
        service = int(self.dice.random() * len(SERVICES))
        count = 1.0 if self.dice.random() < 0.8 else 2.0
        price = SERVICES[service][1]
        discount = round(price * 0.1, 2) if self.dice.random() < 0.15 else None
        teeth = 1 << int(self.dice.random() * 32)
        line = len(self.lines) + 1
        self.lines.append((line, order, None, None, 1001 + service, count, teeth, discount, at, changed))
        return count * price - (discount or 0.0)
