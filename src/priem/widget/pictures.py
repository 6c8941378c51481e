"""The images that a widget needs, in the sizes of docs/reference/amocrm.md §5.1. Drawn, not stored."""

import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping

Colour = tuple[int, int, int]
Box = tuple[float, float, float, float, Colour]
"""Left, top, right, bottom."""
Size = tuple[int, int]

SIZES: Mapping[str, Size] = {
    "logo.png": (130, 100),
    "logo_main.png": (400, 272),
    "logo_medium.png": (240, 84),
    "logo_min.png": (84, 84),
    "logo_small.png": (108, 108),
    "logo_dp.png": (174, 109),
    "tour_1_ru.png": (800, 450),
    "tour_1_en.png": (800, 450),
}
PAPER: Colour = (255, 255, 255)
TEAL: Colour = (11, 107, 128)
PALE: Colour = (226, 242, 245)
GREEN: Colour = (44, 138, 107)
GREY: Colour = (219, 226, 232)
CROSS = (0.18, 0.62)
"""Half a bar's width and a bar's length, of the square."""


def pictures() -> dict[str, bytes]:
    return {name: png(size, tour(size) if name.startswith("tour") else mark(size)) for name, size in SIZES.items()}


def mark(size: Size) -> Iterator[Box]:
    """A cross on a square of the clinic's colour, in the middle."""
    width, height = size
    side = min(width, height) * 0.86
    left, top = (width - side) / 2, (height - side) / 2
    yield left, top, left + side, top + side, TEAL
    half, length = CROSS[0] * side / 2, CROSS[1] * side / 2
    middle, centre = width / 2, height / 2
    yield middle - half, centre - length, middle + half, centre + length, PAPER
    yield middle - length, centre - half, middle + length, centre + half, PAPER


def tour(size: Size) -> Iterator[Box]:
    """A schedule: columns of doctors, free and busy times, one of them chosen."""
    width, _height = size
    yield 0, 0, width, 56, TEAL
    for column in range(5):
        left = 30 + column * 150
        yield left, 80, left + 130, 100, GREY
        for row in range(8):
            top = 112 + row * 40
            is_busy = (column * 3 + row * 5) % 4 == 1
            colour = GREEN if (column, row) == (2, 3) else GREY if is_busy else PALE
            yield left, top, left + 130, top + 34, colour


def png(size: Size, boxes: Iterable[Box]) -> bytes:
    width, height = size
    rows = [bytearray(bytes(PAPER) * width) for _ in range(height)]
    for left, top, right, bottom, colour in boxes:
        first, last = max(0, round(left)), min(width, round(right))
        for y in range(max(0, round(top)), min(height, round(bottom))):
            rows[y][first * 3 : last * 3] = bytes(colour) * (last - first)
    raw = b"".join(b"\0" + bytes(row) for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, body) for name, body in chunks)


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
