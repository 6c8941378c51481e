"""What every CRM promises of drafts that come one after another (`Writing`). Part of the contract of Crm."""

from itertools import chain, islice

import pytest

from priem.errors import AskOperator
from priem.model import ContactDraft, LeadDraft, Outcome, PatientKey, State
from priem.ports import Writing
from tests.contract.crm_contract import Desk, outcomes, states


def new_contacts(first: int, count: int) -> list[ContactDraft]:
    return [
        ContactDraft(ref=str(number), name=f"Пациент {number}", keys=(PatientKey("ident", str(number)),))
        for number in range(first, first + count)
    ]


def heard_of(writing: Writing, *puts: list[ContactDraft]) -> dict[str, Outcome]:
    return outcomes(chain(*(writing.put(drafts) for drafts in puts), writing.finish()))


class WritingContract:
    def test_what_is_put_is_told_once_when_it_is_finished(self, desk: Desk) -> None:
        found = heard_of(desk.crm.writing(), new_contacts(0, 2), new_contacts(2, 3))

        assert states(found) == dict.fromkeys("01234", State.DONE)
        assert len({outcome.id for outcome in found.values()}) == 5

    def test_batches_are_filled_from_what_comes_later(self, desk: Desk) -> None:
        desk.crm.account()
        before = desk.requests()

        heard_of(desk.crm.writing(), new_contacts(0, 150), new_contacts(150, 150), new_contacts(300, 200))

        assert desk.requests() - before == 2

    def test_more_may_be_put_once_all_is_finished(self, desk: Desk) -> None:
        writing = desk.crm.writing()
        first = heard_of(writing, new_contacts(0, 1))["0"]

        found = heard_of(writing, [ContactDraft(ref="again", id=first.id, name="Анна")])

        assert (found["again"].state, found["again"].id) == (State.DONE, first.id)

    def test_who_stops_waiting_hears_of_the_others_later(self, desk: Desk) -> None:
        writing = desk.crm.writing()
        before = outcomes(writing.put(new_contacts(0, 300)))

        first = outcomes(islice(writing.finish(), 1))
        rest = outcomes(chain(writing.put(new_contacts(300, 1)), writing.finish()))

        assert states(before | first | rest) == {str(number): State.DONE for number in range(301)}
        assert len(before) + len(first) + len(rest) == 301, "each is told once"

    def test_contacts_and_leads_go_together(self, desk: Desk) -> None:
        writing = desk.crm.writing()
        drafts: list[ContactDraft | LeadDraft] = [
            ContactDraft(ref="contact", name="Анна"),
            LeadDraft(ref="lead", name="Приём"),
        ]

        found = outcomes(chain(writing.put(drafts), writing.finish()))

        assert states(found) == {"contact": State.DONE, "lead": State.DONE}

    def test_when_the_account_stops_everything_is_put_off_and_said(self, desk: Desk) -> None:
        writing = desk.crm.writing()
        desk.stop()
        told: dict[str, State] = {}

        def listen() -> None:
            for batch in chain(writing.put(new_contacts(0, 300)), writing.finish()):
                told.update({outcome.ref: outcome.state for outcome in batch})

        with pytest.raises(AskOperator):
            listen()
        assert told == {str(number): State.POSTPONED for number in range(300)}
