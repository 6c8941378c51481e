"""What the hub takes from its environment. Reads variables, and the one file that a variable may name."""

import os
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from priem.errors import AskOperator
from priem.texts import text

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
BUSY_SECONDS = 20
"""How long a writer waits for another one on SQLite before it gives up."""
ON_CONNECT = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000"


def home() -> Path:
    """PRIEM_HOME: the folder of the database, the key and the locks."""
    return Path(os.environ.get("PRIEM_HOME", "priem-data")).absolute()


def flag(name: str) -> bool:
    return os.environ.get(name, "").lower() in ("1", "true", "yes", "on")


def words(name: str, default: Iterable[str] = ()) -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in os.environ.get(name, "").split(",") if word.strip()] or list(default)


def number(name: str, default: int) -> int:
    """Raises ValueError that names the variable."""
    written = os.environ.get(name, "").strip()
    try:
        return int(written.replace("_", "")) if written else default
    except ValueError as error:
        raise ValueError(f"{name} is no number: {written}") from error


def public_url() -> str:
    """PRIEM_PUBLIC_URL without a slash at its end; empty when there is none."""
    return os.environ.get("PRIEM_PUBLIC_URL", "").rstrip("/")


def public_host() -> list[str]:
    """The name in PRIEM_PUBLIC_URL, if there is one."""
    name = urlsplit(os.environ.get("PRIEM_PUBLIC_URL", "")).hostname
    return [name] if name else []


def database_url() -> str:
    """DATABASE_URL, or what stands in the file that DATABASE_URL_FILE names. Raises OSError that names the file."""
    file = os.environ.get("DATABASE_URL_FILE", "")
    return os.environ.get("DATABASE_URL", "") or (Path(file).read_text().strip() if file else "")


def database(url: str, folder: Path) -> dict[str, Any]:
    """Django's description of the database: PostgreSQL when DATABASE_URL names one, else a file in the folder."""
    return postgresql(url) if url else sqlite(folder / "db.sqlite3")


def sqlite(file: Path) -> dict[str, Any]:
    # IMMEDIATE: a transaction that begins by reading and then writes would fail at once, without waiting its turn.
    options = {"transaction_mode": "IMMEDIATE", "timeout": BUSY_SECONDS, "init_command": ON_CONNECT}
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file), "OPTIONS": options}


NOTICES_SILENCE = {
    "connect_timeout": "10",
    "keepalives_idle": "15",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""libpq's, for a server whose machine or network is gone without a word: Linux alone would wait for two hours, and
whoever listens for wake-ups would be deaf as long."""


def postgresql(url: str) -> dict[str, Any]:
    """`postgres://user:password@host:port/name?option=value`; a host of the query may be a folder with a socket.

    Raises AskOperator."""
    parts = address(url)
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "priem.hub.postgresql",
        "NAME": unquote(parts.path.removeprefix("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or options.pop("host", ""),
        "PORT": str(parts.port or options.pop("port", "")),
        "OPTIONS": {**NOTICES_SILENCE, **options},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def address(url: str) -> SplitResult:
    """Without a word of what stands in it: a password may."""
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in ("postgres", "postgresql") and (parts.port is None or parts.port > 0)
    except ValueError:
        is_one = False
    if not is_one:
        raise AskOperator(
            text("This is no address of a PostgreSQL."),
            text(
                "Write postgres://user:password@host:port/name, with signs such as @ and / in the password as %40 and "
                "%2F. The hub's own stands in DATABASE_URL, or in the file of DATABASE_URL_FILE."
            ),
        )
    if find_spec("psycopg") is None:
        raise AskOperator(
            text("The driver for PostgreSQL is not installed."), text("Install it: pip install 'priem[postgres]'.")
        )
    return parts
