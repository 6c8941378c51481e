"""What every store promises of contacts and leads that are not in the CRM any more: deleted, or merged away."""

import pytest

from priem.model import Action, LeadDraft, Step, VisitKey
from priem.ports import Store
from tests.contract.store_records import (
    CHILD,
    EVENING,
    FAMILY_PHONE,
    MORNING,
    MOTHER,
    WHY,
    carry_out,
    contact,
    creates,
    lead,
    patient,
)
from tests.contract.test_store import contacts_near, store

__all__ = ["store"]  # the fixture


def test_what_is_gone_is_not_near_any_more_and_its_link_tells_that_it_was(store: Store) -> None:
    carry_out(store, creates(MOTHER), 1, contact(1, FAMILY_PHONE, keys=[MOTHER]))
    carry_out(store, creates(MORNING), 50, lead(50, 1, keys=[MORNING]))
    store.gone(contacts=[1, 404])
    store.gone(leads=[50])
    around = store.around_visits({MORNING: None}, [MOTHER])
    assert (around.contacts, around.leads) == ({}, {})
    assert (around.patient_links[MOTHER].contact, around.visit_links[MORNING].lead) == (1, 50)
    assert contacts_near(store, patient(CHILD, FAMILY_PHONE)) == set()


def test_what_was_gone_and_is_restored_is_there_again(store: Store) -> None:
    store.mirror([contact(1, FAMILY_PHONE, updated_at=200)])
    store.gone(contacts=[1])
    assert set(store.mirror([contact(1, FAMILY_PHONE, updated_at=150)])) == {1}
    assert contacts_near(store, patient(MOTHER, FAMILY_PHONE)) == {1}


def test_a_contact_and_a_lead_of_one_id_are_two(store: Store) -> None:
    carry_out(store, creates(MOTHER), 7, contact(7, FAMILY_PHONE))
    carry_out(store, creates(MORNING), 7, lead(7, 7))
    store.merged(leads={7: 9})
    store.gone(leads=[7])
    around = store.around_visits({MORNING: None}, [MOTHER])
    assert (set(around.contacts), around.merged_contacts, around.merged_leads) == ({7}, {}, {7: 9})


def test_a_link_to_a_merged_contact_brings_the_one_that_lives_on(store: Store) -> None:
    carry_out(store, creates(MOTHER), 1, contact(1, FAMILY_PHONE))
    store.mirror([contact(2, "+79217778899")], [lead(50, 1), lead(51, 2, 1)])
    store.merged(contacts={1: 2})
    around = store.around_visits({}, [MOTHER])
    assert around.merged_contacts == {1: 2}
    assert (set(around.contacts), around.contact_owners) == ({2}, {2: (MOTHER,)})
    assert {id_: found.contacts for id_, found in around.leads.items()} == {50: (2,), 51: (2,)}
    assert contacts_near(store, patient(CHILD, FAMILY_PHONE)) == set()


def test_the_contact_of_two_patients_that_were_merged_is_both_patients(store: Store) -> None:
    carry_out(store, creates(MOTHER), 1, contact(1))
    carry_out(store, creates(CHILD), 2, contact(2))
    store.merged(contacts={1: 2})
    assert store.around_patients([patient(MOTHER)]).contact_owners == {2: (MOTHER, CHILD)}


def test_merges_of_merges_lead_to_who_is_there_at_last(store: Store) -> None:
    carry_out(store, creates(MOTHER), 1, contact(1))
    store.mirror([contact(2), contact(3)])
    store.merged(contacts={1: 2})
    store.merged(contacts={2: 3})
    around = store.around_patients([patient(MOTHER)])
    assert (around.merged_contacts, set(around.contacts)) == ({1: 3}, {3})
    store.merged(contacts={1: 2})  # told late, once more
    assert store.around_patients([patient(MOTHER)]).merged_contacts == {1: 3}


def test_a_link_to_a_merged_lead_brings_the_one_that_lives_on(store: Store) -> None:
    carry_out(store, creates(MORNING), 50, lead(50, 1, keys=[MORNING]))
    store.mirror(leads=[lead(51, 1)])
    store.merged(leads={50: 51})
    around = store.around_visits({MORNING: None}, ())
    assert (around.merged_leads, set(around.leads), around.lead_owners) == ({50: 51}, {51}, {51: MORNING})


def test_a_lead_that_swallowed_anothers_stays_its_own_visits(store: Store) -> None:
    carry_out(store, creates(MORNING), 50, lead(50))
    carry_out(store, creates(EVENING), 51, lead(51))
    store.merged(leads={50: 51})
    assert store.around_visits({MORNING: None}, ()).lead_owners == {51: EVENING}


@pytest.mark.parametrize("whose", [MORNING, EVENING], ids=str)
def test_a_lead_that_swallowed_two_is_the_visits_whose_key_it_carries(store: Store, whose: VisitKey) -> None:
    carry_out(store, creates(MORNING), 50, lead(50))
    carry_out(store, creates(EVENING), 51, lead(51))
    store.mirror(leads=[lead(52, keys=[whose])])
    store.merged(leads={50: 52, 51: 52})
    assert store.around_visits({MORNING: None, EVENING: None}, ()).lead_owners == {52: whose}


def test_a_visit_takes_over_the_lead_that_its_own_was_merged_into(store: Store) -> None:
    carry_out(store, creates(MORNING), 50, lead(50))
    store.mirror(leads=[lead(51)])
    store.merged(leads={50: 51})
    draft = LeadDraft(ref=str(MORNING), id=51, keys=(MORNING,))
    carry_out(store, Step(action=Action.UPDATE, key=MORNING, target=51, draft=draft, why=WHY, fingerprint="f3"), 51)
    around = store.around_visits({MORNING: None}, ())
    assert (around.visit_links[MORNING].lead, around.lead_owners) == (51, {51: MORNING})
