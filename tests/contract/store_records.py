"""Invented patients and visits, and the steps, contacts and leads that stores are tried with."""

from collections.abc import Sequence

from priem.model import (
    Action,
    Contact,
    ContactDraft,
    Lead,
    LeadDraft,
    Outcome,
    Patient,
    PatientKey,
    PhoneEntry,
    State,
    Step,
    VisitKey,
    Why,
)
from priem.ports import Store
from priem.texts import text

MOTHER = PatientKey("ident", "10")
CHILD = PatientKey("ident", "11")
MORNING = VisitKey("ident", "500")
EVENING = VisitKey("ident", "501")
NIGHT = VisitKey("ident", "502")
FAMILY_PHONE = "+79213334455"
WHY = Why("new")


def creates(key: PatientKey | VisitKey, *, fingerprint: str = "f1", replaces: VisitKey | None = None) -> Step:
    draft: ContactDraft | LeadDraft
    if isinstance(key, PatientKey):
        draft = ContactDraft(ref=str(key), name="Анна", phones=(PhoneEntry(FAMILY_PHONE),), keys=(key,))
    else:
        draft = LeadDraft(ref=str(key), name="Приём", pipeline=7, stage=71, contact=1, keys=(key,))
    return Step(action=Action.CREATE, key=key, draft=draft, why=WHY, fingerprint=fingerprint, replaces=replaces)


def leaves(key: PatientKey | VisitKey, target: int | None, *, fingerprint: str = "f2") -> Step:
    return Step(action=Action.LEAVE, key=key, target=target, why=WHY, fingerprint=fingerprint)


def done(step: Step, id_: int, after: Contact | Lead | None = None) -> tuple[Step, Outcome, Contact | Lead | None]:
    return step, Outcome(ref=str(step.key), state=State.DONE, id=id_, request_id="r1"), after


def failed(step: Step, state: State) -> tuple[Step, Outcome, None]:
    return step, Outcome(ref=str(step.key), state=state, reason=text("The field {field} is gone.", field=5)), None


def carry_out(store: Store, step: Step, id_: int, after: Contact | Lead | None = None) -> None:
    store.intend([step])
    store.record([done(step, id_, after)])


def contact(id_: int, *phones: str, keys: Sequence[PatientKey] = (), updated_at: int = 100) -> Contact:
    entries = tuple(PhoneEntry(phone) for phone in phones)
    return Contact(id=id_, name="Анна", phones=entries, keys=tuple(keys), updated_at=updated_at)


def lead(id_: int, *contacts: int, keys: Sequence[VisitKey] = (), stage: int = 71, updated_at: int = 100) -> Lead:
    return Lead(
        id=id_, name="Приём", pipeline=7, stage=stage, contacts=contacts, keys=tuple(keys), updated_at=updated_at
    )


def patient(key: PatientKey, *phones: str) -> Patient:
    return Patient(key=key, name="Анна", phones=phones)


def adopts(key: PatientKey, target: int) -> Step:
    draft = ContactDraft(ref=str(key), id=target, keys=(key,))
    return Step(action=Action.ADOPT, key=key, target=target, draft=draft, why=WHY, fingerprint="f3")
