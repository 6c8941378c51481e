"""Statuses of the МИС that nobody has mapped yet: shown to a person, never an error (through ports)."""

from collections import Counter
from collections.abc import Sequence

from priem.model import Visit, VisitStatus
from priem.ports import Store


def show_unmapped(connection: str, visits: Sequence[Visit], store: Store) -> None:
    """Adds those of the page to the inbox, and takes out what has a meaning by now."""
    if not visits:
        return
    unknown = Counter(visit.raw_status for visit in visits if visit.status is VisitStatus.UNMAPPED)
    meaningful = {visit.raw_status for visit in visits if visit.status is not VisitStatus.UNMAPPED}
    mapped = meaningful & store.unmapped(connection).keys()
    if unknown or mapped:
        store.note_unmapped(connection, unknown, mapped)
