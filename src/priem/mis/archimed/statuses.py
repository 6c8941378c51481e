"""What a talon's status means. The list is each clinic's own: docs/reference/archimed.md §1.5."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from priem.mis.archimed.config import Config
from priem.model import VisitStatus

DELETED = "deleted"
WORDS: tuple[tuple[str, VisitStatus], ...] = (
    (r"не (пришел|явил|пришла)|неявк|не состоял", VisitStatus.NO_SHOW),
    (r"отмен|отказ|аннулир", VisitStatus.CANCELLED),
    (r"удален", VisitStatus.DELETED),
    (r"не подтвержд|ожидает подтвержд", VisitStatus.BOOKED),
    (r"подтвержд", VisitStatus.CONFIRMED),
    (r"не оплач|ожидает оплат|ждет оплат", VisitStatus.COMPLETED),
    (r"оплач|закрыт", VisitStatus.PAID),
    (r"прошел|прошла|завершен|окончен|обслужен|выполнен|состоял|принят", VisitStatus.COMPLETED),
    (r"на приеме|идет прием|в кабинете|начат", VisitStatus.IN_PROGRESS),
    (r"пришел|пришла|явился|явилась|в клинике|ожидает прием|прибыл", VisitStatus.ARRIVED),
    (r"^(запись|записан|записана|предварительная запись|новая запись|назначен|запланирован)", VisitStatus.BOOKED),
)
"""Words in the names of statuses, the first that fit. Inferred from what clinics call them; settings come first."""
FITS = tuple((re.compile(pattern), status) for pattern, status in WORDS)
EVIDENCED: Mapping[str, VisitStatus] = {
    "1": VisitStatus.BOOKED,
    "3": VisitStatus.COMPLETED,
    "4": VisitStatus.CANCELLED,
}
"""Ids that one clinic's portal used; believed only where the dictionary gives them no name. §1.5"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanings:
    """How this branch's statuses and reasons are to be read. Keys of the settings are ids or names in small letters."""

    statuses: Mapping[str, VisitStatus] = field(default_factory=dict)
    reasons: Mapping[str, VisitStatus] = field(default_factory=dict)
    com_statuses: Mapping[str, VisitStatus] = field(default_factory=dict)

    @classmethod
    def of(cls, config: Config) -> "Meanings":
        return cls(
            statuses=by_key(config.statuses),
            reasons=by_key(config.delete_reasons),
            com_statuses=by_key(config.com_statuses),
        )

    def of_status(self, id_: str, name: str) -> VisitStatus:
        known = chosen(self.statuses, id_, name)
        if known or name.strip():
            return known or in_words(name)
        return EVIDENCED.get(id_, VisitStatus.UNMAPPED)

    def of_reason(self, id_: str, name: str) -> VisitStatus:
        """Somebody who gave a reason has cancelled; a talon that is deleted without one was a mistake."""
        if not id_ and not name:
            return VisitStatus.DELETED
        said = in_words(name)
        usual = said if said is VisitStatus.NO_SHOW else VisitStatus.CANCELLED
        return chosen(self.reasons, id_, name) or usual

    def of_com_status(self, id_: str, name: str) -> VisitStatus | None:
        return chosen(self.com_statuses, id_, name)


def by_key(settings: Mapping[str, str]) -> Mapping[str, VisitStatus]:
    return {folded(key): VisitStatus(meaning) for key, meaning in settings.items()}


def chosen(meanings: Mapping[str, VisitStatus], id_: str, name: str) -> VisitStatus | None:
    """By id before by name."""
    return meanings.get(id_) or meanings.get(folded(name))


def folded(name: str) -> str:
    return " ".join(name.casefold().replace("ё", "е").split())


def in_words(name: str) -> VisitStatus:
    small = folded(name)
    return next((status for fits, status in FITS if fits.search(small)), VisitStatus.UNMAPPED)
