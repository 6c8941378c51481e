"""What managers do in amoCRM is known before anything is decided, and is asked for only when it is news."""

import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from priem.hub.models import Hearing, PatientLink, ReceivedHook
from priem.model import (
    LOST,
    Action,
    Patient,
    PatientKey,
    Service,
    Visit,
    VisitKey,
    VisitStatus,
)
from tests.engine.clinic import ANNA, BORIS, NOON, patient, visit
from tests.hub.amocrm.conftest import OpensOffice
from tests.hub.amocrm.office import Office, asked, contact_of, due, lead_of

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

WHOLE = Patient(
    key=PatientKey("ident", "7"),
    name="Белова  Вера",
    phones=(BORIS, "+79215550012"),
    birthday=date(1978, 2, 2),
    email="vera@example.org",
    card_number="К-17",
    parent_name="Белова Анна",
    source="Сайт",
    first_visit=date(2026, 1, 31),
)
BOOKED = Visit(
    key=VisitKey("ident", "700"),
    patient=WHOLE.key,
    status=VisitStatus.BOOKED,
    raw_status="booked",
    starts_at=NOON,
    ends_at=NOON + timedelta(minutes=45),
    branch="3",
    branch_name="На Ленина",
    doctor_name="Зубов Иван",
    speciality="Терапевт",
    room="4",
    services=(
        Service(name="Осмотр", count=Decimal(1), total=Decimal("900.50")),
        Service(name="Чистка", count=Decimal(1), total=Decimal(1000)),
    ),
    total=Decimal("1900.5000000000"),
    comment="Первая строка\nвторая & третья = ещё",
    is_first=True,
)
"""With a value of every kind."""


def test_what_a_manager_does_is_in_the_mirror_at_the_next_pass(known: Office) -> None:
    known.act("edit_contact", contact_id=contact_of(known), name="Белова Анна Петровна")
    known.act("move_stage", lead_id=lead_of(known), status="Пришёл")
    other = known.act("site_form_lead", name="Новый", phone="+79215550011")
    before = len(known.requests)

    assert known.hear()

    assert known.agrees()
    assert other["contact_id"] in known.names()
    assert asked(known, before) == ["GET /api/v4/contacts", "GET /api/v4/leads"]


def test_priems_own_writes_come_back_and_cost_nothing(known: Office) -> None:
    known.mis.put(visit("500", status=VisitStatus.CONFIRMED, hours=5))
    before = len(known.requests)

    known.sync()
    assert known.hear()
    known.sync()

    assert asked(known, before) == ["PATCH /api/v4/leads"]
    assert known.agrees()


def test_whatever_priem_writes_is_known_again_when_it_comes_back(known: Office) -> None:
    """Every kind of field there is, in a contact and in a lead."""
    known.mis.put(WHOLE, BOOKED)
    known.sync()
    before = len(known.requests)
    assert known.hear()
    assert asked(known, before) == []

    known.mis.put(
        replace(WHOLE, name="Белова Вера", birthday=date(1979, 3, 3), email="", card_number="К-18"),
        replace(BOOKED, total=Decimal(0), services=(), is_first=False, comment="", room="5", doctor_name="Зубова Ия"),
    )
    known.sync()
    before = len(known.requests)
    assert known.hear()
    assert asked(known, before) == []
    known.sync()


def test_nothing_is_asked_while_nothing_happens(known: Office) -> None:
    before = len(known.requests)
    for _ in range(5):
        known.sync()
    assert asked(known, before) == []


def test_what_a_manager_chose_a_moment_ago_is_respected_without_asking(known: Office) -> None:
    """A lead that stands ahead is not pulled back."""
    known.act("move_stage", lead_id=lead_of(known), status="Пришёл")
    known.mis.put(visit("500", status=VisitStatus.CONFIRMED))
    stage = known.stages_there()[lead_of(known)]

    known.sync()

    assert known.stages_there() == {lead_of(known): stage}


@pytest.mark.parametrize("kind", ["webhook_doubled", "webhook_late", "webhook_reordered"])
def test_hooks_that_come_twice_late_or_in_another_order_end_in_the_right_state(known: Office, kind: str) -> None:
    known.fault(kind, count=3, seconds=0.5)
    for name in ("Первая", "Вторая", "Третья"):
        known.act("edit_contact", contact_id=contact_of(known), name=name)
        known.act("move_stage", lead_id=lead_of(known), status="Пришёл" if name == "Вторая" else "Подтверждён")

    assert known.hear()

    assert known.agrees()
    assert known.hooks_waiting == 0


