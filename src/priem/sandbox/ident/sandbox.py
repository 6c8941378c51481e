"""The whole of it in one object: database, clinic, TDS server, control port."""

import threading
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from priem.sandbox.ident.alterations import alter
from priem.sandbox.ident.clock import Clock
from priem.sandbox.ident.engine import Database
from priem.sandbox.ident.faults import Faults
from priem.sandbox.ident.journal import Journal
from priem.sandbox.ident.live import LivingClinic
from priem.sandbox.ident.permissions import READER, STAFF, Logins
from priem.sandbox.ident.schema import ident_schema
from priem.sandbox.ident.seed import Wishes, seed
from priem.sandbox.ident.server import Server
from priem.sandbox.ident.session import Shared
from priem.sandbox.ident.tls import TlsMode

INSTANCE = "PZSQLSERVER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    host: str = "127.0.0.1"
    port: int = 0
    control_port: int = 0
    wishes: Wishes = field(default_factory=Wishes)
    live: float = 0.0
    """Changes per second."""
    tls: TlsMode = "on"
    time_zone: str = "Europe/Moscow"
    now: datetime | None = None
    compatibility: int = 2012
    schema: str = "ident"
    """One of alterations.SCHEMAS."""
    passwords: dict[str, str] = field(
        default_factory=lambda: {READER: "Chitatel-2026", STAFF: "Registratura-2026"}, repr=False
    )


class IdentSandbox:
    """`start`, then `stop`. Ports are known after the constructor."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        clock = Clock(ZoneInfo(settings.time_zone), settings.now)
        self.database = Database(ident_schema(), clock, compatibility=settings.compatibility)
        seed(self.database, settings.wishes)
        if settings.schema != "ident":
            alter(self.database, settings.schema)
        self.journal = Journal()
        self.faults = Faults(settings.wishes.seed)
        shared = Shared(self.database, self.journal, self.faults, Logins(settings.passwords), settings.tls)
        self.server = Server(shared, settings.host, settings.port)
        self.live = LivingClinic(self.database, self.journal, settings.wishes.seed)
        self._restoring = threading.Lock()

    def start(self) -> None:
        self.server.start()
        if self.settings.live > 0:
            self.live.start(rate=self.settings.live)

    def stop(self) -> None:
        self.live.stop()
        self.server.stop()
        self.server.wait_for_silence(2.0)
        self.database.close()

    def restore(self) -> None:
        """As a real RESTORE: everybody is thrown out, and what was written since the backup is gone."""
        with self._restoring, self.live.paused():
            self.server.disconnect_all()
            self.server.wait_for_silence()
            self.database.restore()

    def announcement(self, control: str) -> dict[str, object]:
        """The one line that a sandbox prints when it answers."""
        return {
            "sandbox": "ident",
            "host": self.settings.host,
            "port": self.server.port,
            "database": "PZ",
            "instance": INSTANCE,
            "control": control,
            "logins": dict(self.settings.passwords),
            "time_zone": self.settings.time_zone,
        }
