"""amoCRM is asked to tell, and what it does not tell is not taken for told."""

from datetime import UTC, datetime, timedelta

import pytest

from priem.hub.amocrm.inbox import INBOX
from priem.hub.amocrm.subscription import findings, hearing_of, is_deaf
from priem.model import Severity, VisitStatus
from tests.engine.clinic import ANNA, patient, visit
from tests.hub.amocrm.office import Office, asked, contact_of, due

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_amocrm_is_asked_to_post_before_the_first_reading(office: Office) -> None:
    assert not office.hear()
    (hook,) = office.state("webhooks")["webhooks"]
    assert hook["destination"].startswith("http://")
    assert "/amocrm/hooks/" in hook["destination"]
    assert {"add_lead", "update_contact", "delete_lead", "status_lead", "restore_contact"} <= set(hook["settings"])


def test_a_subscription_that_amocrm_switched_off_is_switched_on_again(known: Office) -> None:
    (subscription,) = known.sandbox.sandbox.crm.subscriptions.rows.values()
    subscription.disabled = True
    due(known)

    known.hear()

    (subscription,) = known.sandbox.sandbox.crm.subscriptions.rows.values()
    assert not subscription.disabled


def test_a_hub_that_moved_takes_its_old_address_back(known: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIEM_PUBLIC_URL", "https://priem.example.org")
    due(known)
    known.hear()
    (destination,) = known.sandbox.sandbox.crm.subscriptions.rows
    assert destination.startswith("https://priem.example.org/amocrm/hooks/")

    monkeypatch.delenv("PRIEM_PUBLIC_URL")
    due(known)
    assert not known.hear()
    assert known.sandbox.sandbox.crm.subscriptions.rows == {}


def test_without_the_right_to_subscribe_priem_reads(office: Office) -> None:
    crm = office.sandbox.sandbox.crm
    ordinary = next(user.id for user in crm.users.rows.values() if user.is_active and not user.is_admin)
    for grant in crm.tokens.access.values():
        grant.user_id = ordinary
    office.mis.put(patient("1", "Белова Анна", ANNA))

    office.sync()

    assert not office.hear()
    assert office.names_there() == {contact_of(office): "Белова Анна"}
    assert [finding.severity for finding in findings(office.data)] == [Severity.WARNING]


def test_when_priems_own_writes_do_not_come_back_nothing_counts_as_told(known: Office) -> None:
    known.fault("webhook_lost", count=None)
    known.mis.put(visit("500", status=VisitStatus.CONFIRMED))
    known.sync()
    soon, later = datetime.now(UTC), datetime.now(UTC) + timedelta(minutes=1)
    assert (is_deaf(hearing_of(known.clinic.pk), soon), is_deaf(hearing_of(known.clinic.pk), later)) == (False, True)

    known.mend()
    known.act("contact", name="Кто-то")
    known.hear()

    assert not is_deaf(hearing_of(known.clinic.pk), later)


def test_hooks_of_another_account_are_not_looked_at(known: Office) -> None:
    INBOX.put(known.clinic.pk, b"contacts[update][0][id]=5&contacts[update][0][name]=x&account[id]=1")
    INBOX.put(known.clinic.pk, b"\xff\x00 junk &&&=[[[")
    before = len(known.requests)
    assert known.hear()
    assert (asked(known, before), known.hooks_waiting) == ([], 0)


def test_amocrm_that_is_away_leaves_the_hooks_waiting(known: Office) -> None:
    known.act("edit_contact", contact_id=contact_of(known), name="Белова Анна Петровна")
    known.fault("cut_before", count=8)
    assert not known.hear()
    assert known.hooks_waiting == 1
    assert known.new_ears().hear() or known.new_ears().hear()
    assert known.agrees()