def test_a_hook_that_overtook_a_deletion_does_not_bring_the_deleted_back(known: Office) -> None:
    contact = known.act("contact", name="Кто-то", phone="+79215550011")["contact_id"]
    known.hear()
    known.fault("webhook_reordered", path="update_contact", seconds=2)
    known.act("edit_contact", contact_id=contact, name="Кто-то ещё")
    known.act("delete_contact", contact_id=contact)

    known.hear()

    assert contact not in known.names()
    assert known.agrees()


def test_who_hears_at_once_makes_a_visits_lead_without_looking_first(known: Office) -> None:
    stranger = known.act("contact", name="Краснов Борис", phone=BORIS)["contact_id"]
    known.hear()
    known.store.mirrored(int(datetime.now(UTC).timestamp()))
    before = len(known.requests)
    known.mis.put(patient("2", "Краснов Борис", BORIS), visit("502", "2"))

    known.sync()

    assert asked(known, before) == ["PATCH /api/v4/contacts", "POST /api/v4/leads"]
    assert PatientLink.objects.of(known.clinic.pk).get(patient="2").contact == stranger


def test_who_heard_nothing_for_a_while_looks_before_making_anything(known: Office) -> None:
    """The hook of what a manager made beforehand may be lost: then nothing else tells of it."""
    known.store.mirrored(int(datetime.now(UTC).timestamp()))
    Hearing.objects.of(known.clinic.pk).update(heard_at=datetime.now(UTC) - timedelta(minutes=2))
    known.fault("webhook_lost", count=1)
    made = known.act("contact", name="Краснов Борис", phone=BORIS)["contact_id"]
    known.mis.put(patient("2", "Краснов Борис", BORIS))

    known.sync()

    assert PatientLink.objects.of(known.clinic.pk).get(patient="2").contact == made


def test_who_read_a_minute_ago_looks_too_for_a_hook_may_be_lost_alone(known: Office) -> None:
    known.store.mirrored(int(datetime.now(UTC).timestamp()) - 60)
    known.fault("webhook_lost", count=1)
    anna = contact_of(known)
    made = known.act("contact", name="Краснов Борис", phone=BORIS)["contact_id"]
    known.act("edit_contact", contact_id=anna, name="Белова Анна Петровна")
    known.mis.put(patient("2", "Краснов Борис", BORIS))

    known.sync()

    assert PatientLink.objects.of(known.clinic.pk).get(patient="2").contact == made


def test_lost_hooks_are_made_up_for_by_the_next_catching_up(known: Office) -> None:
    known.fault("webhook_lost", count=10)
    stranger = known.act("contact", name="Кто-то", phone="+79215550011")["contact_id"]
    known.act("edit_contact", contact_id=stranger, name="Кто-то другой")
    known.act("move_stage", lead_id=lead_of(known), status="Пришёл")
    doomed = known.act("lead", name="Лишняя")["lead_id"]
    known.act("delete_lead", lead_id=doomed)
    known.hear()
    assert not known.agrees()

    due(known)
    assert known.hear()

    assert known.agrees()


def test_a_clinic_whose_account_ignores_filters_is_heard_as_well(open_office: OpensOffice) -> None:
    office = open_office(filters=False)
    office.mis.put(patient("1", "Белова Анна", ANNA), visit("500"))
    office.sync()
    assert office.hear()
    office.act("move_stage", lead_id=lead_of(office), status="Пришёл")

    assert office.hear()
    assert office.agrees()

    office.fault("webhook_lost", count=2)
    office.act("move_stage", lead_id=lead_of(office), status="Подтверждён")
    due(office)
    office.hear()
    assert office.agrees()


