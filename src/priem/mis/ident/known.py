"""Visits that may still be deleted: what is kept of each in the cursor, so that the engine hears of those that vanish.

A row that is gone cannot be read any more. What a lead needs to know of it (whose it was, when, in which branch) is
therefore kept, a few bytes a visit, for visits to come and recent ones only.
"""

import base64
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from priem.errors import AskOperator
from priem.texts import text

EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 - IDENT's times are naive
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class KnownVisit:
    id: int
    patient: int
    branch: int
    """0: none."""
    starts: datetime
    """Naive, to the minute."""
    aside: int = 0
    """A check sum of a visit that is told in other tables, too (orders, calendar cells); 0 for all others."""


def written(visits: Iterable[KnownVisit]) -> str:
    """As text: differences from one to the next, which are small, as bytes."""
    previous, numbers = (0, 0), bytearray()
    for visit in sorted(visits, key=lambda visit: visit.id):
        minutes = (visit.starts - EPOCH) // MINUTE
        for number in (visit.id - previous[0], visit.patient, visit.branch, minutes - previous[1], visit.aside):
            numbers += as_bytes(number)
        previous = (visit.id, minutes)
    return base64.b64encode(zlib.compress(bytes(numbers), 6)).decode() if numbers else ""


def read(chunks: Iterable[str]) -> dict[int, KnownVisit]:
    """Of several chunks the later one tells what is true now. Raises AskOperator for what `written` has not written."""
    known: dict[int, KnownVisit] = {}
    for chunk in chunks:
        try:
            known |= {visit.id: visit for visit in visits_in(chunk)}
        except (ValueError, zlib.error, OverflowError) as error:
            raise AskOperator(
                text("The place where reading of IDENT stopped cannot be understood."),
                text("It was written by another version of Priem, or by hand. Start the first reading again."),
            ) from error
    return known


def visits_in(chunk: str) -> Iterator[KnownVisit]:
    numbers = list(numbers_in(zlib.decompress(base64.b64decode(chunk)))) if chunk else []
    id_ = minutes = 0
    for ahead, patient, branch, later, aside in zip(*[iter(numbers)] * 5, strict=True):
        id_, minutes = id_ + ahead, minutes + later
        yield KnownVisit(id_, patient, branch, EPOCH + minutes * MINUTE, aside)


def as_bytes(number: int) -> bytes:
    """Seven bits a byte, the lowest first, the sign in the lowest bit of all."""
    left, out = (number << 1) if number >= 0 else ((-number << 1) - 1), bytearray()
    while left > 0x7F:
        out.append(left & 0x7F | 0x80)
        left >>= 7
    out.append(left)
    return bytes(out)


def numbers_in(written: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in written:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield -((number + 1) >> 1) if number & 1 else number >> 1
            number = shift = 0


def is_suspicious(gone: Sequence[int], known: Mapping[int, object], share: int) -> bool:
    """More vanished at once than people delete: rather another database, or one that is only half there."""
    return len(gone) >= FEW and len(gone) * 100 > share * len(known)


FEW = 5
"""Fewer may vanish at once in any clinic, however small: one visit of three is no catastrophe."""
