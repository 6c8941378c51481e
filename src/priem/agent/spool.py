"""Parcels on the agent's disk, from when they were read until the hub has them. Bounded, encrypted, in order.

Each is a file of its own, written whole or not at all. What was read and not yet written is read again, since reading
goes on behind the last file: a process that is killed loses nothing, wherever it is.
"""

import contextlib
import re
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.fernet import InvalidToken

from priem.agent.folder import Folder, replace_durably
from priem.relay.parcels import Head, Load, Position, packed, parted
from priem.relay.shapes import Unreadable
from priem.relay.words import Halt, position_as_json, position_from_json

NAME = re.compile(r"^(\d{6})-(\d{9})$")
POSITION = "position"
ROOM_AGAIN = 0.8
ROOM_FOR_ONE = 8 * 1024 * 1024
"""A parcel that is begun must still fit."""


class Rewound(Exception):
    """The hub wants the reading to go on elsewhere: what was just read is not wanted."""


@dataclass(frozen=True, slots=True)
class Waiting:
    sequence: int
    size: int
    read_at: datetime
    before: str


class Spool:
    """For one thread that puts and one that takes."""

    def __init__(self, folder: Folder, most_bytes: int, least_free: int, free: Callable[[], int] | None = None) -> None:
        self._folder = folder
        self._files = folder.path / "spool"
        self._files.mkdir(mode=0o700, exist_ok=True)
        self._most, self._least_free, self._free = most_bytes, least_free, free or folder.free
        self._lock = threading.Lock()
        self.came = threading.Condition(self._lock)
        """Something came in, went out or was rewound."""
        self.epoch = 0
        self._waiting: deque[Waiting] = deque()
        self.tail = self._taken_up()
        """Behind the last parcel that was read."""
        self._is_full = False

    # What lies here after a start

    def _taken_up(self) -> Position:
        tail = self._sent()
        for file in sorted(self._files.iterdir()):
            head = self._head_of(file)
            follows = head and (head.stream, head.sequence, head.before) == (tail.stream, tail.sequence + 1, tail.mark)
            if head is None or not follows:
                file.unlink(missing_ok=True)  # sent already, half a draft, or damaged: it is read again
                continue
            self._waiting.append(Waiting(head.sequence, file.stat().st_size, head.read_at, head.before))
            tail = head.position
        return tail

    def _sent(self) -> Position:
        try:
            told = self._folder.kept_json(POSITION)
            return position_from_json(told) if told else Position()
        except (Unreadable, ValueError):
            return Position()  # the hub knows better

    def _head_of(self, file: Path) -> Head | None:
        if not NAME.match(file.name):
            return None
        try:
            head, _ = parted(self._folder.cipher.decrypt(file.read_bytes()))
        except (InvalidToken, Unreadable, OSError):
            return None
        return head

    # What is read

    def halt(self) -> Halt:
        """Why nothing more may be read now."""
        if self.tail.stream <= 0:
            return Halt.RESTS
        if self._free() < self._least_free + ROOM_FOR_ONE:
            return Halt.DISK
        # Once full, it is left alone until there is room for more than one page: each begins with its own questions.
        self._is_full = self.size() >= (ROOM_AGAIN * self._most if self._is_full else self._most)
        return Halt.FULL if self._is_full else Halt.NONE

    def put(self, epoch: int, load: Load, *, is_first: bool) -> None:
        """On the disk when it returns. Raises Rewound, and OSError when the disk does not take it."""
        with self._lock:
            if epoch != self.epoch:
                raise Rewound
            head = Head(
                stream=self.tail.stream,
                sequence=self.tail.sequence + 1,
                before=self.tail.mark,
                cursor=load.page.cursor,
                records=len(load.page.patients) + len(load.page.visits) + len(load.page.rejected),
                is_first=is_first,
                read_at=datetime.now(UTC),
            )
            content = self._folder.cipher.encrypt(packed(head, load))
            replace_durably(self._file(head.stream, head.sequence), content)
            self._waiting.append(Waiting(head.sequence, len(content), head.read_at, head.before))
            self.tail = head.position
            self.came.notify_all()

    def _file(self, stream: int, sequence: int) -> Path:
        return self._files / f"{stream:06d}-{sequence:09d}"

    # What is sent

    def first(self) -> tuple[Head, bytes] | None:
        """The parcel whose turn it is."""
        with self._lock:
            stream, first = self.tail.stream, self._waiting[0] if self._waiting else None
        if first is None:
            return None
        try:
            parcel = self._folder.cipher.decrypt(self._file(stream, first.sequence).read_bytes())
            return parted(parcel)[0], parcel
        except (FileNotFoundError, InvalidToken, Unreadable):
            return None  # rewound meanwhile, or a disk that forgets: see `is_damaged`

    def is_damaged(self) -> bool:
        """A parcel that waits cannot be read any more."""
        return bool(self.waiting()) and self.first() is None and bool(self.waiting())

    def has_arrived(self, position: Position) -> None:
        """The hub keeps everything up to there. What it has is not needed here any more."""
        with self._lock:
            if position.stream != self.tail.stream:
                return
            self._keep(position)
            while self._waiting and self._waiting[0].sequence <= position.sequence:
                self._file(position.stream, self._waiting.popleft().sequence).unlink(missing_ok=True)
            self.came.notify_all()

    def _keep(self, position: Position) -> None:
        # Nothing is lost with this file: the hub knows where it stands. A full disk must not keep parcels from leaving.
        with contextlib.suppress(OSError):
            self._folder.keep_json(POSITION, position_as_json(position))

    def rewind(self, position: Position) -> bool:
        """To where the hub stands. Keeps what follows from there; gives whether reading has to begin anew."""
        with self._lock:
            if self._follows(position):
                while self._waiting and self._waiting[0].sequence <= position.sequence:
                    self._file(position.stream, self._waiting.popleft().sequence).unlink(missing_ok=True)
                return False
            self.epoch += 1
            for one in self._waiting:
                with contextlib.suppress(OSError):
                    self._file(self.tail.stream, one.sequence).unlink(missing_ok=True)
            self._waiting.clear()
            self.tail = position
            self._keep(position)
            self.came.notify_all()
            return True

    def _follows(self, position: Position) -> bool:
        if position.stream != self.tail.stream:
            return False
        after = next((one for one in self._waiting if one.sequence == position.sequence + 1), None)
        if after is not None:
            return after.before == position.mark
        return (self.tail.sequence, self.tail.mark) == (position.sequence, position.mark)

    def agrees_with(self, stream: int, sequence: int, mark: str) -> bool:
        """Whether the hub stands where it would, after what was sent; it may have more than it could say."""
        with self._lock:
            if stream != self.tail.stream or sequence > self.tail.sequence:
                return False
            if sequence == self.tail.sequence:
                return mark == self.tail.mark
            return bool(self._waiting) and sequence >= self._waiting[0].sequence - 1

    # What is told of it

    def waiting(self) -> int:
        return len(self._waiting)

    def size(self) -> int:
        with self._lock:
            return sum(one.size for one in self._waiting)

    def lag(self) -> float:
        """Seconds that the oldest parcel has waited."""
        with self._lock:
            return (datetime.now(UTC) - self._waiting[0].read_at).total_seconds() if self._waiting else 0.0
