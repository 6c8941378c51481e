"""Records that wait for a person, or for another record, and how they come back."""

from collections.abc import Iterator, Sequence

from priem.engine.reasons import Reason
from priem.model import Action, Page, PatientKey, Step, Visit, VisitKey
from priem.ports import Recall, Source, Store

AT_ONCE = 500
"""Records that are read anew in one page."""


def show_waiting(visits: Sequence[Visit], decided: Sequence[Step], store: Store) -> None:
    """Puts questions to a person; keeps visits in mind that can have no lead before their patient has a contact."""
    asked = {step.key: step.why.candidates for step in decided if step.action is Action.ASK}
    if questions := {key: candidates for key, candidates in asked.items() if isinstance(key, PatientKey)}:
        store.ask(questions)
    waiting = {step.key for step in decided if step.why.rule in (Reason.WAITS_FOR_ANSWER, Reason.NO_CONTACT)}
    if waiting:
        store.hold({visit.key: visit.patient for visit in visits if visit.key in waiting})


def recalled_pages(source: Source, recalls: Sequence[Recall], cursor: str | None) -> Iterator[Page]:
    """The recalled records as they are now, patients before visits. They move no cursor."""
    if cursor is None:
        return
    patients = [recall.key.id for recall in recalls if isinstance(recall.key, PatientKey)]
    visits = [recall.key.id for recall in recalls if isinstance(recall.key, VisitKey)]
    for start in range(0, len(patients), AT_ONCE):
        yield source.reread(cursor, patients[start : start + AT_ONCE], ())
    for start in range(0, len(visits), AT_ONCE):
        yield source.reread(cursor, (), visits[start : start + AT_ONCE])
