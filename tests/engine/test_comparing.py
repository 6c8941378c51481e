"""Both sides of a record: what is equal, whose value wins and why."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from priem.engine.bindings import Bound, bind
from priem.engine.comparing import Pair, Winner, compare_patient, compare_visit
from priem.engine.settings import Contacts, FieldRule, Leads, Policy, Settings, StageName, StageRule, StatusSync
from priem.model import (
    Account,
    Contact,
    FieldInfo,
    Lead,
    Patient,
    PatientKey,
    PhoneEntry,
    PipelineInfo,
    StageInfo,
    Surroundings,
    Visit,
    VisitKey,
    VisitLink,
    VisitStatus,
)

ANNA = PatientKey("ident", "10")
VISIT = VisitKey("ident", "500")
ACCOUNT = Account(
    id=1,
    name="Улыбка",
    subdomain="smile",
    time_zone="Europe/Moscow",
    filters_work=True,
    pipelines=(PipelineInfo(7, "Записи", (StageInfo(71, "Записан", 10), StageInfo(72, "Пришёл", 20)), is_main=True),),
    contact_fields=(FieldInfo(5, "Дата рождения", "birthday"),),
    lead_fields=(FieldInfo(6, "Врач", "text"),),
)
PATIENT = Patient(key=ANNA, name="Ким Анна", phones=("+79213334455",), birthday=date(1990, 5, 1))
CONTACT = Contact(id=1, name="Анна", phones=(PhoneEntry("8 921 333-44-55"),), keys=(ANNA,))


def bound(policy: Policy = "overwrite") -> Bound:
    return bind(
        Settings(
            fields=(
                FieldRule(value="patient.birthday", policy=policy),
                FieldRule(value="visit.doctor", policy=policy),
            ),
            contacts=Contacts(name=policy),
            leads=Leads(first_stage=StageName(pipeline="Записи", stage="Записан")),
            status_sync=StatusSync(
                rules=(StageRule(status=VisitStatus.ARRIVED, pipeline="Записи", stage="Пришёл"),),
            ),
        ),
        ACCOUNT,
    )


def patient_pairs(policy: Policy, contact: Contact = CONTACT, patient: Patient = PATIENT) -> dict[str, Pair]:
    return {pair.what: pair for pair in compare_patient(patient, contact, bound(policy))}


@pytest.mark.parametrize(
    ("policy", "there", "winner"),
    [
        ("overwrite", "1990-05-01", Winner.NOBODY),
        ("overwrite", "1980-01-01", Winner.CLINIC),
        ("fill", "1980-01-01", Winner.CRM),
        ("fill", "", Winner.CLINIC),
        ("never", "", Winner.CRM),
    ],
)
def test_the_settings_say_whose_value_wins(policy: Policy, there: str, winner: Winner) -> None:
    pair = patient_pairs(policy, replace(CONTACT, fields={5: there} if there else {}))["Дата рождения"]
    assert (pair.ours, pair.theirs, pair.winner) == ("1990-05-01", there, winner)
    assert (pair.why is None) is (winner is Winner.NOBODY)


def test_what_the_clinic_does_not_know_stays_in_amocrm() -> None:
    patient = replace(PATIENT, birthday=None, name="")
    pairs = patient_pairs("overwrite", replace(CONTACT, fields={5: "1980-01-01"}), patient)
    assert [pairs[what].winner for what in ("name", "Дата рождения")] == [Winner.CRM, Winner.CRM]


def test_a_phone_in_another_spelling_is_equal_and_a_new_one_is_added() -> None:
    assert patient_pairs("overwrite")["phones"].winner is Winner.NOBODY
    more = replace(PATIENT, phones=("+79213334455", "+79990001122"))
    assert patient_pairs("overwrite", patient=more)["phones"].winner is Winner.BOTH


def visit(status: VisitStatus) -> Visit:
    at = datetime(2026, 11, 26, 11, 30, tzinfo=UTC)
    return Visit(
        key=VISIT,
        patient=ANNA,
        status=status,
        raw_status=status.value,
        starts_at=at,
        doctor_name="Иванова О. П.",
        total=Decimal(1900),
    )


def visit_pairs(status: VisitStatus, stage: int, price: int = 1900) -> dict[str, Pair]:
    lead = Lead(id=9, name="Заявка с сайта", pipeline=7, stage=stage, price=price, contacts=(1,), keys=(VISIT,))
    around = Surroundings(
        visit_links={VISIT: VisitLink(lead=9)}, leads={9: lead}, contacts={1: CONTACT}, lead_owners={9: VISIT}
    )
    return {pair.what: pair for pair in compare_visit(visit(status), lead, around, bound(), ACCOUNT)}


def test_the_stage_of_a_lead_is_compared_with_where_the_rules_put_it() -> None:
    pair = visit_pairs(VisitStatus.ARRIVED, 71)["stage"]
    assert (pair.ours, pair.theirs, pair.winner) == ("Записи / Пришёл", "Записи / Записан", Winner.CLINIC)
    assert visit_pairs(VisitStatus.ARRIVED, 72)["stage"].winner is Winner.NOBODY
    stays = visit_pairs(VisitStatus.BOOKED, 72)["stage"]
    assert (stays.winner, str(stays.why)) == (Winner.CRM, "No rule fits: the stage stays.")


def test_price_and_fields_of_a_lead_are_compared_and_a_name_that_people_gave_stays() -> None:
    pairs = visit_pairs(VisitStatus.ARRIVED, 72, price=1000)
    assert [pairs[what].winner for what in ("price", "Врач", "name")] == [Winner.CLINIC, Winner.CLINIC, Winner.CRM]
    assert "price" in visit_pairs(VisitStatus.ARRIVED, 72)
    assert visit_pairs(VisitStatus.ARRIVED, 72)["price"].winner is Winner.NOBODY
