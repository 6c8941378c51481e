"""SQL Server Browser: which port a named instance has (MC-SQLR). UDP, one datagram each way."""

import contextlib
import socket
import threading

from priem.sandbox.ident.facts import PROGRAMS
from priem.sandbox.ident.tokens import SERVER_NAME

ALL_INSTANCES, ALL_OF_HOST, ONE_INSTANCE = 0x02, 0x03, 0x04


class Browser:
    def __init__(self, host: str, port: int, tds_port: int) -> None:
        self._tds_port = tds_port
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, port))
        self.port = self._socket.getsockname()[1]
        self._stopping = False
        threading.Thread(target=self._serve, name="sql-browser", daemon=True).start()

    def stop(self) -> None:
        self._stopping = True
        self._socket.close()

    def _serve(self) -> None:
        while not self._stopping:
            with contextlib.suppress(OSError):
                request, sender = self._socket.recvfrom(1024)
                answer = self._answer(request)
                if answer:
                    self._socket.sendto(answer, sender)

    def _answer(self, request: bytes) -> bytes:
        machine, _, instance = SERVER_NAME.partition("\\")
        asked = request[1:].split(b"\x00")[0].decode("ascii", "replace")
        if request[:1] == bytes((ONE_INSTANCE,)) and asked.upper() != instance:
            return b""
        if not request or request[0] not in (ALL_INSTANCES, ALL_OF_HOST, ONE_INSTANCE):
            return b""
        version = ".".join(map(str, PROGRAMS[2012]))
        text = f"ServerName;{machine};InstanceName;{instance};IsClustered;No;Version;{version};tcp;{self._tds_port};;"
        data = text.encode("ascii")
        return b"\x05" + len(data).to_bytes(2, "little") + data
