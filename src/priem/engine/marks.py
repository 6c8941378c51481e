"""How a link remembers what was decided without keeping it: no names, no phones, only marks of them. Pure."""

import hashlib

APART = "."
ORIGIN = "~"
"""Before what a visit's link remembers of whose visit it was: `engine/origins.py`."""

UNHEARD = "unheard"
"""In place of what was decided: whether it was done is not known."""


def mark(*parts: object, length: int) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:length]


def name_mark(name: str) -> str:
    return mark(name, length=8)


def joined(decided: str, own_name: str) -> str:
    """The fingerprint of a link: what was decided upon, and the mark of the name that Priem gave, if it did; of a
    patient's link, that of the birthday."""
    return decided + APART + name_mark(own_name) if own_name else decided


def made_unheard(fingerprint: str) -> str:
    return UNHEARD + fingerprint[len(decided_upon(fingerprint)) :]


def forgotten(fingerprint: str) -> str:
    """What was decided upon is to be decided anew; whose the name is stays known."""
    return fingerprint[len(decided_upon(fingerprint)) :]


def is_unheard(fingerprint: str) -> bool:
    return decided_upon(fingerprint) == UNHEARD


def decided_upon(fingerprint: str) -> str:
    return fingerprint.partition(ORIGIN)[0].partition(APART)[0]


def named(fingerprint: str) -> str:
    """The mark of the name that Priem gave last; empty when the name is a person's."""
    return fingerprint.partition(ORIGIN)[0].partition(APART)[2]
