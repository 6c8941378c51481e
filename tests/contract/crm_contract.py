"""What every `Crm` promises. Subclass it and give a `desk`: the CRM and what managers do in it."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

import pytest

from priem.errors import AskOperator
from priem.model import (
    LOST,
    Contact,
    ContactDraft,
    Lead,
    LeadDraft,
    Outcome,
    PatientKey,
    PhoneEntry,
    State,
    VisitKey,
)
from priem.ports import Crm
from priem.tasks import TaskDraft

T = TypeVar("T")
ANNA, BORIS = PatientKey("ident", "15"), PatientKey("ident", "16")
VISIT = VisitKey("ident", "900")


class Desk(Protocol):
    """An account that is prepared, and its managers."""

    crm: Crm

    def add_contact(self, name: str, phone: str) -> int: ...
    def rename_contact(self, contact: int, name: str) -> None: ...
    def add_unsorted(self, name: str, phone: str) -> int:
        """A request in «Неразобранное»; gives its lead."""

    def delete_contact(self, contact: int) -> None: ...
    def delete_lead(self, lead: int) -> None: ...
    def merge_contacts(self, winner: int, loser: int) -> None: ...
    def move_lead(self, lead: int, pipeline: int, stage: int) -> None: ...
    def unsorted(self) -> set[int]:
        """Leads that nobody has taken yet."""

    def text_field(self, entity: str) -> int:
        """A custom field that anything may be written to."""

    def requests(self) -> int:
        """How many the account has answered so far."""

    def now(self) -> int:
        """amoCRM's clock."""

    def pass_a_second(self) -> None: ...
    def lose_next_answer(self) -> None:
        """The next write is done, and nobody hears of it."""

    def stop(self) -> None:
        """The account takes nothing any more until a person helps."""


def outcomes(batches: Iterable[Sequence[Outcome]]) -> dict[str, Outcome]:
    found: dict[str, Outcome] = {}
    for batch in batches:
        for outcome in batch:
            assert outcome.ref not in found, "each draft's outcome comes once"
            found[outcome.ref] = outcome
    return found


def id_of(outcome: Outcome) -> int:
    assert outcome.state is State.DONE, outcome
    assert outcome.id is not None
    return outcome.id


def states(found: dict[str, Outcome]) -> dict[str, State]:
    return {ref: outcome.state for ref, outcome in found.items()}


