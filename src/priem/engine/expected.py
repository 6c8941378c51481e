"""Visits that are being booked, as the pass meets them: each goes to the lead that it was booked from."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from priem.engine.collisions import is_expected
from priem.engine.identity import name_words
from priem.intents import Deed, Intent, Intents
from priem.model import Page, Patient, Surroundings, Visit, VisitKey

NOBODY = ""
"""The id of the visit that holds a lead until the real one is known."""


def claim(page: Page, connection: str, store: Intents) -> Mapping[int, VisitKey]:
    """Links what the page brings and somebody has just booked. Gives the leads that are still kept for bookings."""
    waiting = [one for one in store.unsettled(connection) if one.wanted.deed is Deed.BOOK and is_expected(one)]
    for intent in waiting:
        if intent.wanted.patient is None:
            claim_patient(intent, page.patients, store)
        if visit := next((one for one in page.visits if is_booked_so(intent, one)), None):
            store.turned_up(intent.id, visit.key)
    leads = [intent.wanted.lead for intent in waiting if intent.phase.is_open and intent.wanted.lead]
    owners = store.visits_of_leads(leads) if leads else {}
    return {lead: owners.get(lead, VisitKey(connection, NOBODY)) for lead in leads}


def claim_patient(intent: Intent, patients: Sequence[Patient], store: Intents) -> None:
    new = intent.wanted.new_patient
    if new is None:
        return
    for patient in patients:
        if new.phone in patient.phones and name_words(patient.name) == name_words(new.name):
            store.patient_known(intent.id, patient.key)


def is_booked_so(intent: Intent, visit: Visit) -> bool:
    time = intent.wanted.time
    return (
        time is not None
        and visit.patient == intent.wanted.patient
        and visit.doctor == time.doctor
        and visit.starts_at == time.starts_at
        and not visit.status.is_over
    )


def kept(around: Surroundings, leads: Mapping[int, VisitKey]) -> Surroundings:
    """Nobody else takes a lead from which somebody books just now."""
    free = {lead: holder for lead, holder in leads.items() if lead in around.leads}
    return replace(around, lead_owners={**free, **around.lead_owners}) if free else around
