"""A record and its contact or lead side by side: what is equal, what differs, whose value wins and why. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from priem.engine.bindings import Bound, BoundField
from priem.engine.identity import linked_contact
from priem.engine.names import contact_name, name_to_write
from priem.engine.reasons import say
from priem.engine.rules import place
from priem.engine.settings import Policy
from priem.engine.succession import find_leads
from priem.engine.values import express
from priem.engine.wanted import may_write, merged_phones, price, with_theirs
from priem.model import Account, Contact, FieldValue, Lead, Patient, Surroundings, Visit
from priem.texts import Text, text


class Winner(StrEnum):
    NOBODY = "nobody"
    """They are equal."""
    CLINIC = "clinic"
    """The next pass writes the clinic's."""
    CRM = "crm"
    """What stands in amoCRM stays."""
    BOTH = "both"
    """What the clinic knows is added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One value on both sides."""

    what: str
    """`name`, `phones`, `stage`, `price`; for fields amoCRM's own name of the field."""
    is_field: bool = False
    ours: str
    theirs: str
    winner: Winner
    why: Text | None = None


KNOWS_NOTHING = text("The clinic knows nothing here: what stands in amoCRM stays.")
POLICIES: dict[Policy, Text] = {
    "overwrite": text("The settings say: the clinic's value goes to amoCRM."),
    "fill": text("The settings say: only an empty field is filled."),
    "never": text("The settings say: only cards that Priem makes get this value."),
}
ADDED = text("What the clinic knows is added; nothing is taken away.")
BY_PEOPLE = text("People have named this lead: their name stays.")
OWN_NAME = text("Priem has named this lead, and keeps the name in step.")


def compare_patient(patient: Patient, contact: Contact, bound: Bound) -> tuple[Pair, ...]:
    policy = bound.settings.contacts.name
    return (
        plain("name", contact_name(patient) if patient.name else "", contact.name, policy),
        phones(patient, contact),
        *fields(patient, contact, bound.contact_fields),
    )


def compare_visit(visit: Visit, lead: Lead, around: Surroundings, bound: Bound, account: Account) -> tuple[Pair, ...]:
    return (
        *lead_name_of(visit, lead, around, bound),
        stage(visit, lead, around, bound, account),
        *price_of(visit, lead, bound),
        *fields(visit, lead, bound.lead_fields),
    )


def plain(what: str, ours: str, theirs: str, policy: Policy) -> Pair:
    if ours == theirs:
        return Pair(what=what, ours=ours, theirs=theirs, winner=Winner.NOBODY)
    if not ours:
        return Pair(what=what, ours=ours, theirs=theirs, winner=Winner.CRM, why=KNOWS_NOTHING)
    winner = Winner.CLINIC if may_write(ours, theirs, policy) else Winner.CRM
    return Pair(what=what, ours=ours, theirs=theirs, winner=winner, why=POLICIES[policy])


def phones(patient: Patient, contact: Contact) -> Pair:
    merged = merged_phones(patient.phones, contact.phones)
    is_added = merged != contact.phones
    return Pair(
        what="phones",
        ours=", ".join(patient.phones),
        theirs=", ".join(phone.text for phone in contact.phones),
        winner=Winner.BOTH if is_added else Winner.NOBODY,
        why=ADDED if is_added else None,
    )


def fields(record: Patient | Visit, card: Contact | Lead, bound: Iterable[BoundField]) -> Iterator[Pair]:
    for field in bound:
        ours, theirs = express(field.value.read(record), field.info.kind), card.fields.get(field.info.id, "")
        both = Pair(
            what=field.info.name, is_field=True, ours=written(ours), theirs=written(theirs), winner=Winner.NOBODY
        )
        if ours == theirs or (field.policy == "overwrite" and with_theirs(ours, theirs) == theirs and ours):
            yield both
        elif not ours:
            yield replace(both, winner=Winner.CRM, why=KNOWS_NOTHING)
        else:
            winner = Winner.CLINIC if may_write(ours, theirs, field.policy) else Winner.CRM
            yield replace(both, winner=winner, why=POLICIES[field.policy])


def written(value: FieldValue) -> str:
    return value if isinstance(value, str) else ", ".join(value)


def lead_name_of(visit: Visit, lead: Lead, around: Surroundings, bound: Bound) -> Iterator[Pair]:
    match = find_leads([visit], around, bound).get(visit.key)
    if match is None or match.lead is None or match.lead.id != lead.id:
        return
    name = name_to_write(visit, lead, match, linked_contact(visit.patient, around), bound)
    if name.written:
        yield Pair(what="name", ours=name.written, theirs=lead.name, winner=Winner.CLINIC, why=OWN_NAME)
    elif name.own:
        yield Pair(what="name", ours=lead.name, theirs=lead.name, winner=Winner.NOBODY)
    else:
        yield Pair(what="name", ours="", theirs=lead.name, winner=Winner.CRM, why=BY_PEOPLE)


def stage(visit: Visit, lead: Lead, around: Surroundings, bound: Bound, account: Account) -> Pair:
    """The clinic's side is where the rules put the visit; its own word is the status."""
    placement = place(visit, lead, around.visit_links.get(visit.key), bound)
    now = (lead.pipeline, lead.stage)
    wanted = placement.stage
    winner = Winner.CRM if wanted is None else Winner.NOBODY if wanted == now else Winner.CLINIC
    return Pair(
        what="stage",
        ours=stage_name(wanted, account) if wanted else "",
        theirs=stage_name(now, account),
        winner=winner,
        why=say(placement.rule) if placement.rule else None,
    )


def stage_name(stage: tuple[int, int], account: Account) -> str:
    for pipeline in account.pipelines:
        if pipeline.id == stage[0]:
            return next(
                (f"{pipeline.name} / {one.name}" for one in pipeline.stages if one.id == stage[1]), pipeline.name
            )
    return f"{stage[0]} / {stage[1]}"


def price_of(visit: Visit, lead: Lead, bound: Bound) -> Iterator[Pair]:
    wanted = price(visit, bound)
    if wanted is not None:
        winner = Winner.NOBODY if wanted == lead.price else Winner.CLINIC
        why = POLICIES["overwrite"] if winner is Winner.CLINIC else None
        yield Pair(what="price", ours=str(wanted), theirs=str(lead.price), winner=winner, why=why)
