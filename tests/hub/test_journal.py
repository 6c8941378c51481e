"""What the journal keeps, and what it must never keep."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.utils.translation import override

from priem.engine.settings import Settings
from priem.hub import histories, words
from priem.hub.amocrm.remembered import keep
from priem.hub.exchanges import DjangoExchanges
from priem.hub.explaining import explain
from priem.hub.models import Clinic, ExchangeRecord, PatientLink, RejectedRow, StepRecord
from priem.hub.store import DjangoStore
from priem.model import (
    Action,
    Candidate,
    Contact,
    ContactDraft,
    LeadDraft,
    Outcome,
    PatientKey,
    PhoneEntry,
    Rejected,
    State,
    Step,
    VisitKey,
    Why,
)
from priem.ports import Exchange
from priem.texts import text
from tests.contract.fake_account import ACCOUNT

ANNA = PatientKey("ident", "10")
VISIT = VisitKey("ident", "500")
NAME, PHONE, BIRTHDAY, COMMENT = "Секретова Анна", "+79210009988", date(1990, 5, 17), "боится уколов"


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clinic: Clinic, clock: Clock) -> DjangoStore:
    return DjangoStore(clinic.pk, clock)


def creation() -> Step:
    draft = ContactDraft(
        ref="10",
        name=NAME,
        phones=(PhoneEntry(PHONE),),
        keys=(ANNA,),
        fields={7: BIRTHDAY.isoformat(), 5: COMMENT},
        tags=("МИС",),
    )
    why = Why("nobody", (Candidate(77, "phone:other_name"),))
    return Step(action=Action.CREATE, key=ANNA, draft=draft, why=why, fingerprint="f")


def outcome(state: State, id_: int | None = None) -> Outcome:
    return Outcome(ref="10", state=state, id=id_, reason=text("The field {field} is gone.", field=5), request_id="r-1")


def test_a_step_names_what_it_writes_without_the_values(store: DjangoStore) -> None:
    store.intend([creation()])
    assert StepRecord.objects.of_all().get().changes == ["name", "phones", "keys", "field 5", "field 7", "tags"]


def test_a_step_can_be_explained(store: DjangoStore, clinic: Clinic, clock: Clock) -> None:
    step = creation()
    store.intend([step])
    clock.time += timedelta(seconds=2)
    store.record([(step, outcome(State.DONE, 1001), Contact(id=1001, name=NAME))])
    (told,) = histories.steps_of(clinic.pk, "patient", "10")
    assert (told.action, told.key, told.target, told.state) == (Action.CREATE, "ident:10", 1001, State.DONE)
    assert told.why == step.why
    assert told.reason == text("The field {field} is gone.", field=5)
    assert (told.finished_at or told.intended_at) - told.intended_at == timedelta(seconds=2)
    assert histories.steps_of(clinic.pk, "contact", "1001") == (told,)
    assert histories.steps_of(clinic.pk, "visit", "10") == ()
    (link,) = histories.links_of(clinic.pk, "contact", "1001")
    assert (link.key, link.rule) == ("ident:10", "nobody")


def test_a_moved_visit_is_told_by_its_lead(store: DjangoStore, clinic: Clinic) -> None:
    first = Step(action=Action.CREATE, key=VISIT, draft=LeadDraft(ref="a", pipeline=7, stage=8), why=Why("nobody"))
    second = Step(
        action=Action.UPDATE,
        key=VisitKey("ident", "501"),
        target=5,
        draft=LeadDraft(ref="b", id=5, name="Приём"),
        why=Why("moved", stage_rule="rule:2"),
        replaces=VISIT,
    )
    for step in (first, second):
        store.intend([step])
        store.record([(step, outcome(State.DONE, 5), None)])
    assert [(row.key, row.moved_to) for row in histories.links_of(clinic.pk, "lead", "5")] == [
        ("ident:500", "ident:501"),
        ("ident:501", ""),
    ]
    (_, told) = histories.steps_of(clinic.pk, "lead", "5")
    assert (told.replaces, told.why.stage_rule, told.changes) == ("ident:500", "rule:2", ("name",))


def test_a_link_remembers_how_it_was_found_first(store: DjangoStore, clock: Clock) -> None:
    step = creation()
    store.intend([step])
    store.record([(step, outcome(State.DONE, 1001), None)])
    made = clock.time
    clock.time += timedelta(days=3)
    store.intend([Step(action=Action.LEAVE, key=ANNA, target=1001, why=Why("link"), fingerprint="g")])
    link = PatientLink.objects.of_all().get()
    assert (link.rule, link.made_at, link.fingerprint) == ("nobody", made, "g")
    store.intend([Step(action=Action.LEAVE, key=ANNA, target=1002, why=Why("key"), fingerprint="g")])
    link.refresh_from_db()
    assert (link.contact, link.rule, link.made_at) == (1002, "key", clock.time)


def test_a_rejected_row_is_shown_once_until_it_can_be_read(store: DjangoStore, clinic: Clinic, clock: Clock) -> None:
    row = Rejected(kind="patient", id="10", reason=text("The birthday {value} is in the future.", value="2030"))
    store.reject("ident", [row, Rejected(kind="visit", id="10", reason=row.reason)])
    clock.time += timedelta(hours=1)
    store.reject("ident", [row])
    (patient,) = histories.rejected_rows(clinic.pk, "patient", "10")
    (visit,) = histories.rejected_rows(clinic.pk, "visit", "10")
    assert (patient.key, patient.last_seen - patient.first_seen) == ("ident:10", timedelta(hours=1))
    assert (visit.key, visit.last_seen - visit.first_seen) == ("ident:10", timedelta(0))
    store.intend([creation()])
    assert histories.rejected_rows(clinic.pk, "patient", "10") == ()
    assert histories.rejected_rows(clinic.pk, "visit", "10") == (visit,)


def test_steps_of_one_pass_carry_one_id(store: DjangoStore) -> None:
    with store.exclusively():
        store.intend([creation()])
        store.intend([Step(action=Action.LEAVE, key=ANNA, why=Why("link"))])
    with store.exclusively():
        store.intend([Step(action=Action.LEAVE, key=ANNA, why=Why("link"))])
    first, second, third = StepRecord.objects.of_all().order_by("pk").values_list("pass_id", flat=True)
    assert first == second != third


def test_the_journal_holds_no_personal_data(store: DjangoStore, clinic: Clinic) -> None:
    for state, id_ in ((State.DONE, 1001), (State.REFUSED, None), (State.UNKNOWN, None)):
        step = creation()
        store.intend([step])
        store.record([(step, outcome(state, id_), Contact(id=1001, name=NAME, phones=(PhoneEntry(PHONE),)))])
    exchanges = DjangoExchanges(clinic.pk)
    exchanges.note(
        Exchange(system="amocrm", what="PATCH /api/v4/contacts", started_at=datetime.now(UTC), milliseconds=3, items=1)
    )
    exchanges.flush()
    written = "\n".join(everything_in(StepRecord, ExchangeRecord, RejectedRow))
    assert "ident" in written
    for personal in (*NAME.split(), PHONE, PHONE[2:], str(BIRTHDAY), COMMENT):
        assert personal not in written


def everything_in(*tables: type[StepRecord] | type[ExchangeRecord] | type[RejectedRow]) -> Iterator[str]:
    """As the tables hold it, and with JSON's escapes undone."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT * FROM {table._meta.db_table}")  # noqa: S608  # our own table's name
            for row in cursor.fetchall():
                yield str(row)
                yield str(row).encode("ascii", "backslashreplace").decode("unicode_escape")


def test_a_field_is_called_as_amocrm_calls_it(clinic: Clinic) -> None:
    phones = ACCOUNT.contact_fields[0]
    assert explain(clinic.pk, Settings(), "patient", "10").fields == {}
    keep(clinic.pk, ACCOUNT)

    fields = explain(clinic.pk, Settings(), "patient", "10").fields

    with override("ru"):
        assert words.changed(f"field {phones.id}", fields) == f"«{phones.name}»"
        assert words.changed("field 9", fields) == "поле 9"
