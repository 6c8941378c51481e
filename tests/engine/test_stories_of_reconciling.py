"""What has drifted apart is found by comparing all links with both sides, and repaired if somebody wants that."""

from dataclasses import replace

import pytest

from priem.engine.reconcile import Drift, Drifted, reconcile
from priem.model import LOST, PatientKey, Rejected, VisitKey, VisitStatus
from priem.texts import text
from tests.engine.clinic import ANNA, BOOKED, BORIS, CAME, CONFIRMED, NEW, Clinic, Mis, patient, visit

PATIENT, VISIT = PatientKey("ident", "1"), VisitKey("ident", "500")


@pytest.fixture
def clinic() -> Clinic:
    clinic = Clinic()
    clinic.mis.put(patient("1", "Белова Анна", ANNA), patient("2", "Чернов Борис", BORIS))
    clinic.mis.put(visit("500", total=1900), visit("501", "2", hours=2))
    clinic.sync()
    return clinic


def found(clinic: Clinic, *others: Mis, repair: bool = False) -> list[Drifted]:
    clinic.clock.wait(600)
    return [one for piece in reconcile((clinic.mis, *others), clinic.parts(), repair=repair) for one in piece.drifted]


def kinds(drifted: list[Drifted]) -> list[tuple[str, Drift]]:
    return [(str(one.key), kind) for one in drifted for kind in one.kinds]


def test_what_agrees_is_left_alone(clinic: Clinic) -> None:
    contacts, leads = dict(clinic.crm.all_contacts), dict(clinic.crm.all_leads)

    assert found(clinic, repair=True) == []

    assert (clinic.crm.all_contacts, clinic.crm.all_leads) == (contacts, leads)
    assert clinic.store.reconciled_at() == clinic.clock.now()


def test_before_the_first_sync_there_is_nothing_to_compare() -> None:
    clinic = Clinic()
    clinic.mis.put(patient())

    assert found(clinic) == []
    assert clinic.crm.requests == 0


def test_what_differs_is_told_and_nothing_is_written(clinic: Clinic) -> None:
    lead = clinic.lead_of("500")
    clinic.crm.edit_lead(lead.id, price=1)
    leads = dict(clinic.crm.all_leads)

    (drifted,) = found(clinic)

    assert (drifted.key, drifted.target, drifted.kinds, drifted.what) == (VISIT, lead.id, (Drift.FIELDS,), ("price",))
    assert not drifted.repaired
    assert clinic.crm.all_leads == leads
    assert len(clinic.store.journal) == 4


def test_what_differs_is_repaired_through_the_same_steps(clinic: Clinic) -> None:
    lead = clinic.lead_of("500")
    clinic.crm.edit_lead(lead.id, price=1)

    (drifted,) = found(clinic, repair=True)

    assert drifted.repaired
    assert clinic.lead_of("500").price == 1900
    written = list(clinic.store.journal.values())[-1].step
    assert (written.key, written.why.rule) == (VISIT, "put_back")
    assert found(clinic) == []


def test_a_lead_that_was_put_back_is_brought_where_the_rules_want_it(clinic: Clinic) -> None:
    clinic.crm.edit_lead(clinic.lead_of("500").id, stage=NEW)

    assert kinds(found(clinic, repair=True)) == [("ident:500", Drift.STAGE)]

    assert clinic.lead_of("500").stage == BOOKED


def test_what_managers_did_is_no_drift(clinic: Clinic) -> None:
    lead, contact = clinic.lead_of("500"), clinic.contact_of("1")
    clinic.crm.edit_lead(lead.id, stage=CAME, name="Срочно")
    clinic.crm.edit_contact(contact.id, phones=(ANNA, "+79210001122"))

    assert found(clinic, repair=True) == []

    assert (clinic.lead_of("500").stage, clinic.lead_of("500").name) == (CAME, "Срочно")


def test_two_patients_who_share_a_contact_do_not_write_over_each_other_every_night(clinic: Clinic) -> None:
    clinic.crm.merge_contacts(clinic.contact_of("1").id, clinic.contact_of("2").id)
    clinic.mis.put(patient("1", "Белова Анна И", ANNA), patient("2", "Чернов Борис И", BORIS))
    clinic.sync()
    found(clinic, repair=True)
    contacts = dict(clinic.crm.all_contacts)

    assert found(clinic, repair=True) == []

    assert clinic.crm.all_contacts == contacts


