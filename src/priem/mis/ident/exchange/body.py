"""A posted body as it comes over the line: gzip, and tens of MB. docs/reference/ident.md §1.7"""

import zlib
from collections.abc import Iterable, Iterator

from priem.mis.ident.exchange.refusals import BadRequest
from priem.texts import text

MOST_BYTES = 64 * 1024 * 1024
"""Unpacked. A real timetable had 667 KB; somebody else's server allows 50 MB."""
PIECE = 64 * 1024
ANY_HEADER = 32 + zlib.MAX_WBITS
"""gzip or zlib, whichever it begins as."""


class TooLarge(BadRequest):
    """More than anybody's timetable."""


def unpacked(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The body's bytes by its Content-Encoding. Raises BadRequest for an unknown or a broken one, and TooLarge."""
    match encoding.strip().lower():
        case "" | "identity":
            plain: Iterator[bytes] = iter(pieces)
        case "gzip" | "x-gzip" | "deflate":
            plain = inflated(pieces)
        case _:
            raise BadRequest(text("The body is packed in a way that is not known here; gzip is."))
    return bounded(plain)


def bounded(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Counts what was unpacked, so that a small body cannot become an endless one."""
    left = MOST_BYTES
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            raise TooLarge(text("The body is larger than {most} MB.", most=MOST_BYTES >> 20))
        yield piece


def inflated(pieces: Iterable[bytes]) -> Iterator[bytes]:
    stream = zlib.decompressobj(ANY_HEADER)
    try:
        for piece in pieces:
            yield stream.decompress(piece, PIECE)
            while stream.unconsumed_tail:
                yield stream.decompress(stream.unconsumed_tail, PIECE)
    except zlib.error as error:
        raise BadRequest(text("The body is not gzip, though it says so.")) from error
    if not stream.eof:
        raise BadRequest(text("The body broke off half-way."))
