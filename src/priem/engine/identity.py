"""Which contact is this patient. Pure, and the same for the same surroundings. Which lead is a visit: `succession`.

A phone is a household, not a person: mothers book for children. A shared phone brings a contact near, then the name
and the birthday choose. Patients of one page are looked at together, so that the contact «Анна Белова» goes to Anna
even when her son's card comes first; when it comes pages earlier, `sync` puts the son off.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from priem.engine.bindings import Bound
from priem.engine.marks import name_mark, named
from priem.engine.reasons import Reason
from priem.model import Candidate, Contact, Key, Lead, Patient, PatientKey, PatientLink, Surroundings, Told, Why
from priem.phones import numbers_in

Record = TypeVar("Record", Contact, Lead)

ENOUGH_WORDS = 2
"""Of a name: whoever has married keeps two of three. A first name alone is many people's."""

HOUSEHOLD = 20
"""A number on more contacts than this is a switchboard's or the clinic's own, not a household's."""


class Likeness(Enum):
    """How well a contact that shares a phone fits, the best first."""

    NAME_AND_BIRTHDAY = Reason.NAME_AND_BIRTHDAY
    NAME = Reason.NAME
    PART_OF_NAME = Reason.PART_OF_NAME
    NAMELESS = Reason.NAMELESS
    OTHER_NAME = Reason.OTHER_NAME

    @property
    def is_doubtful(self) -> bool:
        """Another of the household may fit better."""
        return self not in (Likeness.NAME_AND_BIRTHDAY, Likeness.NAME)


@dataclass(frozen=True, slots=True)
class FoundContact:
    contact: Contact | None
    why: Why
    is_doubtful: bool = False
    """A patient who is still to come may fit better."""
    is_question: bool = False
    """A person has to say which it is."""
    is_let_go: bool = False
    """A person has said that it is not this one, and it still carries the key."""


def find_contacts(patients: Sequence[Patient], around: Surroundings, bound: Bound) -> dict[PatientKey, FoundContact]:
    """For every patient the contact that he already is, or none, and why."""
    carriers = by_key(around.contacts.values())
    certain = {
        patient.key: certain_contact(patient, around, carriers.get(patient.key, ()), bound) for patient in patients
    }
    found = {key: match for key, match in certain.items() if match}
    taken = {match.contact.id for match in found.values() if match.contact}
    uncertain = [patient for patient in patients if patient.key not in found]
    found.update(by_phone(uncertain, around, bound, taken))
    return found


def by_key(records: Iterable[Record]) -> Mapping[Key, Sequence[Record]]:
    """Who carries which key, the eldest first."""
    carriers: defaultdict[Key, list[Record]] = defaultdict(list)
    for record in sorted(records, key=lambda record: (record.created_at, record.id)):
        for key in record.keys:
            carriers[key].append(record)
    return carriers


def certain_contact(
    patient: Patient, around: Surroundings, carriers: Sequence[Contact], bound: Bound
) -> FoundContact | None:
    """By link, then by key, then by what a person has said. What a person has linked is nobody else, even when gone."""
    link = around.patient_links.get(patient.key)
    said = Reason.PERSON if link and link.by_person else Reason.LINK
    if link and (alive := living_contact(patient.key, around)):
        if not link.by_person and is_somebody_else(patient, alive, link, around, bound):
            why = Why(Reason.SOMEBODY_ELSE, (Candidate(alive.id, Reason.SOMEBODY_ELSE),))
            return FoundContact(None, why, is_question=True)
        return FoundContact(alive, Why(said, (Candidate(alive.id, said),)))
    if link and link.by_person:
        return FoundContact(None, Why(Reason.GONE))
    is_new = around.told.get(patient.key) is Told.NEW
    if carriers:
        return carrying_contact(patient, carriers, bound, is_new=is_new)
    return FoundContact(None, Why(Reason.PERSON_SAID_NEW)) if is_new else None


def carrying_contact(patient: Patient, carriers: Sequence[Contact], bound: Bound, *, is_new: bool) -> FoundContact:
    """`is_new`: a person has said that it is none of those that were there."""
    looked_at = tuple(Candidate(one.id, Reason.KEY) for one in carriers)
    is_enough = bound.settings.duplicates.id_is_enough and not is_new
    words = ENOUGH_WORDS if is_new else 1
    if agreeing := [one for one in carriers if is_enough or agrees(patient, one, words)]:
        return FoundContact(agreeing[0], Why(Reason.KEY, looked_at))
    if is_new:
        return FoundContact(carriers[0], Why(Reason.PERSON_SAID_NEW, looked_at), is_let_go=True)
    return FoundContact(None, Why(Reason.KEY_ALONE, looked_at))


def agrees(patient: Patient, contact: Contact, words: int = 1) -> bool:
    """Does the phone say so, too, or so many words of the name?"""
    theirs = {number for phone in contact.phones for number in numbers_in(phone.text)}
    return not theirs.isdisjoint(patient.phones) or len(name_words(patient.name) & name_words(contact.name)) >= words


def is_somebody_else(patient: Patient, contact: Contact, link: PatientLink, around: Surroundings, bound: Bound) -> bool:
    """Name, phone and birthday are all other ones: a МИС that was put back to an older copy gives numbers anew, maybe
    days later. Whoever marries, moves or was written down wrongly keeps something."""
    return (
        likeness(patient, contact, bound) is Likeness.OTHER_NAME
        and bool(patient.phones and contact.phones)
        and not agrees(patient, contact, ENOUGH_WORDS)
        and (patient.key in around.asked or has_other_birthday(patient, contact, link, bound))
    )