class CrmContract:
    def contacts(self, desk: Desk, since: int | None = None, fields: Collection[int] = ()) -> dict[int, Contact]:
        return self.by_id(desk.crm.contacts(since, fields))

    def leads(self, desk: Desk, since: int | None = None, fields: Collection[int] = ()) -> dict[int, Lead]:
        return self.by_id(desk.crm.leads(since, fields))

    def by_id(self, pages: Iterator[Sequence[T]]) -> dict[int, T]:
        found: dict[int, T] = {}
        for page in pages:
            assert page, "an empty page says nothing"
            for row in page:
                id_: int = row.id  # type: ignore[attr-defined]  # a contact or a lead
                assert id_ not in found, "a row comes once"
                found[id_] = row
        return found

    def new_contact(self, desk: Desk, name: str = "Анна Белова", key: PatientKey = ANNA) -> int:
        draft = ContactDraft(ref="new", name=name, phones=(PhoneEntry("+79123000001"),), keys=(key,))
        return id_of(outcomes(desk.crm.write_contacts([draft]))["new"])

    def new_lead(self, desk: Desk, contact: int | None = None) -> int:
        draft = LeadDraft(ref="new", name="Приём", contact=contact, keys=(VISIT,))
        return id_of(outcomes(desk.crm.write_leads([draft]))["new"])

    def open_stages(self, desk: Desk) -> tuple[int, int, int]:
        """A pipeline and two of its stages."""
        pipeline = desk.crm.account().pipelines[0]
        stages = [stage.id for stage in pipeline.stages if not stage.is_unsorted]
        return pipeline.id, stages[0], stages[1]

    def test_preparing_makes_the_key_fields_once(self, desk: Desk) -> None:
        first, second = desk.crm.prepare(), desk.crm.prepare()
        assert [field.code for field in first.contact_fields].count("PRIEM_PATIENT") == 1
        assert [field.code for field in first.lead_fields].count("PRIEM_VISIT") == 1
        assert second == first

    def test_a_prepared_account_costs_few_requests(self, desk: Desk) -> None:
        before = desk.requests()
        desk.crm.prepare()
        assert desk.requests() - before <= 7

    def test_an_account_says_what_is_needed_to_decide(self, desk: Desk) -> None:
        account = desk.crm.account()
        assert account.time_zone == "Europe/Moscow"
        assert account.users
        assert account.loss_reasons
        assert account.task_types.keys() >= {1, 2}
        assert any(pipeline.is_main for pipeline in account.pipelines)
        for pipeline in account.pipelines:
            assert {stage.id for stage in pipeline.stages} >= {142, 143}
            assert pipeline.stages[0].is_unsorted

    def test_an_empty_account_is_read_with_one_request(self, desk: Desk) -> None:
        before = desk.requests()
        assert self.contacts(desk) == {}
        assert desk.requests() - before == 1

    def test_a_new_contact_reads_as_it_was_written(self, desk: Desk) -> None:
        field = desk.text_field("contacts")
        phones = (PhoneEntry("+79123000001", "WORK"), PhoneEntry("8 (912) 300-00-02", "MOB"))
        draft = ContactDraft(ref="a", name="Анна Белова", phones=phones, keys=(ANNA, BORIS), fields={field: "да"})
        id_ = id_of(outcomes(desk.crm.write_contacts([draft]))["a"])

        contact = self.contacts(desk, fields=[field])[id_]

        assert (contact.name, contact.phones, contact.keys) == ("Анна Белова", phones, (ANNA, BORIS))
        assert contact.fields == {field: "да"}
        assert abs(contact.created_at - desk.now()) < 60
        assert contact.updated_at >= contact.created_at

    def test_fields_that_were_not_asked_for_are_left_out(self, desk: Desk) -> None:
        field = desk.text_field("contacts")
        id_ = id_of(outcomes(desk.crm.write_contacts([ContactDraft(ref="a", fields={field: "да"})]))["a"])
        assert self.contacts(desk)[id_].fields == {}

    def test_a_change_leaves_everything_else_alone(self, desk: Desk) -> None:
        id_ = self.new_contact(desk)
        before = self.contacts(desk)[id_]
        outcome = outcomes(desk.crm.write_contacts([ContactDraft(ref="a", id=id_, name="Анна Чёрная")]))["a"]
        after = self.contacts(desk)[id_]
        assert id_of(outcome) == id_
        assert (after.name, after.phones, after.keys) == ("Анна Чёрная", before.phones, before.keys)

    def test_an_empty_value_clears(self, desk: Desk) -> None:
        field = desk.text_field("contacts")
        id_ = self.new_contact(desk)
        for fields in ({field: "да"}, {field: ""}):
            id_of(outcomes(desk.crm.write_contacts([ContactDraft(ref="a", id=id_, fields=fields)]))["a"])
        id_of(outcomes(desk.crm.write_contacts([ContactDraft(ref="a", id=id_, phones=(), keys=())]))["a"])
        contact = self.contacts(desk, fields=[field])[id_]
        assert (contact.fields, contact.phones, contact.keys) == ({}, (), ())

    def test_a_new_lead_reads_as_it_was_written(self, desk: Desk) -> None:
        contact = self.new_contact(desk)
        pipeline, _, stage = self.open_stages(desk)
        draft = LeadDraft(
            ref="a", name="Приём", pipeline=pipeline, stage=stage, price=1500, contact=contact, keys=(VISIT,)
        )
        id_ = id_of(outcomes(desk.crm.write_leads([draft]))["a"])
        lead = self.leads(desk)[id_]
        assert (lead.name, lead.pipeline, lead.stage, lead.price) == ("Приём", pipeline, stage, 1500)
        assert (lead.contacts, lead.keys) == ((contact,), (VISIT,))
        assert not lead.is_closed

    def test_a_lead_without_a_place_takes_the_first_stage(self, desk: Desk) -> None:
        id_ = self.new_lead(desk)
        lead = self.leads(desk)[id_]
        pipeline, stage, _ = self.open_stages(desk)
        assert (lead.pipeline, lead.stage) == (pipeline, stage)

    def test_a_lead_is_lost_with_a_reason_and_opened_without(self, desk: Desk) -> None:
        id_ = self.new_lead(desk)
        pipeline, stage, _ = self.open_stages(desk)
        reason = next(iter(desk.crm.account().loss_reasons))
        lost = LeadDraft(ref="a", id=id_, pipeline=pipeline, stage=LOST, loss_reason=reason)
        id_of(outcomes(desk.crm.write_leads([lost]))["a"])
        assert (self.leads(desk)[id_].stage, self.leads(desk)[id_].loss_reason) == (LOST, reason)
        id_of(outcomes(desk.crm.write_leads([LeadDraft(ref="a", id=id_, pipeline=pipeline, stage=stage)]))["a"])
        assert (self.leads(desk)[id_].stage, self.leads(desk)[id_].loss_reason) == (stage, None)

    def test_a_lead_that_exists_is_linked_with_one_more_contact(self, desk: Desk) -> None:
        first, second = self.new_contact(desk), self.new_contact(desk, "Борис", BORIS)
        lead = self.new_lead(desk, first)
        for _ in range(2):
            draft = LeadDraft(ref="a", id=lead, price=700, contact=second)
            id_of(outcomes(desk.crm.write_leads([draft]))["a"])
        assert (self.leads(desk)[lead].contacts, self.leads(desk)[lead].price) == ((first, second), 700)

    def test_a_contact_that_is_gone_keeps_nobody_from_changing_the_lead(self, desk: Desk) -> None:
        first, second = self.new_contact(desk), self.new_contact(desk, "Борис", BORIS)
        leads = [self.new_lead(desk, first), self.new_lead(desk, first)]
        kept = self.new_contact(desk, "Вера", PatientKey("ident", "17"))
        desk.delete_contact(second)
        drafts = [
            LeadDraft(ref="gone", id=leads[0], price=700, contact=second),
            LeadDraft(ref="there", id=leads[1], price=800, contact=kept),
        ]
        assert set(states(outcomes(desk.crm.write_leads(drafts))).values()) == {State.DONE}
        after = self.leads(desk)
        assert [(after[lead].price, after[lead].contacts) for lead in leads] == [(700, (first,)), (800, (first, kept))]

    def test_a_request_is_taken_before_it_is_changed(self, desk: Desk) -> None:
        lead = desk.add_unsorted("Анна Белова", "+79123000001")
        waits = self.leads(desk)[lead]
        pipeline = next(one for one in desk.crm.account().pipelines if one.id == waits.pipeline)
        assert waits.stage == next(stage.id for stage in pipeline.stages if stage.is_unsorted)
        stage = [stage.id for stage in pipeline.stages if not stage.is_unsorted][1]
        draft = LeadDraft(ref="a", id=lead, pipeline=pipeline.id, stage=stage, keys=(VISIT,), is_unsorted=True)
        id_of(outcomes(desk.crm.write_leads([draft]))["a"])
        assert desk.unsorted() == set()
        assert (self.leads(desk)[lead].stage, self.leads(desk)[lead].keys) == (stage, (VISIT,))
        id_of(outcomes(desk.crm.write_leads([draft]))["a"])

    def test_a_task_is_made_and_found_again_by_its_lead_and_text(self, desk: Desk) -> None:
        lead, other = self.new_lead(desk), self.new_lead(desk)
        drafts = [
            TaskDraft(ref="good", text="Позвонить", until=desk.now() + 3600, kind=1, entity_id=lead),
            TaskDraft(ref="bad", text="Позвонить", until=desk.now() + 3600, kind=1, entity_id=999999999),
        ]
        found = outcomes(desk.crm.write_tasks(drafts))
        assert states(found) == {"good": State.DONE, "bad": State.REFUSED}
        assert [(task.id, task.lead, task.text) for task in desk.crm.tasks([lead, other])] == [
            (found["good"].id, lead, "Позвонить")
        ]
        assert list(desk.crm.tasks([other])) == []

    def test_only_what_changed_is_read(self, desk: Desk) -> None:
        old, changed = self.new_contact(desk), self.new_contact(desk, "Борис", BORIS)
        desk.pass_a_second()
        mark = desk.now()
        desk.rename_contact(changed, "Борис Белый")
        assert list(self.contacts(desk, mark)) == [changed]
        assert set(self.contacts(desk, mark - 600)) == {old, changed}
        assert self.contacts(desk, mark + 600) == {}

    def test_many_contacts_take_full_batches_and_full_pages(self, desk: Desk) -> None:
        drafts = [
            ContactDraft(ref=str(place), name=f"Пациент {place}", keys=(PatientKey("ident", str(place)),))
            for place in range(501)
        ]
        before = desk.requests()
        written = outcomes(desk.crm.write_contacts(drafts))
        assert desk.requests() - before == 3
        assert set(states(written).values()) == {State.DONE}

        before = desk.requests()
        read = self.contacts(desk)
        assert desk.requests() - before <= 3 + 3, "no more than a few pages beyond the end"
        assert {id_: row.keys[0].id for id_, row in read.items()} == {id_of(one): ref for ref, one in written.items()}

    def test_one_bad_record_is_refused_alone(self, desk: Desk) -> None:
        drafts = [
            ContactDraft(ref="good", name="Анна"),
            ContactDraft(ref="bad", name="Борис", responsible=999999),
            ContactDraft(ref="also good", name="Вера"),
        ]
        found = outcomes(desk.crm.write_contacts(drafts))
        assert states(found) == {"good": State.DONE, "bad": State.REFUSED, "also good": State.DONE}
        assert found["bad"].reason is not None
        assert len(self.contacts(desk)) == 2

    def test_a_field_that_is_not_there_refuses_its_record_alone(self, desk: Desk) -> None:
        drafts = [ContactDraft(ref="bad", fields={999999999: "да"}), ContactDraft(ref="good", name="Анна")]
        assert states(outcomes(desk.crm.write_contacts(drafts))) == {"bad": State.REFUSED, "good": State.DONE}

    def test_a_lead_in_a_stage_that_is_not_there_is_refused(self, desk: Desk) -> None:
        pipeline, _, _ = self.open_stages(desk)
        drafts = [LeadDraft(ref="bad", pipeline=pipeline, stage=999999), LeadDraft(ref="good")]
        assert states(outcomes(desk.crm.write_leads(drafts))) == {"bad": State.REFUSED, "good": State.DONE}

    def test_what_was_deleted_is_said_to_be_gone_and_the_rest_is_written(self, desk: Desk) -> None:
        kept, deleted = self.new_contact(desk), self.new_contact(desk, "Борис", BORIS)
        desk.delete_contact(deleted)
        drafts = [ContactDraft(ref="deleted", id=deleted, name="х"), ContactDraft(ref="kept", id=kept, name="Анна")]
        found = outcomes(desk.crm.write_contacts(drafts))
        assert states(found) == {"deleted": State.REFUSED, "kept": State.DONE}
        assert {ref: outcome.gone for ref, outcome in found.items()} == {"deleted": True, "kept": False}
        assert found["deleted"].reason is not None
        assert list(self.contacts(desk)) == [kept]

    def test_a_deleted_lead_is_not_read_any_more(self, desk: Desk) -> None:
        lead = self.new_lead(desk)
        desk.delete_lead(lead)
        assert self.leads(desk) == {}

    def test_a_merge_moves_the_leads_to_the_one_that_stays(self, desk: Desk) -> None:
        winner, loser = self.new_contact(desk), self.new_contact(desk, "Анна Б.", BORIS)
        lead = self.new_lead(desk, loser)
        desk.merge_contacts(winner, loser)
        assert list(self.contacts(desk)) == [winner]
        assert self.leads(desk)[lead].contacts == (winner,)

    def test_what_was_merged_away_is_said_to_be_gone(self, desk: Desk) -> None:
        winner, loser = self.new_contact(desk), self.new_contact(desk, "Анна Б.", BORIS)
        desk.merge_contacts(winner, loser)
        outcome = outcomes(desk.crm.write_contacts([ContactDraft(ref="a", id=loser, name="х")]))["a"]
        assert (outcome.state, outcome.gone) == (State.REFUSED, True)

    def test_a_lead_that_was_deleted_is_said_to_be_gone(self, desk: Desk) -> None:
        kept, deleted = self.new_lead(desk), self.new_lead(desk)
        desk.delete_lead(deleted)
        drafts = [LeadDraft(ref=name, id=id_, price=5) for name, id_ in (("kept", kept), ("deleted", deleted))]
        found = outcomes(desk.crm.write_leads(drafts))
        assert states(found) == {"kept": State.DONE, "deleted": State.REFUSED}
        assert (found["kept"].gone, found["deleted"].gone) == (False, True)

    def test_a_new_lead_on_a_contact_that_was_deleted_says_so(self, desk: Desk) -> None:
        deleted = self.new_contact(desk)
        desk.delete_contact(deleted)
        found = outcomes(desk.crm.write_leads([LeadDraft(ref="bad", contact=deleted), LeadDraft(ref="good")]))
        assert states(found) == {"bad": State.REFUSED, "good": State.DONE}
        assert (found["bad"].gone, found["good"].gone) == (True, False)

    def test_a_bad_value_is_not_taken_for_a_missing_contact(self, desk: Desk) -> None:
        id_ = self.new_contact(desk)
        outcome = outcomes(desk.crm.write_contacts([ContactDraft(ref="a", id=id_, responsible=999999)]))["a"]
        assert (outcome.state, outcome.gone) == (State.REFUSED, False)

    def test_a_manager_moves_a_lead(self, desk: Desk) -> None:
        lead = self.new_lead(desk)
        pipeline, _, stage = self.open_stages(desk)
        desk.move_lead(lead, pipeline, stage)
        assert self.leads(desk)[lead].stage == stage

    def test_a_lost_answer_is_unknown_and_what_was_done_is_found_by_its_key(self, desk: Desk) -> None:
        desk.lose_next_answer()
        found = outcomes(desk.crm.write_contacts([ContactDraft(ref="a", name="Анна", keys=(ANNA,))]))
        assert states(found) == {"a": State.UNKNOWN}
        assert [contact.keys for contact in self.contacts(desk).values()] == [(ANNA,)]

    def test_an_account_that_stops_postpones_what_is_left_and_calls_for_a_person(self, desk: Desk) -> None:
        desk.stop()
        seen: list[Outcome] = []

        def write() -> None:
            for batch in desk.crm.write_contacts([ContactDraft(ref=str(place)) for place in range(600)]):
                seen.extend(batch)

        with pytest.raises(AskOperator):
            write()
        assert sorted(outcome.ref for outcome in seen) == sorted(str(place) for place in range(600))
        assert {outcome.state for outcome in seen} == {State.POSTPONED}

    def test_nothing_to_write_costs_nothing(self, desk: Desk) -> None:
        before = desk.requests()
        assert outcomes(desk.crm.write_contacts([])) == {}
        assert outcomes(desk.crm.write_leads([])) == {}
        assert desk.requests() == before
