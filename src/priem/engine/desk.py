"""What people are asked and have said, and which records are to be read anew, in memory. The store's part for that."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from priem.model import Candidate, PatientKey, Told, VisitKey

AnyKey = PatientKey | VisitKey


@dataclass(frozen=True, slots=True)
class Asked:
    candidates: tuple[Candidate, ...]
    at: datetime


class Desk:
    def __init__(self, now: Callable[[], datetime]) -> None:
        self.asked: dict[PatientKey, Asked] = {}
        self.told: dict[AnyKey, Told] = {}
        self.held: dict[VisitKey, PatientKey] = {}
        """Visits that wait until their patients have a contact."""
        self.recalled: dict[AnyKey, int] = {}
        self._now = now
        self._ids = count(1)

    def ask(self, questions: Mapping[PatientKey, Sequence[Candidate]]) -> None:
        for key, candidates in questions.items():
            before = self.asked.get(key)
            self.asked[key] = Asked(tuple(candidates), before.at if before else self._now())

    def tell(self, key: AnyKey, told: Told | None) -> None:
        """None: what was said before no longer holds."""
        if told:
            self.told[key] = told
        else:
            self.told.pop(key, None)
        self.recall([key])
        if isinstance(key, PatientKey):
            self.answered([key])

    def answered(self, patients: Iterable[PatientKey]) -> None:
        """They have contacts, or are to have some: the visits that waited for them are due."""
        there = set(patients)
        for key in there & self.asked.keys():
            del self.asked[key]
        due = [visit for visit, patient in self.held.items() if patient in there]
        self.recall(due)

    def hold(self, visits: Mapping[VisitKey, PatientKey]) -> None:
        self.held |= visits

    def recall(self, keys: Iterable[AnyKey]) -> None:
        for key in keys:
            self.recalled[key] = next(self._ids)
            if isinstance(key, VisitKey):
                self.held.pop(key, None)

    def recall_is_over(self, ids: Collection[int]) -> None:
        self.recalled = {key: id_ for key, id_ in self.recalled.items() if id_ not in ids}
