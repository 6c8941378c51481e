"""Webhooks as they come. amoCRM waits two seconds at most and switches off who keeps it waiting, so a hook is appended
to a file, which nothing can hold up, and a thread of this process carries the files' content to the database.
"""

import atexit
import fcntl
import os
import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog
from django.db import DatabaseError, connection

from priem.hub.environment import home
from priem.hub.models import Clinic, ReceivedHook
from priem.hub.waking import tell_of_hooks

GATHER = 0.02
"""Seconds in which hooks gather for one transaction."""
AT_ONCE = 500
MOST_BYTES = 64 * 1024 * 1024
"""Of hooks that wait for a database that is away. More are refused: amoCRM sends them again."""
MOST_ROWS = 100_000
"""Of one clinic that nobody looks at. The oldest go: a reading of changes brings what they would have told."""
COUNT_EVERY = 5_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Letter:
    clinic: int
    at: datetime
    body: bytes

    def packed(self) -> bytes:
        return f"{self.clinic} {self.at.isoformat()} {len(self.body)}\n".encode() + self.body + b"\n"


def unpacked(written: bytes) -> Iterator[Letter]:
    """As many as are whole: whoever wrote them may have died over the last one."""
    while written:
        head, _, rest = written.partition(b"\n")
        try:
            clinic, at, length = head.decode().split(" ")
            letter = Letter(int(clinic), datetime.fromisoformat(at), rest[: int(length)])
        except ValueError:
            return
        if len(rest) <= int(length):
            return
        yield letter
        written = rest[int(length) + 1 :]


class Spool:
    """A file of one process. Locked as long as that lives; of one that died, the next process takes what is in it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)

    def is_mine(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def add(self, letter: Letter) -> None:
        os.write(self._file, letter.packed())

    def letters(self) -> list[Letter]:
        return list(unpacked(self.path.read_bytes()))

    def empty(self) -> None:
        os.ftruncate(self._file, 0)

    def close(self) -> None:
        os.close(self._file)


def new_spool(folder: str) -> Spool:
    while True:
        spool = Spool(home() / folder / f"{os.getpid()}-{secrets.token_hex(4)}")
        # Between its making and its locking somebody may have taken it for a dead process's.
        if spool.is_mine() and spool.path.exists():
            return spool
        spool.close()


def left_behind(folder: str) -> Iterator[Spool]:
    """Those that nobody holds; each is held while the caller works on it."""
    for path in sorted((home() / folder).glob("*")):
        spool = Spool(path)
        if spool.is_mine() and path.exists():  # another process may have taken it over in between
            yield spool
        spool.close()


class Inbox:
    """One for the whole process, and for what goes one way."""

    folder = "hooks"

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """Empty. In a forked child, too: its parent has its own file and thread."""
        self._waiting: deque[Letter] = deque()
        self._bytes = 0
        self._guard = threading.Lock()
        self._writing = threading.Lock()
        self._arrived = threading.Event()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._spool: Spool | None = None
        self._bells: dict[int, threading.Event] = {}
        self._since_count = 0

    def bell(self, clinic_id: int) -> threading.Event:
        """Set whenever hooks of this clinic have come to this process."""
        return self._bells.setdefault(clinic_id, threading.Event())

    @property
    def is_busy(self) -> bool:
        """Whether something has come that is not in the database yet."""
        return bool(self._waiting)

    def put(self, clinic_id: int, body: bytes) -> bool:
        """Kept for good when it returns true. False: there is no room, and it should be sent again later."""
        letter = Letter(clinic_id, datetime.now(UTC), body)
        with self._guard:
            if self._bytes + len(body) > MOST_BYTES or not self._kept(letter):
                return False
            self._waiting.append(letter)
            self._bytes += len(body)
            self._begin()
        self._arrived.set()
        return True

    def _kept(self, letter: Letter) -> bool:
        try:
            self._spool = self._spool or new_spool(self.folder)
            self._spool.add(letter)
        except OSError as error:
            log.warning("a webhook cannot be kept", error=type(error).__name__)
            return False
        return True

    def _begin(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._closed.clear()
            self._thread = threading.Thread(target=self._carry, name="webhooks", daemon=True)
            self._thread.start()

    def _carry(self) -> None:
        self._try(self.take_over)
        while not self._closed.is_set():
            self._arrived.wait()
            self._closed.wait(GATHER)
            self._arrived.clear()
            self._try(self.flush)
        connection.close()

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except DatabaseError as error:
            log.warning("webhooks are kept waiting", waiting=len(self._waiting), error=type(error).__name__)
            connection.close()
            self._closed.wait(0.5)
            self._arrived.set()

    def store(self, letters: Iterable[Letter]) -> None:
        """In the database when it returns."""
        store(letters)

    def take_over(self) -> None:
        """What processes left behind that died."""
        for spool in left_behind(self.folder):
            self.store(spool.letters())
            spool.path.unlink()

    def flush(self) -> None:
        """Everything that has come so far is in the database when it returns."""
        with self._writing:
            while piece := [self._waiting[place] for place in range(min(AT_ONCE, len(self._waiting)))]:
                self.store(piece)
                self._done(piece)
                self.ring({letter.clinic for letter in piece})

    def _done(self, piece: list[Letter]) -> None:
        with self._guard:
            for letter in piece:
                self._waiting.popleft()
                self._bytes -= len(letter.body)
            if self._spool and not self._waiting:
                self._spool.empty()

    def ring(self, clinics: Iterable[int]) -> None:
        """Whoever looks at what has come is called."""
        self._since_count += AT_ONCE
        clinics = tuple(clinics)
        tell_of_hooks(clinics)
        for clinic in clinics:
            if bell := self._bells.get(clinic):
                bell.set()
            if self._since_count >= COUNT_EVERY:
                drop_oldest(clinic)
        self._since_count %= COUNT_EVERY

    def close(self) -> None:
        """Writes the rest and stops the thread; what cannot be written stays in the file."""
        thread = self._thread
        self._closed.set()
        self._arrived.set()
        if thread and thread is not threading.current_thread():
            thread.join()
        if self._waiting:
            self._try(self.flush)
        if self._spool and not self._waiting:
            self._spool.path.unlink(missing_ok=True)
            self._spool.close()
            self._spool = None


def store(letters: Iterable[Letter]) -> None:
    """Those of clinics that are there."""
    came = list(letters)
    there = set(Clinic.objects.filter(pk__in={letter.clinic for letter in came}).values_list("pk", flat=True))
    ReceivedHook.objects.bulk_create(
        ReceivedHook(clinic_id=letter.clinic, received_at=letter.at, body=letter.body)
        for letter in came
        if letter.clinic in there
    )


def drop_oldest(clinic_id: int) -> None:
    rows = ReceivedHook.objects.of(clinic_id)
    ids = rows.order_by("-id").values_list("id", flat=True)[MOST_ROWS : MOST_ROWS + 1]
    if last := next(iter(ids), None):
        rows.filter(id__lte=last).delete()
        log.warning("webhooks that nobody looked at are dropped", clinic=clinic_id)


INBOX = Inbox()
atexit.register(INBOX.close)
os.register_at_fork(after_in_child=INBOX.begin_anew)