def test_after_an_outage_of_the_hub_everything_is_known_again(known: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("priem.hub.amocrm.views.INBOX", Shut())
    known.act("edit_contact", contact_id=contact_of(known), name="Белова Анна Петровна")
    known.act("move_stage", lead_id=lead_of(known), status="Пришёл")
    monkeypatch.undo()
    due(known)

    known.ears.hear()

    assert known.agrees()


class Shut:
    """An inbox that takes nothing."""

    def put(self, clinic_id: int, body: bytes) -> bool:  # noqa: ARG002  # as the real one
        return False


def test_a_merge_of_contacts_is_followed_and_nobody_is_made_twice(known: Office) -> None:
    loser = contact_of(known)
    winner = known.act("contact", name="Белова Аня", phone="+79215550000")["contact_id"]
    known.hear()
    known.act("merge_contacts", winner=winner, loser=loser)
    known.mis.put(patient("1", "Белова Анна Ивановна", ANNA), visit("501", hours=24))

    known.sync()

    assert list(known.names_there()) == [winner]
    assert known.names_there() == {winner: "Белова Анна Ивановна"}
    assert len(known.stages_there()) == 2
    assert known.hear()
    assert known.agrees()


def test_a_merge_that_no_hook_told_of_is_learnt_from_the_history(known: Office) -> None:
    loser = contact_of(known)
    winner = known.act("contact", name="Белова Аня", phone="+79215550000")["contact_id"]
    known.hear()
    known.fault("webhook_lost", count=9)
    known.act("merge_contacts", winner=winner, loser=loser)
    due(known)
    known.mis.put(patient("1", "Белова Анна Ивановна", ANNA))

    known.sync()

    assert known.names_there() == {winner: "Белова Анна Ивановна"}


def test_the_winner_of_a_merge_becomes_the_patients_though_the_clinic_changed_nothing(known: Office) -> None:
    known.mis.put(patient("2", "Краснов Борис", BORIS))
    known.sync()
    anna, boris = sorted(known.names_there())
    known.act("merge_contacts", winner=boris, loser=anna)

    known.sync()

    (card,) = known.sandbox.sandbox.crm.contacts.living()
    assert "ident:1" in str(card.filled)
    assert "ident:2" in str(card.filled)
    assert PatientLink.objects.of(known.clinic.pk).values_list("contact", flat=True).distinct().get() == boris


def test_a_merge_of_leads_is_followed(known: Office) -> None:
    loser = lead_of(known)
    winner = known.act("lead", name="Заявка", contact_id=contact_of(known))["lead_id"]
    known.hear()
    known.act("merge_leads", winner=winner, loser=loser)
    known.mis.put(visit("500", status=VisitStatus.ARRIVED))

    known.sync()

    assert list(known.stages_there()) == [winner]
    assert known.hear()
    assert known.agrees()


def test_what_a_person_deleted_is_left_deleted(known: Office) -> None:
    known.act("delete_lead", lead_id=lead_of(known))
    known.act("delete_contact", contact_id=contact_of(known))
    known.mis.put(patient("1", "Белова Анна Ивановна", ANNA), visit("500", status=VisitStatus.CONFIRMED))

    steps = known.sync()

    assert {step.action for step in steps} == {Action.LEAVE}
    assert (known.names_there(), known.stages_there()) == ({}, {})


def test_what_is_restored_from_the_trash_is_the_patients_again(known: Office) -> None:
    contact = contact_of(known)
    known.act("delete_contact", contact_id=contact)
    known.hear()
    known.act("restore_contact", contact_id=contact)
    known.mis.put(patient("1", "Белова Анна Ивановна", ANNA))

    known.sync()

    assert known.names_there() == {contact: "Белова Анна Ивановна"}


def test_a_lead_that_is_lost_by_a_manager_is_known_to_be_closed(known: Office) -> None:
    known.act("move_stage", lead_id=lead_of(known), status="Закрыто и не реализовано")
    known.hear()
    assert known.stages() == {lead_of(known): LOST}


def test_a_request_from_the_site_becomes_the_visit_that_is_booked_next(known: Office) -> None:
    request = known.act("site_form_lead", name="Борис", phone=BORIS)
    known.hear()
    known.mis.put(patient("2", "Краснов Борис", BORIS), visit("600", patient="2"))

    known.sync()

    assert len(known.names_there()) == 2
    assert request["lead_id"] in known.stages_there()
    assert len(known.stages_there()) == 2


def test_a_hook_that_another_process_stores_meanwhile_is_not_thrown_away(known: Office) -> None:
    """Ids are given when a row is made, not when it is committed: a smaller one may appear later."""
    known.fault("webhook_lost", path="add_contact")
    stranger = known.act("contact", name="Кто-то", phone="+79215550011")["contact_id"]
    known.act("edit_contact", contact_id=min(known.names()), name="Белова Анна Петровна")
    known.wait_for_hooks()
    hooks = ReceivedHook.objects.of(known.clinic.pk)
    first = hooks.earliest("id")
    hooks.filter(id=first.pk).update(id=first.pk + 10)
    known.fault("slow", method="GET", path="/api/v4/contacts", seconds=0.3)
    before = len(known.requests)

    def store_late() -> None:
        while len(known.requests) == before:
            time.sleep(0.01)
        told = f"contacts[add][0][id]={stranger}&contacts[add][0][type]=contact".encode()
        ReceivedHook.objects.create(id=first.pk, clinic=known.clinic, received_at=first.received_at, body=told)
        connection.close()

    late = threading.Thread(target=store_late)
    late.start()
    assert known.ears.hear()
    late.join()

    assert stranger in known.names()
    assert known.agrees()
