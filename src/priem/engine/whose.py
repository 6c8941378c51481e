"""Whose visit it is to be: which patient of the МИС a person is, by the rules by which contacts are found. Pure."""

from collections.abc import Iterable, Sequence

from priem.booking import NewPatient
from priem.engine.identity import name_words
from priem.model import Contact, Patient
from priem.phones import numbers_in


def same_people(new: NewPatient, patients: Iterable[Patient]) -> list[Patient]:
    """Those whose name is the same, or a part of it, and whose birthday does not say otherwise. One whose birthday and
    whole name are the same leaves no doubt."""
    fitting = [one for one in patients if is_same_name(new.name, one.name) and not differ(new, one)]
    sure = [one for one in fitting if new.birthday and one.birthday == new.birthday]
    return sure or fitting


def is_same_name(ours: str, theirs: str) -> bool:
    """A surname and a name at least: a phone is a household, and so is a surname."""
    one, other = name_words(ours), name_words(theirs)
    return (one <= other or other <= one) and len(one & other) >= 2


def differ(new: NewPatient, patient: Patient) -> bool:
    return bool(new.birthday and patient.birthday and new.birthday != patient.birthday)


def from_contact(contact: Contact, junk: Iterable[str] = ()) -> NewPatient | None:
    """Who the contact says he is; None when it says too little: a surname, a name and a phone are needed."""
    words = contact.name.split()
    phones = [number for entry in contact.phones for number in numbers_in(entry.text) if number not in set(junk)]
    if len(words) < 2 or not phones or not all(word.replace("-", "").isalpha() for word in words[:2]):
        return None
    last, first, *rest = words
    return NewPatient(last_name=last, first_name=first, middle_name=" ".join(rest), phone=phones[0])


def by_likeness(new: NewPatient, patients: Sequence[Patient]) -> list[Patient]:
    """All of them, those that fit best first."""
    fitting = same_people(new, patients)
    return [*fitting, *(one for one in patients if one not in fitting)]