def has_other_birthday(patient: Patient, contact: Contact, link: PatientLink, bound: Bound) -> bool:
    """Than when it was decided last, or than amoCRM says: not every clinic carries it over."""
    if not patient.birthday:
        return False
    if before := named(link.fingerprint):
        return before != name_mark(patient.birthday.isoformat())
    is_known = any(contact.fields.get(field) for field in birthday_fields(bound))
    return is_known and not has_birthday(patient, contact, bound)


def linked_contact(patient: PatientKey, around: Surroundings) -> Contact | None:
    """The patient's, unless a person is just being asked whether it is."""
    return None if patient in around.asked else living_contact(patient, around)


def living_contact(patient: PatientKey, around: Surroundings) -> Contact | None:
    """The contact that the patient's link leads to, if it still lives, in itself or in the one it was merged into."""
    link = around.patient_links.get(patient)
    return around.contacts.get(around.merged_contacts.get(link.contact, link.contact)) if link else None


def by_phone(
    patients: Sequence[Patient], around: Surroundings, bound: Bound, taken: set[int]
) -> Iterator[tuple[PatientKey, FoundContact]]:
    """The best fitting pairs first; each contact goes to one patient of a connection. Of several that fit, the one that
    is this person in another branch already: what was decided there, maybe by a person, is decided for both."""
    policy, in_question = bound.settings.duplicates.several_contacts, set[int]()
    by_number = contacts_by_number(around.contacts.values(), bound)
    near = {patient.key: list(sharing_phone(patient, around, bound, by_number)) for patient in patients}
    for likeness in Likeness:
        for key in list(near):
            fitting = [contact for contact, how in near[key] if how is likeness and contact.id not in taken]
            fits = [contact for contact in fitting if owners_of(contact, around)] or fitting
            if policy == "ask" and (len(fits) > 1 or in_question & {contact.id for contact in fits}):
                in_question |= {contact.id for contact in fits}
                why = Why(Reason.ASK, explained(near.pop(key)))
                yield key, FoundContact(None, why, likeness.is_doubtful, is_question=True)
            elif fits:
                chosen = choose_contact(fits, policy)
                taken.add(chosen.id)
                yield key, FoundContact(chosen, Why(likeness.value, explained(near.pop(key))), likeness.is_doubtful)
    for key, looked_at in near.items():
        yield key, FoundContact(None, Why(Reason.NOBODY, explained(looked_at)))


def contacts_by_number(contacts: Iterable[Contact], bound: Bound) -> Mapping[str, Sequence[Contact]]:
    """Without the numbers that are nobody's, by the settings or by how many contacts have them."""
    near: defaultdict[str, list[Contact]] = defaultdict(list)
    for contact in contacts:
        for number in {number for phone in contact.phones for number in numbers_in(phone.text)} - bound.junk_phones:
            near[number].append(contact)
    return {number: sharing for number, sharing in near.items() if len(sharing) <= HOUSEHOLD}


def explained(near: Iterable[tuple[Contact, Likeness | None]]) -> tuple[Candidate, ...]:
    return tuple(Candidate(contact.id, how.value if how else Reason.CLAIMED) for contact, how in near)


def sharing_phone(
    patient: Patient, around: Surroundings, bound: Bound, by_number: Mapping[str, Sequence[Contact]]
) -> Iterator[tuple[Contact, Likeness | None]]:
    """Contacts with one of the patient's phones, and how well each fits; None for those that are another patient's."""
    sharing = {contact.id: contact for phone in patient.phones for contact in by_number.get(phone, ())}
    for contact in sharing.values():
        how = likeness(patient, contact, bound)
        yield contact, None if is_anothers(patient.key, contact, how, around) else how


def is_anothers(patient: PatientKey, contact: Contact, how: Likeness, around: Surroundings) -> bool:
    """Within one connection a contact is one patient's. Another connection's patient may be the same person in another
    branch, if the names say so, too."""
    owners = owners_of(contact, around) - {patient}
    return any(owner.connection == patient.connection for owner in owners) or (bool(owners) and how.is_doubtful)


def owners_of(contact: Contact, around: Surroundings) -> set[PatientKey]:
    return {*contact.keys, *around.contact_owners.get(contact.id, ())}


def likeness(patient: Patient, contact: Contact, bound: Bound) -> Likeness:
    ours, theirs = name_words(patient.name), name_words(contact.name)
    if not theirs:
        return Likeness.NAMELESS
    if not (ours <= theirs or theirs <= ours):
        return Likeness.OTHER_NAME
    if len(ours & theirs) < 2:
        return Likeness.PART_OF_NAME
    return Likeness.NAME_AND_BIRTHDAY if has_birthday(patient, contact, bound) else Likeness.NAME


def name_words(name: str) -> frozenset[str]:
    """As names are compared: «Белова Анна» is «анна белова», ё is е; a phone in place of a name has no words."""
    words = name.casefold().replace("ё", "е").replace("-", " ").split()
    return frozenset(word for word in words if word.isalpha())


def has_birthday(patient: Patient, contact: Contact, bound: Bound) -> bool:
    if not patient.birthday:
        return False
    written = patient.birthday.isoformat()
    return any(contact.fields.get(field) == written for field in birthday_fields(bound))


def birthday_fields(bound: Bound) -> list[int]:
    return [field.info.id for field in bound.contact_fields if field.name == "patient.birthday"]


def choose_contact(contacts: Sequence[Contact], policy: str) -> Contact:
    match policy:
        case "newest":
            return max(contacts, key=lambda contact: (contact.created_at, contact.id))
        case "active":
            return max(contacts, key=lambda contact: (contact.updated_at, contact.id))
        case _:
            return min(contacts, key=lambda contact: (contact.created_at, contact.id))
