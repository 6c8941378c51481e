"""The listener: one thread per session, and a door that a fault can shut."""

import contextlib
import socket
import threading
import time
from itertools import count

from priem.sandbox.ident.permissions import READER
from priem.sandbox.ident.session import Session, Shared
from priem.sandbox.ident.tls import self_signed, server_context

LOOK_EVERY = 0.05


class Server:
    def __init__(self, shared: Shared, host: str, port: int) -> None:
        self._shared = shared
        self._host = host
        self.certificate = b""
        if shared.tls != "off" and shared.context is None:
            self.certificate, key = self_signed()
            shared.context = server_context(shared.tls, self.certificate, key)
        self._listener: socket.socket | None = self._listen(port)
        self.port = self._listener.getsockname()[1]
        self._sessions: set[Session] = set()
        self._lock = threading.Lock()
        self._spids = count(51)
        self._stopping = threading.Event()
        self._longest: dict[str, float] = {}
        self._thread = threading.Thread(target=self._accept, name="tds-listener", daemon=True)

    def _listen(self, port: int) -> socket.socket:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self._host, port))
        listener.listen(64)
        listener.settimeout(LOOK_EVERY)
        return listener

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self.disconnect_all()
        if self._thread.is_alive():
            self._thread.join(2)

    def _accept(self) -> None:
        while not self._stopping.is_set():
            self._watch_transactions()
            self._obey_gone()
            if self._listener is None:
                self._stopping.wait(LOOK_EVERY)
                continue
            with contextlib.suppress(OSError):
                connection, _address = self._listener.accept()
                self._begin(connection)
        if self._listener:
            self._listener.close()

    def _begin(self, connection: socket.socket) -> None:
        connection.settimeout(None)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        session = Session(connection, self._shared, next(self._spids))
        with self._lock:
            self._sessions.add(session)
        threading.Thread(target=self._serve, args=(session,), name=f"tds-{session.facts.spid}", daemon=True).start()

    def _serve(self, session: Session) -> None:
        try:
            session.serve()
        finally:
            self._note_transaction(session)
            with self._lock:
                self._sessions.discard(session)

    def _obey_gone(self) -> None:
        gone = self._shared.faults.gone()
        if gone and self._listener:
            self._listener.close()
            self._listener = None
            self.disconnect_all()
        elif not gone and self._listener is None:
            self._listener = self._listen(self.port)

    def disconnect_all(self) -> None:
        with self._lock:
            sessions = list(self._sessions)
        for session in sessions:
            session.kick()

    def wait_for_silence(self, seconds: float = 5.0) -> None:
        """Until every session has ended."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with self._lock:
                if not self._sessions:
                    return
            self._stopping.wait(0.005)

    # --- what is open -----------------------------------------------------------------------------

    def _watch_transactions(self) -> None:
        with self._lock:
            sessions = list(self._sessions)
        for session in sessions:
            self._note_transaction(session)

    def _note_transaction(self, session: Session) -> None:
        began = session.facts.transaction_began
        if began is not None:
            login = session.facts.login
            self._longest[login] = max(self._longest.get(login, 0.0), time.monotonic() - began)

    def open_sessions(self) -> dict[str, int]:
        with self._lock:
            logins = [session.facts.login for session in self._sessions]
        return {login: logins.count(login) for login in {READER, *filter(None, logins)}}

    def open_transactions(self) -> dict[str, int]:
        with self._lock:
            logins = [session.facts.login for session in self._sessions if session.facts.transactions]
        return {login: logins.count(login) for login in {READER, *logins}}

    def longest_transactions(self) -> dict[str, float]:
        self._watch_transactions()
        return {READER: 0.0} | {login: round(seconds, 3) for login, seconds in self._longest.items()}
