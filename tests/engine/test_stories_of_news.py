"""What happens in the clinic while a first reading of hours runs does not wait for its end. Given, when, then."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest

from priem.model import LOST, Page, VisitStatus
from tests.engine.clinic import ANNA, BOOKED, BORIS, Clinic, Mis, Row, patient, visit
from tests.engine.crashing import Death, Killed, Moment, dying


@dataclass
class Busy(Mis):
    """A clinic where something happens after each page of the first reading, and is told at once."""

    happens: list[tuple[Row, ...]] = field(default_factory=list)
    seen: Callable[[], None] = lambda: None
    """Looks at amoCRM right after the news were told."""

    def __post_init__(self) -> None:
        Mis.__init__(self, page_size=1)

    def changes(self, since: str | None) -> Iterator[Page]:
        for page in super().changes(since):
            yield page
            if (since is None or "//" not in since) and self.happens:
                rows = self.happens.pop(0)
                self.put(*rows)
                yield replace(self._page(rows, page.cursor), is_news=True)
                self.seen()


@pytest.fixture
def busy(clinic: Clinic) -> Busy:
    clinic.mis = Busy()
    clinic.mis.put(*(patient(str(number), f"Пациент Номер{number}") for number in range(1, 6)))
    return clinic.mis


def test_a_booking_is_in_amocrm_before_the_next_page_is_read(clinic: Clinic, busy: Busy) -> None:
    leads: list[int] = []
    busy.happens = [(patient("9", "Новая Вера", ANNA), visit("500", "9"))]
    busy.seen = lambda: leads.extend([clinic.lead_of("500").id, len(clinic.crm.all_contacts)])

    clinic.sync()

    assert leads == [clinic.lead_of("500").id, 1], "the page before it waits for its batch to be filled"
    assert len(clinic.crm.all_contacts) == 6
    assert len(clinic.crm.all_leads) == 1


def test_a_request_that_becomes_a_visit_meanwhile_does_not_wait_for_the_end(clinic: Clinic, busy: Busy) -> None:
    request = clinic.crm.add_lead(contact=clinic.crm.add_contact("Заявка с сайта", ANNA))
    stages: list[int] = []
    busy.happens = [(patient("9", "Новая Вера", ANNA), visit("500", "9"))]
    busy.seen = lambda: stages.append(clinic.crm.all_leads[request].stage)

    clinic.sync()

    assert stages == [BOOKED]
    assert clinic.lead_of("500").id == request


def test_news_of_a_patient_who_is_being_made_wait_for_that(clinic: Clinic, busy: Busy) -> None:
    made: list[int] = []
    busy.happens = [(visit("500", "1"),)]
    busy.seen = lambda: made.extend([len(clinic.crm.all_contacts), clinic.lead_of("500").contacts[0]])

    clinic.sync()

    assert made == [1, clinic.contact_of("1").id]
    assert len(clinic.crm.all_contacts) == 5


def test_news_of_one_who_is_being_made_do_not_wait_for_everybody(clinic: Clinic, busy: Busy) -> None:
    """Two batches are under way: the second one is not what they build upon."""
    busy.page_size = 300
    busy.put(*(patient(str(number), f"Пациент Номер{number}") for number in range(1, 301)))
    made: list[int] = []
    busy.happens = [(visit("500", "1"),)]
    busy.seen = lambda: made.append(len(clinic.crm.all_contacts))

    clinic.sync()

    assert clinic.lead_of("500").contacts == (clinic.contact_of("1").id,)
    assert made == [250]
    assert len(clinic.crm.all_contacts) == 300


def test_news_do_not_decide_for_those_who_wait_for_the_whole_reading(clinic: Clinic, busy: Busy) -> None:
    """The son is put off, since his mother may still come; a stranger's visit in between changes nothing in that."""
    known = clinic.crm.add_contact("Анна Белова", ANNA)
    busy.put(patient("1", "Белов Миша", ANNA), patient("5", "Белова Анна", ANNA))
    busy.happens = [(visit("500", "2"),)]

    clinic.sync()

    assert clinic.contact_of("5").id == known
    assert len(clinic.crm.all_contacts) == 5


def test_a_visit_that_is_booked_and_cancelled_meanwhile_ends_cancelled(clinic: Clinic, busy: Busy) -> None:
    busy.happens = [(visit("500", "1"),), (visit("500", "1", VisitStatus.CANCELLED),)]

    clinic.sync()
    clinic.sync()

    assert clinic.lead_of("500").stage == LOST
    assert len(clinic.crm.all_leads) == 1


@pytest.mark.parametrize("last", [1, 2])
def test_a_visit_that_is_moved_twice_meanwhile_keeps_its_lead_though_its_last_row_is_told_first(
    clinic: Clinic, busy: Busy, last: int
) -> None:
    """`last`: how many of its rows are told before the one that it was booked with is told again."""
    moved = [
        visit("501", hours=48, moved_from="502"),
        visit("502", status=VisitStatus.CANCELLED, hours=24, moved_from="503", moved_to="501"),
        visit("503", status=VisitStatus.CANCELLED, moved_to="502"),
    ]
    leads: list[int] = []
    busy.happens = [(visit("503"),), tuple(moved[:last]), tuple(moved[last:])]

    def looks_and_moves() -> None:
        leads.extend(clinic.crm.all_leads)
        busy.put(*moved)

    busy.seen = looks_and_moves

    clinic.sync()

    assert len(set(leads)) == 1
    assert (clinic.lead_of("501").id, clinic.lead_of("501").stage) == (leads[0], BOOKED)


def test_a_visit_moved_from_one_that_is_not_there_any_more_does_not_wait(clinic: Clinic, busy: Busy) -> None:
    leads: list[int] = []
    busy.happens = [(visit("501", moved_from="502"),)]
    busy.seen = lambda: leads.append(clinic.lead_of("501").id)

    clinic.sync()

    assert list(clinic.crm.all_leads) == leads


def lived(*deaths: Death) -> Clinic:
    clinic = Clinic()
    busy = clinic.mis = Busy()
    clinic.crm.add_lead(contact=clinic.crm.add_contact("Заявка с сайта", ANNA))
    busy.put(*(patient(str(number), f"Пациент Номер{number}") for number in range(1, 4)), visit("400", "3"))
    busy.happens = [
        (patient("9", "Новая Вера", ANNA), visit("500", "9")),
        (visit("501", "9", hours=1), visit("500", "9", VisitStatus.CANCELLED)),
        (patient("2", "Иной Борис", BORIS),),
    ]
    for death in deaths:
        with pytest.raises(Killed):
            clinic.sync(parts=dying(clinic, death))
    clinic.sync()
    clinic.sync()
    return clinic


def calls() -> int:
    clinic, death = Clinic(), Death(-1, "before")
    busy = clinic.mis = Busy()
    busy.put(*(patient(str(number)) for number in range(1, 4)), visit("400", "3"))
    busy.happens = [(patient("9"), visit("500", "9")), (visit("501", "9"),), (patient("2"),)]
    clinic.sync(parts=dying(clinic, death))
    return death.calls


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", range(calls()))
def test_a_first_reading_that_is_killed_amid_news_loses_and_doubles_nothing(call: int, moment: Moment) -> None:
    clinic = lived(Death(call, moment))

    assert clinic.names == ["Иной Борис", "Новая Вера", "Пациент Номер1", "Пациент Номер3"]
    assert {lead.keys[0].id: lead.stage for lead in clinic.crm.all_leads.values()} == {
        "400": BOOKED,
        "500": LOST,
        "501": BOOKED,
    }
    assert clinic.store.open_steps() == ()
