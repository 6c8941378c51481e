"""Treatment plans and CRM jobs of some patients who were treated. What their orders hold is done, two lines are not."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from priem.sandbox.ident.moments import from_datetime
from priem.sandbox.ident.seed.bills import Ledger
from priem.sandbox.ident.seed.places import SERVICES, Rows

TO_BE_DONE = 2


@dataclass(slots=True)
class Plans:
    now: datetime
    doctors: Sequence[int]
    plans: Rows = field(default_factory=list)
    lines: Rows = field(default_factory=list)

    def make(self, patients: Sequence[int], ledger: Ledger) -> None:
        """Also notes in the ledger's lines which line of a plan they do."""
        bought = lines_of(set(patients), ledger)
        at = from_datetime(self.now - timedelta(days=12))
        for patient in patients:
            plan = len(self.plans) + 1
            doctor = self.doctors[plan % len(self.doctors)]
            active = int(plan % 10 != 0)
            self.plans.append((plan, doctor, at, patient, "План лечения", doctor, at, None, active, at, at))
            for place in bought[patient]:
                line = ledger.lines[place]
                self._line(plan, int(str(line[4])), at)
                ledger.lines[place] = (*line[:2], plan, len(self.lines), *line[4:])
            for number in range(TO_BE_DONE):
                self._line(plan, 1001 + (plan + number) % len(SERVICES), at)

    def _line(self, plan: int, price: int, at: str) -> None:
        self.lines.append((len(self.lines) + 1, plan, price, 1 << (plan % 32), None, at, at))


def jobs(patients: Sequence[int], now: datetime) -> Rows:
    """CRM jobs, every second of which a talk has closed."""
    rows: Rows = []
    for number, patient in enumerate(patients, start=1):
        at = from_datetime(now - timedelta(days=number % 40, hours=2))
        said = number if number % 2 else None
        rows.append(
            (number, patient, None, 1 + number % 2, 1, None, None, "Профосмотр", 30, None, None, None, said, at, at)
        )
    return rows


def lines_of(patients: set[int], ledger: Ledger) -> defaultdict[int, list[int]]:
    """Places of their orders' lines, by patient."""
    theirs = {order[0]: order[4] for order in ledger.orders if order[4] in patients}
    found: defaultdict[int, list[int]] = defaultdict(list)
    for place, line in enumerate(ledger.lines):
        if line[1] in theirs:
            found[int(str(theirs[line[1]]))].append(place)
    return found
