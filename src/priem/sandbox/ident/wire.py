"""TDS packets: an 8-byte header, a body, and messages that span several of them (MS-TDS 2.2.3)."""

import select
import socket
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from priem.sandbox.ident.errors import ConnectionLost

HEADER = struct.Struct(">BBHHBB")
END_OF_MESSAGE = 0x01
DEFAULT_PACKET_SIZE = 4096
FLUSH_AT = 1 << 16


class PacketType(IntEnum):
    BATCH = 1
    RPC = 3
    RESPONSE = 4
    ATTENTION = 6
    BULK = 7
    TRANSACTION = 14
    LOGIN = 16
    SSPI = 17
    PRELOGIN = 18


@dataclass(frozen=True, slots=True)
class Message:
    type: int
    body: bytes


class Transport(Protocol):
    def receive(self, size: int) -> bytes: ...
    def send(self, data: bytes) -> None: ...


class PlainTransport:
    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def receive(self, size: int) -> bytes:
        try:
            return self._connection.recv(size)
        except OSError as error:
            raise ConnectionLost from error

    def send(self, data: bytes) -> None:
        try:
            self._connection.sendall(data)
        except OSError as error:
            raise ConnectionLost from error


class Channel:
    """Messages over a transport; the transport changes when TLS starts or, after the login packet, ends."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.transport: Transport = PlainTransport(connection)
        self.packet_size = DEFAULT_PACKET_SIZE
        self._pending = bytearray()

    def read(self) -> Message:
        body = bytearray()
        while True:
            kind, status, length, _spid, _number, _window = HEADER.unpack(self._exactly(HEADER.size))
            body += self._exactly(length - HEADER.size)
            if status & END_OF_MESSAGE:
                return Message(kind, bytes(body))

    def interrupted(self) -> bool:
        """Whether the client spoke while we work: without MARS that is an attention, or its end."""
        readable, _, _ = select.select([self.socket], [], [], 0)
        return bool(readable)

    def wait(self, seconds: float) -> bool:
        readable, _, _ = select.select([self.socket], [], [], seconds)
        return bool(readable)

    def send(self, kind: PacketType, body: bytes) -> None:
        stream = ResponseStream(self, kind)
        stream.write(body)
        stream.end()

    def _exactly(self, size: int) -> bytes:
        while len(self._pending) < size:
            chunk = self.transport.receive(max(size - len(self._pending), 4096))
            if not chunk:
                raise ConnectionLost
            self._pending += chunk
        taken = bytes(self._pending[:size])
        del self._pending[:size]
        return taken


class ResponseStream:
    """One message out, cut into packets of the negotiated size as it grows."""

    def __init__(self, channel: Channel, kind: PacketType = PacketType.RESPONSE) -> None:
        self._channel = channel
        self._kind = kind
        self._body = bytearray()
        self._number = 0

    def write(self, data: bytes | bytearray) -> None:
        self._body += data
        if len(self._body) >= FLUSH_AT:
            self.flush()

    def flush(self) -> None:
        """Send the full packets, keep the rest: the last packet has to carry the end mark."""
        room = self._channel.packet_size - HEADER.size
        packets = bytearray()
        start = 0
        while len(self._body) - start > room:
            packets += self._packet(self._body[start : start + room], 0)
            start += room
        del self._body[:start]
        if packets:
            self._channel.transport.send(bytes(packets))

    def end(self) -> None:
        self.flush()
        self._channel.transport.send(self._packet(self._body, END_OF_MESSAGE))
        self._body.clear()

    def break_off(self) -> None:
        """Send half of what is waiting, without an end: for the fault that drops a connection inside a row."""
        self.flush()
        self._channel.transport.send(self._packet(self._body[: len(self._body) // 2], 0))

    def _packet(self, body: bytes | bytearray, status: int) -> bytes:
        self._number = (self._number + 1) % 256
        return HEADER.pack(self._kind, status, HEADER.size + len(body), 0, self._number, 0) + body
