"""Steps → outcomes. The intent is written down before anything is sent, the outcome after, whatever it is."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from priem.engine.changed import after, changed_contact, changed_lead
from priem.engine.linking import links_to
from priem.engine.vanished import look_after, not_an_error
from priem.engine.wanted import ref_of
from priem.errors import OutcomeUnknown, TryLater
from priem.model import (
    Action,
    ContactDraft,
    Key,
    LeadDraft,
    Outcome,
    State,
    Step,
    Surroundings,
)
from priem.ports import Crm, Store
from priem.texts import text

Carried = Sequence[tuple[Step, Outcome]]


class Underway:
    """Steps that were sent and are not settled yet. All of a kind, contacts or leads, but for news: these have a way of
    their own, on which nothing else makes them wait.

    Everything that it gives is stored already. What is decided meanwhile sees it as if it was done.
    """

    def __init__(self, crm: Crm, store: Store) -> None:
        self._crm = crm
        self._store = store
        self._writing = crm.writing()
        self._of_news = crm.writing()
        self._sent: dict[str, tuple[Step, Surroundings]] = {}
        """By the reference of the draft, with what was around the record when it was decided upon."""
        self._failed: dict[Key, State] = {}
        """What will have to be done over."""
        self._vanished: list[tuple[Step, Surroundings]] = []

    @property
    def undone(self) -> set[Key]:
        """Records whose steps are under way, or have to be done over."""
        return {step.key for step, _ in self._sent.values()} | self._failed.keys()

    @property
    def has_failed(self) -> bool:
        """There is no use in sending more."""
        return bool(self._failed)

    def has_other_than(self, kind: type[Key]) -> bool:
        return any(not isinstance(step.key, kind) for step, _ in self._sent.values())

    def concerns(self, steps: Sequence[Step], also: Collection[Key | None] = ()) -> bool:
        """Whether one of these steps must wait: two changes of one contact or lead may arrive in either order.

        `also` are records that the steps build upon.
        """
        targets = {step.target for step, _ in self._sent.values()} - {None}
        undone = self.undone
        return not undone.isdisjoint(also) or any(
            step.key in undone or (step.draft and step.target in targets) for step in steps
        )

    def concerns_any(self, keys: Collection[Key | None]) -> bool:
        return not self.undone.isdisjoint(keys)

    def seen_in(self, around: Surroundings) -> Surroundings:
        """What is known, as if everything under way was done already: nobody takes what is being taken."""
        contacts, leads = dict(around.contacts), dict(around.leads)
        for step, _ in self._sent.values():
            if isinstance(step.draft, ContactDraft) and step.target in contacts:
                contacts[step.target] = changed_contact(contacts[step.target], step.draft)
            elif isinstance(step.draft, LeadDraft) and step.target in leads:
                leads[step.target] = changed_lead(leads[step.target], step.draft)
        return replace(around, contacts=contacts, leads=leads)

    def send(self, steps: Sequence[Step], around: Surroundings, *, are_news: bool = False) -> Iterator[Carried]:
        """Gives what became of earlier ones meanwhile."""
        if not steps:
            return
        self._store.intend([step for step in steps if step.action in (Action.CREATE, Action.ADOPT, Action.UPDATE)])
        yield [(step, settled_already(step)) for step in steps if step.draft is None]
        drafts = [step.draft for step in steps if step.draft]
        self._sent |= {step.draft.ref: (step, around) for step in steps if step.draft}
        yield from map(self._settled, (self._of_news if are_news else self._writing).put(drafts))

    def settle_contacts(self) -> Iterator[Carried]:
        """Waits for them. Whether any has failed is for `settle` to say."""
        yield from map(self._settled, self._writing.finish(only_contacts=True))

    def settle_those(self, keys: Collection[Key | None]) -> Iterator[Carried]:
        """Waits until none of these is under way, and for nothing behind them. What has failed stays as it is."""
        answers = map(self._settled, self._writing.finish())
        while self._has_sent(keys) and (carried := next(answers, None)) is not None:
            yield carried

    def _has_sent(self, keys: Collection[Key | None]) -> bool:
        return any(step.key in keys for step, _ in self._sent.values())

    def settle_news(self) -> Iterator[Carried]:
        """Waits for what was sent as news, and for nothing else. Whether it has failed is for `settle` to say."""
        yield from map(self._settled, self._of_news.finish())

    def settle(self) -> Iterator[Carried]:
        """Waits for everything that is under way.

        Raises OutcomeUnknown or TryLater at the end if some steps are not settled: their pages have to be read again.
        Raises DecideAnew if all that is not settled has vanished from amoCRM: it stays undone until `begin_anew`.
        """
        yield from self.settle_news()
        yield from map(self._settled, self._writing.finish())
        if State.UNKNOWN in self._failed.values():
            raise OutcomeUnknown(text("amoCRM did not say whether it has written everything."))
        if len(self._failed) > len(self._vanished):
            raise TryLater(text("amoCRM did not take everything now."))
        vanished, self._vanished = self._vanished, []
        look_after(vanished, self._crm, self._store)

    def begin_anew(self) -> None:
        """What had to be done over is decided now: nothing stands against sending more."""
        self._failed = {}

    def _settled(self, outcomes: Sequence[Outcome]) -> Carried:
        told = [(*self._sent.pop(outcome.ref), outcome) for outcome in outcomes]
        carried = [(step, not_an_error(outcome), around) for step, around, outcome in told]
        self._store.record([(step, outcome, after(step, outcome, around)) for step, outcome, around in carried])
        self._failed |= {
            step.key: outcome.state for step, outcome, _ in carried if outcome.state in (State.UNKNOWN, State.POSTPONED)
        }
        self._vanished += [(step, around) for step, around, outcome in told if outcome.gone]
        if parted := [step.key for step, outcome, _ in carried if outcome.state is State.DONE and not links_to(step)]:
            self._store.recall(parted)  # no other contact carries the key any more: now the patient's own is made
        return [(step, outcome) for step, outcome, _ in carried]


def settled_already(step: Step) -> Outcome:
    return Outcome(ref=ref_of(step.key), state=State.DONE, id=step.target)
