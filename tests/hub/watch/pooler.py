"""What stands between a program and PostgreSQL where somebody has put a pool there: the little of PgBouncer that tells
its two ways apart. PostgreSQL's manual: «Message Formats»."""

import socket
import struct
import threading
from contextlib import suppress

from tests.postgres import Cluster

SSL, GSS = 80877103, 80877104
VERSION = 196608
INVENTED = 4242
"""The number that a pool gives its clients instead of the session's."""


class Server:
    """One session of the real PostgreSQL, which may pass for another version's."""

    def __init__(self, cluster: Cluster, version: str = "") -> None:
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(str(cluster.folder / ".s.PGSQL.5432"))
        named = struct.pack("!I", VERSION) + b"user\0priem\0database\0postgres\0\0"
        self._line.sendall(struct.pack("!I", len(named) + 4) + named)
        told = [piece for piece in self._until_ready() if piece[:1] not in b"KZ"]
        self.greeting = b"".join(as_version(piece, version) if version else piece for piece in told)
        self.turn = threading.Lock()

    def told(self, asked: bytes) -> tuple[bytes, bytes]:
        """The answer, and whether a transaction goes on."""
        self._line.sendall(asked)
        pieces = self._until_ready()
        return b"".join(pieces), pieces[-1][-1:]

    def _until_ready(self) -> list[bytes]:
        pieces = [message(self._line)]
        while pieces[-1][:1] != b"Z":
            pieces.append(message(self._line))
        return pieces

    def close(self) -> None:
        self._line.close()


class Pool:
    """`shares`: one session for all, from one transaction to the next; else each client has one to itself. `version`:
    what clients are told that PostgreSQL is, instead of its own."""

    def __init__(self, cluster: Cluster, *, shares: bool, version: str = "") -> None:
        self._cluster, self._version = cluster, version
        self._shared = Server(cluster) if shares else None
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"postgres://priem@127.0.0.1:{self._listening.getsockname()[1]}/postgres"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()
        if self._shared:
            self._shared.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            while int.from_bytes(piece(client)[:4], "big") in (SSL, GSS):
                client.sendall(b"N")
            server = self._shared or Server(self._cluster, self._version)
            client.sendall(server.greeting + b"K" + struct.pack("!III", 12, INVENTED, 1) + b"Z\0\0\0\x05I")
            while True:
                asked = request(client)
                with server.turn:  # until its transaction is over, nobody else has a turn
                    while True:
                        answer, state = server.told(asked)
                        client.sendall(answer)
                        if state == b"I":
                            break
                        asked = request(client)


def as_version(told: bytes, version: str) -> bytes:
    """What a server says of itself when a session begins: «ParameterStatus»."""
    name = b"server_version\0"
    if told[:1] != b"S" or told[5 : 5 + len(name)] != name:
        return told
    content = name + version.encode() + b"\0"
    return b"S" + struct.pack("!I", len(content) + 4) + content


def request(line: socket.socket) -> bytes:
    """Everything up to where the client waits for an answer."""
    told = message(line)
    asked = told
    while told[:1] not in b"QS":
        if told[:1] == b"X":
            raise OSError("the client is gone")
        told = message(line)
        asked += told
    return asked


def message(line: socket.socket) -> bytes:
    kind = line.recv(1)
    if not kind:
        raise OSError("the line is closed")
    content = piece(line)
    return kind + struct.pack("!I", len(content) + 4) + content


def piece(line: socket.socket) -> bytes:
    size = struct.unpack("!I", whole(line, 4))[0] - 4
    return whole(line, size)


def whole(line: socket.socket, size: int) -> bytes:
    content = line.recv(size, socket.MSG_WAITALL) if size else b""
    if len(content) < size:
        raise OSError("the line is closed")
    return content
