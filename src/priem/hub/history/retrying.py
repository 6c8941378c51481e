"""«Повторить»: the records that a request was about are read and decided on anew by the next pass.

So what is written is what is true now, never an old body a second time."""

from collections.abc import Iterable, Mapping, Sequence

from priem.hub.history import search
from priem.hub.history.search import Filters, Place
from priem.hub.models import ExchangeSubject, PatientLink, VisitLink
from priem.hub.pieces import pieces
from priem.hub.store import DjangoStore
from priem.hub.waking import wake
from priem.model import PatientKey, VisitKey

AT_ONCE = 500
MOST = 20_000
"""Requests of one click: it answers within seconds, and the next one goes on behind it."""
AnyKey = PatientKey | VisitKey
KEYS: Mapping[str, type[PatientKey] | type[VisitKey]] = {"patient": PatientKey, "visit": VisitKey}


def retry(clinic_id: int, exchanges: Iterable[int]) -> int:
    """Gives how many records wait for the next pass now."""
    keys: set[AnyKey] = set()
    for piece in pieces(exchanges, AT_ONCE):
        keys |= keys_of(clinic_id, piece)
    if keys:
        DjangoStore(clinic_id).recall(keys)
        wake(clinic_id)
    return len(keys)


def retry_matching(clinic_id: int, filters: Filters, before: Place | None = None) -> tuple[int, Place | None]:
    """All that the filters find, the latest first, behind that place; and the place where the next click goes on, if
    one click was too few."""
    ids: list[int] = []
    while len(ids) < MOST:
        found = list(search.places(clinic_id, filters, before, AT_ONCE))[:AT_ONCE]
        if not found:
            break
        ids += [id_ for _, id_ in found]
        before = found[-1]
    there_are_more = before and next(search.places(clinic_id, filters, before, 1), None)
    return retry(clinic_id, ids), before if there_are_more else None


def keys_of(clinic_id: int, exchanges: Sequence[int]) -> set[AnyKey]:
    rows = ExchangeSubject.objects.of(clinic_id).filter(exchange__in=exchanges)
    named = list(rows.values_list("exchange", "kind", "connection", "number"))
    keys: set[AnyKey] = {KEYS[kind](of, id_) for _, kind, of, id_ in named if kind in KEYS and of}
    with_records = {exchange for exchange, kind, of, _ in named if kind in KEYS and of}
    # A message of amoCRM names its own cards only.
    cards = {(kind, id_) for exchange, kind, _, id_ in named if exchange not in with_records}
    return keys | whose_cards(clinic_id, cards)


def whose_cards(clinic_id: int, named: set[tuple[str, str]]) -> set[AnyKey]:
    ids = {kind: [int(id_) for of, id_ in named if of == kind and id_.isdecimal()] for kind in ("contact", "lead")}
    found: set[AnyKey] = set()
    for piece in pieces(ids["contact"]):
        patients = PatientLink.objects.of(clinic_id).filter(contact__in=piece)
        found |= {PatientKey(*row) for row in patients.values_list("connection", "patient")}
    for piece in pieces(ids["lead"]):
        visits = VisitLink.objects.of(clinic_id).filter(lead__in=piece, moved_to__isnull=True)
        found |= {VisitKey(*row) for row in visits.values_list("connection", "visit")}
    return found
