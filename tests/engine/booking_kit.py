"""A clinic whose МИС lets others book: stories of booking are told with it."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count

from priem.booking import NewPatient, Time
from priem.engine.booking import BookingRequest, book
from priem.engine.booking_rights import Actor
from priem.engine.reception import Answer, Reception
from priem.engine.sync import Clinic as Parts
from priem.intents import Phase
from priem.model import Lead, Visit
from priem.ports import Crm, Store
from tests.contract.fake_booking import FakeDesk
from tests.engine.clinic import ANNA, NOON, Clinic, Mis

MIS = "archimed"
OLGA = Actor(name="amocrm:502", user=502)
HOUSE = Actor(name="cli")
ANNA_NEW = NewPatient(last_name="Белова", first_name="Анна", phone=ANNA)


@dataclass
class BookingClinic(Clinic):
    mis: Mis = field(default_factory=lambda: Mis(MIS))

    def __post_init__(self) -> None:
        super().__post_init__()
        self.desk = FakeDesk(MIS, told=self.mis.put, now=self.clock.now)
        self.desk.works("20", NOON, 6)
        self.desk.works("21", NOON, 6)
        self._refs = count(1)
        self.sync()  # amoCRM is known from here on, and the МИС's cursor stands

    @property
    def reception(self) -> Reception:
        return Reception(
            crm=self.crm, store=self.store, bound=self.bound, clock=self.clock, desks={MIS: self.desk}, patience=2
        )

    def parts(self, crm: Crm | None = None, store: Store | None = None) -> Parts:
        parts = super().parts(crm, store)
        return replace(parts, reception=self.reception) if hasattr(self, "desk") else parts

    def request(self, name: str = "Белова Анна", phone: str = ANNA) -> int:
        """A lead from the site, with its contact; as amoCRM has it now, whether Priem knows it or not."""
        return self.crm.add_lead(contact=self.crm.add_contact(name, phone))

    def at(self, hours: float = 0, doctor: str = "20") -> Time:
        starts_at = NOON + timedelta(hours=hours)
        return Time(doctor=doctor, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=30), branch="1")

    def books(
        self,
        lead: int | None = None,
        hours: float = 0,
        *,
        ref: str = "",
        new: NewPatient | None = None,
        patient: str = "",
        actor: Actor = OLGA,
    ) -> Answer:
        request = BookingRequest(
            ref=ref or f"click-{next(self._refs)}",
            connection=MIS,
            time=self.at(hours),
            lead=lead,
            new_patient=new,
            patient=patient,
        )
        return book(request, actor, self.reception)

    def booked(self, lead: int | None = None, hours: float = 0) -> Visit:
        answer = self.books(lead, hours)
        assert answer.phase is Phase.DONE, str(answer.said)
        assert answer.visit
        return self.desk.visits[answer.visit.id]

    def lead_now(self, id_: int) -> Lead:
        return self.crm.all_leads[id_]

    @property
    def bookings(self) -> list[Visit]:
        return [visit for visit in self.desk.visits.values() if not visit.status.is_over]
