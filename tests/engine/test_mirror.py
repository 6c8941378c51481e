"""What is read of amoCRM, and when it is enough."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

import pytest

from priem.engine.mirror import FRESH, ONE_OF_EACH, OVERLAP, PIECE, Mirror
from priem.engine.sync import Clinic as Parts
from priem.errors import OutcomeUnknown
from priem.model import Contact, Lead
from tests.engine.clinic import ANNA, Clinic, patient, visit

Read = Callable[[int | None, Collection[int]], Iterator[Sequence[Contact]] | Iterator[Sequence[Lead]]]


def mirror_of(clinic: Clinic) -> Mirror:
    return Mirror(clinic.crm, clinic.store, clinic.clock, clinic.bound)


def filled(clinic: Clinic) -> None:
    for _ in mirror_of(clinic).fill():
        pass


def seconds(clinic: Clinic) -> int:
    return int(clinic.clock.now().timestamp())


def test_everything_is_read_once(clinic: Clinic) -> None:
    for number in range(251):
        clinic.crm.add_contact(f"Контакт {number}")
    filled(clinic)
    assert (len(clinic.store.contacts), clinic.crm.requests) == (251, 3)

    filled(clinic)

    assert clinic.crm.requests == 3


def test_a_few_writes_since_do_not_bring_the_echo_of_a_first_sync_back(clinic: Clinic) -> None:
    """All of it was changed within the seconds that each reading goes back."""
    clinic.crm.add_contact("Старый")
    clinic.mis.put(*(patient(str(number), f"Пациент {number}") for number in range(1200)))
    clinic.sync()
    clinic.clock.wait(5)
    clinic.mis.put(patient("2000", "Первый после"))
    clinic.sync()
    requests = []
    for number in range(2001, 2004):
        clinic.clock.wait(5)
        clinic.mis.put(patient(str(number), f"Пациент {number}"))
        clinic.crm.requests = 0
        clinic.sync()
        requests.append(clinic.crm.requests)

    assert requests[1:] == [3, 3], "a page of contacts, one of leads, and the writing"


def test_an_empty_amocrm_is_known_to_be_empty(clinic: Clinic) -> None:
    filled(clinic)
    clinic.crm.add_contact("Первый")

    mirror_of(clinic).catch_up()

    assert len(clinic.store.contacts) == 1


def test_the_echo_of_a_first_sync_is_read_once(clinic: Clinic) -> None:
    clinic.crm.add_contact("Старый")
    clinic.clock.wait(3600)
    clinic.mis.put(*(patient(str(number), f"Пациент {number}") for number in range(600)))
    clinic.sync()
    requests = []
    for number in range(1000, 1003):
        clinic.clock.wait(3600)
        clinic.mis.put(patient(str(number), f"Пациент {number}"))
        clinic.crm.requests = 0
        clinic.sync()
        requests.append(clinic.crm.requests)

    assert requests == [3 + 1 + 1, 3 + 1 + 1, 1 + 1 + 1]


def test_many_that_show_late_are_all_read(clinic: Clinic) -> None:
    clinic.crm.add_contact("Старый")
    filled(clinic)
    clinic.clock.wait(3600)
    clinic.crm.add_contact("Новый")
    mirror_of(clinic).catch_up()
    late = seconds(clinic) - OVERLAP // 2
    for number in range(300):
        id_ = clinic.crm.add_contact(f"Поздний {number}")
        clinic.crm.all_contacts[id_] = replace(clinic.crm.all_contacts[id_], updated_at=late)

    mirror_of(clinic).catch_up()

    assert clinic.store.contacts.keys() == clinic.crm.all_contacts.keys()


def test_what_webhooks_brought_already_ends_no_reading(clinic: Clinic) -> None:
    clinic.crm.add_contact("Старый")
    filled(clinic)
    clinic.clock.wait(3600)
    clinic.crm.add_contact("Не услышан")
    clinic.clock.wait(1)
    brought = [clinic.crm.add_contact(f"Контакт {number}") for number in range(250)]
    clinic.store.mirror([clinic.crm.all_contacts[id_] for id_ in brought])

    mirror_of(clinic).catch_up()

    assert clinic.store.contacts.keys() == clinic.crm.all_contacts.keys()


@pytest.mark.parametrize("behind", [0, 900], ids=["the clocks agree", "amoCRM's clock is slow"])
@pytest.mark.parametrize("first", [True, False], ids=["in the first reading", "in a later one"])
def test_what_changes_while_a_long_reading_runs_is_read_next_time(clinic: Clinic, behind: int, *, first: bool) -> None:
    clinic.crm._clock = lambda: seconds(clinic) - behind
    known = clinic.crm.add_contact("Кто-то")
    if not first:
        filled(clinic)
        clinic.clock.wait(3600)
        clinic.crm.edit_contact(known, name="Кто-то ещё")
    reading, leads = clinic.crm.contacts, clinic.crm.leads

    def slow_contacts(changed_since: int | None, fields: Collection[int]) -> Iterator[Sequence[Contact]]:
        yield from list(reading(changed_since, fields))
        clinic.crm.edit_contact(known, name="Изменён")
        clinic.clock.wait(600)

    def late_leads(changed_since: int | None, fields: Collection[int]) -> Iterator[Sequence[Lead]]:
        clinic.crm.add_lead()
        return leads(changed_since, fields)

    clinic.crm.contacts, clinic.crm.leads = slow_contacts, late_leads  # type: ignore[method-assign]  # the story itself
    mirror_of(clinic).catch_up()
    clinic.crm.contacts, clinic.crm.leads = reading, leads  # type: ignore[method-assign]  # as before
    assert clinic.store.contacts[known].name != "Изменён"

    mirror_of(clinic).catch_up()

    assert clinic.store.contacts[known].name == "Изменён"


def test_looking_for_a_lost_creation_costs_few_requests(clinic: Clinic) -> None:
    clinic.mis.put(patient(), visit())
    clinic.crm.lose_next_requests()
    with pytest.raises(OutcomeUnknown):
        clinic.sync()
    clinic.crm.requests = 0

    clinic.sync()

    looks, history = 5, 1
    assert clinic.crm.requests == 2 * looks + history + 2


def after_a_first_sync(clinic: Clinic) -> Parts:
    """Of 1,500 patients: six pages of contacts that Priem has written come back with the next reading."""
    clinic.mis.put(*(patient(str(number), f"Пациент {number}") for number in range(1500)))
    parts = clinic.parts()
    clinic.sync(parts=parts)
    return parts


def test_what_a_first_sync_wrote_is_read_back_in_pieces_and_holds_no_change_up(clinic: Clinic) -> None:
    parts = after_a_first_sync(clinic)
    asked = []
    for number in range(2000, 2004):
        clinic.mis.put(patient(str(number), f"Пациент {number}"))
        clinic.crm.requests = 0
        clinic.sync(parts=parts)
        asked.append(clinic.crm.requests)

    assert asked[0] <= 2 + ONE_OF_EACH + PIECE, "the writing, an empty list of leads, what changed last, and a piece"
    assert asked[-1] == 3, "all of it was read by now: a page of contacts, one of leads, and the writing"
    assert len(clinic.store.contacts) == len(clinic.crm.all_contacts)


def test_a_card_that_somebody_made_since_the_first_sync_is_found_though_nobody_told(clinic: Clinic) -> None:
    parts = after_a_first_sync(clinic)
    clinic.clock.wait(1)
    made = clinic.crm.add_contact("Белова Анна", ANNA)
    clinic.mis.put(patient("2000", "Белова Анна", ANNA))

    clinic.sync(parts=parts)

    assert clinic.contact_of("2000").id == made


def test_what_is_read_in_pieces_is_read_at_once_when_it_is_five_minutes_old(clinic: Clinic) -> None:
    parts = after_a_first_sync(clinic)
    clinic.clock.wait(FRESH.total_seconds())
    clinic.mis.put(patient("2000", "Пациент"))
    clinic.crm.requests = 0

    clinic.sync(parts=parts)

    assert clinic.crm.requests >= 7, "each of the pages that came back"
