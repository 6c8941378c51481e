"""Ids kept in the order of a time, so that deep pages of half a million cards are as quick as the first."""

from array import array
from bisect import bisect_left, insort
from collections.abc import Iterator

_CHUNK = 4096
_ID_BITS = 32
_ID_MASK = (1 << _ID_BITS) - 1
_LATEST = (1 << 31) - 1


class Order:
    """A sorted multiset of (stamp, id), eight bytes each; ids are whole numbers below 2**32."""

    __slots__ = ("_chunks", "_size")

    def __init__(self) -> None:
        self._chunks: list[array[int]] = []
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, stamp: int, entity_id: int) -> None:
        """Put an id in its place; at the end it costs nothing."""
        key = _key(stamp, entity_id)
        at = self._chunk_of(key)
        if at == len(self._chunks):
            self._append(key)
        else:
            insort(self._chunks[at], key)
            self._split(at)
        self._size += 1

    def remove(self, stamp: int, entity_id: int) -> None:
        """Take an id out; it has to be there with this very stamp."""
        key = _key(stamp, entity_id)
        at = self._chunk_of(key)
        chunk = self._chunks[at]
        index = bisect_left(chunk, key)
        if chunk[index] != key:
            raise KeyError((stamp, entity_id))
        del chunk[index]
        if not chunk:
            del self._chunks[at]
        self._size -= 1

    def rank(self, stamp: int) -> int:
        """How many entries have an earlier stamp."""
        key = _key(max(stamp, 0), 0)
        at = self._chunk_of(key)
        before = sum(len(chunk) for chunk in self._chunks[:at])
        return before + (bisect_left(self._chunks[at], key) if at < len(self._chunks) else 0)

    def ids(self, start: int, stop: int) -> list[int]:
        """The ids at the positions start ≤ position < stop."""
        found: list[int] = []
        for chunk in self._chunks:
            if stop <= 0:
                break
            if start < len(chunk):
                found.extend(key & _ID_MASK for key in chunk[max(start, 0) : stop])
            start -= len(chunk)
            stop -= len(chunk)
        return found

    def __iter__(self) -> Iterator[int]:
        for chunk in self._chunks:
            for key in chunk:
                yield key & _ID_MASK

    def _chunk_of(self, key: int) -> int:
        """The first chunk whose last key is not below `key`."""
        low, high = 0, len(self._chunks)
        while low < high:
            middle = (low + high) // 2
            if self._chunks[middle][-1] < key:
                low = middle + 1
            else:
                high = middle
        return low

    def _append(self, key: int) -> None:
        if self._chunks and len(self._chunks[-1]) < _CHUNK:
            self._chunks[-1].append(key)
        else:
            self._chunks.append(array("Q", [key]))

    def _split(self, at: int) -> None:
        chunk = self._chunks[at]
        if len(chunk) > 2 * _CHUNK:
            self._chunks[at : at + 1] = [chunk[:_CHUNK], chunk[_CHUNK:]]


def _key(stamp: int, entity_id: int) -> int:
    """Times that no calendar has are put first or last."""
    return min(max(stamp, 0), _LATEST) << _ID_BITS | entity_id