def test_a_change_of_the_clinic_that_nobody_told_is_found(clinic: Clinic) -> None:
    place = ("visit", "500")
    clinic.mis.rows[place] = (clinic.mis.rows[place][0], visit("500", status=VisitStatus.CONFIRMED, total=1900))
    assert clinic.sync() == []

    assert kinds(found(clinic, repair=True)) == [("ident:500", Drift.STAGE)]

    assert clinic.lead_of("500").stage == CONFIRMED
    assert list(clinic.store.journal.values())[-1].step.why.rule == "link"


def test_a_key_that_was_lost_is_written_again(clinic: Clinic) -> None:
    lead = clinic.lead_of("500")
    clinic.crm.all_leads[lead.id] = replace(lead, keys=())

    assert kinds(found(clinic, repair=True)) == [("ident:500", Drift.KEY_LOST)]

    assert clinic.lead_of("500").id == lead.id


def test_a_copy_of_a_contact_gives_the_key_back(clinic: Clinic) -> None:
    contact = clinic.contact_of("1").id
    copy = clinic.crm.add_contact("Белова Анна", keys=(PATIENT,))

    (drifted,) = found(clinic)
    assert (drifted.kinds, drifted.target, drifted.what) == ((Drift.KEY_DOUBLED,), contact, (str(copy),))

    found(clinic, repair=True)
    assert clinic.crm.all_contacts[copy].keys == ()
    assert clinic.contact_of("1").id == contact
    assert clinic.store.patient_links[PATIENT].contact == contact
    assert found(clinic) == []


def test_what_a_person_deleted_is_told_and_not_made_again(clinic: Clinic) -> None:
    clinic.crm.delete_lead(clinic.lead_of("500").id)

    assert kinds(found(clinic, repair=True)) == [("ident:500", Drift.MISSING)]
    assert [lead.keys for lead in clinic.crm.all_leads.values()] == [(VisitKey("ident", "501"),)]


def test_what_was_deleted_is_made_again_where_the_settings_say_so(clinic: Clinic) -> None:
    clinic.decides(make_again=True)
    clinic.sync()
    clinic.crm.delete_lead(clinic.lead_of("500").id)

    (drifted,) = found(clinic, repair=True)

    assert (drifted.kinds, drifted.repaired) == ((Drift.MISSING,), True)
    assert clinic.lead_of("500").contacts == (clinic.contact_of("1").id,)


def test_a_merge_of_which_nobody_told_is_followed(clinic: Clinic) -> None:
    winner = clinic.crm.add_contact("Белова Анна")
    clinic.crm.merge_contacts(winner, clinic.contact_of("1").id)

    found(clinic, repair=True)

    assert clinic.contact_of("1").id == winner
    assert found(clinic) == []


def test_a_visit_that_is_gone_from_the_clinic_is_told_while_its_lead_is_open(clinic: Clinic) -> None:
    del clinic.mis.rows["visit", "500"]
    assert kinds(found(clinic)) == [("ident:500", Drift.RECORD_GONE)]

    clinic.crm.edit_lead(clinic.lead_of("500").id, stage=LOST)

    assert found(clinic) == []


def test_a_row_that_cannot_be_read_any_more_is_told(clinic: Clinic) -> None:
    broken = Rejected(kind="patient", id="1", reason=text("The row is broken."))
    clinic.mis.rows["patient", "1"] = (clinic.mis.rows["patient", "1"][0], broken)

    assert (str(PATIENT), Drift.UNREADABLE) in kinds(found(clinic))


def test_a_dry_comparison_leaves_the_cursor_and_the_recalls_where_they_are(clinic: Clinic) -> None:
    clinic.mis.put(visit("502", hours=5))
    clinic.store.recall([VISIT])
    cursor = clinic.store.cursor("ident")

    found(clinic)

    assert clinic.store.cursor("ident") == cursor
    assert [recall.key for recall in clinic.store.recalled("ident")] == [VISIT]


def test_a_repair_that_is_cut_off_is_taken_up_again(clinic: Clinic) -> None:
    clinic.crm.edit_lead(clinic.lead_of("500").id, price=1)
    clinic.crm.lose_next_requests()
    with pytest.raises(Exception, match="amoCRM"):
        found(clinic, repair=True)

    clinic.sync_until_it_works()
    found(clinic, repair=True)

    assert clinic.lead_of("500").price == 1900
