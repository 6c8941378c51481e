"""While much is written, its echo comes back as webhooks: it costs no request, and people's changes are seen in it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from priem.engine.changed import after
from priem.engine.sync import Clinic as Parts
from priem.hub.amocrm import hearing
from priem.hub.clock import SystemClock
from priem.model import Action, ContactDraft, Outcome, PatientKey, PhoneEntry, Step, Surroundings, Why
from priem.passes import one_pass
from tests.engine.clinic import Mis, patient, visit
from tests.hub.amocrm.office import Office, asked, contact_of

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PAGE, PATIENTS, VISITS = 10, 30, 10
WRITING = "POST /api/v4/contacts"


@pytest.fixture(autouse=True)
def listens_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("priem.passes.BETWEEN_LISTENING", -1.0)
    monkeypatch.setattr(hearing, "YOUNG", timedelta(0))


def sync_slowly(office: Office) -> Iterator[int]:
    """One pass; between its pieces every webhook comes that is under way. Gives how many wait then."""
    parts = Parts(crm=office.crm, store=office.store, bound=office.bound, clock=SystemClock(), ears=office.ears)
    for _ in one_pass((office.mis,), parts):
        office.wait_for_hooks()
        yield office.hooks_waiting


def hear_some(office: Office) -> list[str]:
    """As in the middle of a pass. Gives what was asked for it."""
    office.wait_for_hooks()
    before = len(office.requests)
    with office.store.exclusively():
        office.ears.hear_some(5)
    return asked(office, before)


def makes(number: int) -> Step:
    key = PatientKey("ident", str(number))
    draft = ContactDraft(
        ref=str(key), name=f"Белова {number}", phones=(PhoneEntry(f"+7921555{number:04}"),), keys=(key,)
    )
    return Step(action=Action.CREATE, key=key, draft=draft, why=Why("create"))


def changes(contact: int, name: str) -> Step:
    key = PatientKey("ident", "1")
    draft = ContactDraft(ref=str(key), id=contact, name=name)
    return Step(action=Action.UPDATE, key=key, target=contact, draft=draft, why=Why("linked"))


def send(office: Office, *steps: Step) -> list[Outcome]:
    """amoCRM has written it, and nobody has stored that yet."""
    office.store.intend(steps)
    writing = office.crm.writing()
    drafts = [step.draft for step in steps if step.draft]
    return [outcome for outcomes in (*writing.put(drafts), *writing.finish()) for outcome in outcomes]


def store(office: Office, outcomes: list[Outcome], *steps: Step) -> None:
    contacts = {
        step.target: office.store.around_patients([patient("1")]).contacts[step.target] for step in steps if step.target
    }
    around = Surroundings(contacts=contacts)
    by_ref = {outcome.ref: outcome for outcome in outcomes}
    told = [(step, by_ref[str(step.key)]) for step in steps]
    office.store.record([(step, outcome, after(step, outcome, around)) for step, outcome in told])


def test_a_first_sync_asks_nothing_for_its_own_echo(office: Office) -> None:
    office.mis = Mis(page_size=PAGE)
    office.mis.put(*(patient(str(number), f"Белова {number}", f"+7921555{number:04}") for number in range(PATIENTS)))
    office.mis.put(*(visit(str(500 + number), str(number)) for number in range(VISITS)))
    before = len(office.requests)

    waited = list(sync_slowly(office))

    assert max(waited) >= PATIENTS
    assert waited[-1] == 0, "the echo was left for the end"
    assert office.hear()
    assert sorted(asked(office, before)) == [
        "GET /api/v4/contacts",
        "GET /api/v4/leads",
        "GET /api/v4/webhooks",
        "POST /api/v4/contacts",
        "POST /api/v4/leads",
        "POST /api/v4/webhooks",
    ]
    assert office.agrees()


def test_what_is_on_its_way_is_waited_for_and_never_read_back(known: Office) -> None:
    steps = [makes(number) for number in range(2, 12)]
    outcomes = send(known, *steps)

    assert hear_some(known) == []
    assert known.hooks_waiting == len(steps)

    store(known, outcomes, *steps)
    assert hear_some(known) == []
    assert known.hooks_waiting == 0
    assert known.agrees()


def test_who_is_made_by_hand_meanwhile_is_known_at_once(known: Office) -> None:
    send(known, makes(2))
    stranger = known.act("contact", name="Краснов Борис", phone="+79215550011")["contact_id"]

    assert hear_some(known) == ["GET /api/v4/contacts"]

    assert stranger in known.names()
    assert known.hooks_waiting == 1


def test_what_a_manager_changes_under_a_change_of_priems_is_seen_once_that_is_done(known: Office) -> None:
    contact = contact_of(known)
    outcomes = send(known, changes(contact, "Белова Анна Петровна"))
    known.act("edit_contact", contact_id=contact, name="Белова-Краснова Анна")
    assert hear_some(known) == []

    store(known, outcomes, changes(contact, "Белова Анна Петровна"))

    assert hear_some(known) == ["GET /api/v4/contacts"]
    assert known.agrees()


def test_a_pass_that_begins_leaves_nothing_waiting_for_an_answer_that_may_never_come(known: Office) -> None:
    send(known, makes(2))
    assert hear_some(known) == []

    assert known.hear()

    assert known.hooks_waiting == 0
    assert known.agrees()
