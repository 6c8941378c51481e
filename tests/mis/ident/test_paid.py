"""What patients pay, as their visits tell it and their leads show it: payments and orders have times of change."""

# ruff: noqa: S608 - the SQL of a test is put together of its own values

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from priem.engine.settings import Settings, StageRule, StatusSync
from priem.model import WON, VisitStatus
from tests.contract.source_contract import read_on, visits_of
from tests.engine.clinic import BOOKED, CAME, Clinic
from tests.mis.ident.clinic import IdentClinic

pytestmark = pytest.mark.slow

STAGES = {VisitStatus.BOOKED: BOOKED, VisitStatus.COMPLETED: CAME, VisitStatus.PAID: WON}
RULES = tuple(StageRule(status=status, pipeline=1, stage=stage) for status, stage in STAGES.items())


@dataclass
class Billed:
    """A patient who was treated and still owes the price."""

    clinic: IdentClinic
    patient: str = field(init=False)
    visit: str = field(init=False)
    order: str = field(init=False)

    def __post_init__(self) -> None:
        self.patient = self.clinic.register("Стрепетова")
        self.visit = self.clinic.book(self.patient)
        self.order = self.clinic.bill(self.visit, self.patient, 1500)
        self.clinic.mark(self.visit, ReceptionEnded="GETDATE()", CheckIssued="GETDATE()")
        self.clinic.do(
            f"INSERT INTO OrderPaymentsJournal (ID_Orders, IsBillFormed, Debt) VALUES ({self.order}, 1, 1500)"
        )

    def pays(self) -> None:
        """The journal of debts has no time of change: the payment has."""
        self._owes_nothing()
        self.clinic.do(
            "INSERT INTO PaymentsIn (DateTimePayment, ID_Patients, Payment, DateTimeAdded)"
            f" VALUES (GETDATE(), {self.patient}, 1500, GETDATE())"
        )

    def has_an_advance_put_to_the_order(self) -> None:
        """Money that came long before: the order alone is touched."""
        self._owes_nothing()
        self.clinic.do(f"UPDATE Orders SET DateTimeChanged = GETDATE() WHERE ID = {self.order}")

    def _owes_nothing(self) -> None:
        self.clinic.do(f"UPDATE OrderPaymentsJournal SET Debt = 0 WHERE ID_Orders = {self.order}")


HOW = [Billed.pays, Billed.has_an_advance_put_to_the_order]


@pytest.mark.parametrize("settle", HOW)
def test_a_visit_is_paid_at_the_next_look(clinic: IdentClinic, settle: Callable[[Billed], None]) -> None:
    billed, other = Billed(clinic), Billed(clinic)
    source = clinic.open()
    pages, cursor = read_on(source, None)
    assert {visits_of(pages)[one.visit].status for one in (billed, other)} == {VisitStatus.COMPLETED}
    _, cursor = read_on(source, cursor)

    settle(billed)
    pages, cursor = read_on(source, cursor)

    assert {id_: visit.status for id_, visit in visits_of(pages).items()} == {billed.visit: VisitStatus.PAID}
    assert read_on(source, cursor)[0] == []


def test_a_lead_moves_to_paid_when_its_patient_pays_or_the_order_is_settled(clinic: IdentClinic) -> None:
    here = Clinic(settings=Settings(status_sync=StatusSync(rules=RULES)))
    source = clinic.open()
    billed = [Billed(clinic) for _ in HOW]
    for _ in range(2):
        here.sync(source)
    leads = [here.lead_of(one.visit, "pz") for one in billed]
    assert [lead.stage for lead in leads] == [CAME, CAME]

    for one, settle in zip(billed, HOW, strict=True):
        settle(one)
    here.sync(source)

    assert [here.lead_of(one.visit, "pz").stage for one in billed] == [WON, WON]
    assert [here.lead_of(one.visit, "pz").id for one in billed] == [lead.id for lead in leads]
