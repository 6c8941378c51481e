"""pymssql, and python-tds where there is no wheel of it. Both are opened the same kind way.

Measured facts about both: docs/reference/choices.md §2b.
"""

import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import pymssql
from pymssql._mssql import MSSQLException

from priem.asked import called
from priem.errors import AskOperator
from priem.mis.ident.asking import ASKED
from priem.mis.ident.config import Config
from priem.texts import text

APPLICATION = "Priem"
"""As the clinic's administrator sees it among the server's sessions."""
OLD_TLS = Path(__file__).parent / "old-tls.conf"
ENCRYPTION = {"off": "off", "required": "require", "old": "request"}


class Rows(Protocol):
    description: Sequence[Sequence[Any]] | None

    def execute(self, sql: str) -> object: ...

    def fetchall(self) -> Sequence[tuple[Any, ...]]: ...

    def close(self) -> object: ...


class Connection(Protocol):
    """What both drivers have in common: the DB-API."""

    def cursor(self) -> Rows: ...

    def close(self) -> object: ...


def open_pymssql(config: Config, host: str, port: int, database: str) -> Connection:
    if config.encryption == "old":
        # FreeTDS takes this from its configuration alone, and that is the whole process's.
        os.environ["FREETDSCONF"] = str(OLD_TLS)
    return pymssql.connect(  # type: ignore[return-value]  # its cursor() is overloaded beyond what mypy can match
        server=host,
        port=str(port),
        user=config.login,
        password=config.password,
        database=database,
        timeout=config.query_timeout,
        login_timeout=config.login_timeout,
        encryption=ENCRYPTION.get(config.encryption),
        appname=APPLICATION,
        autocommit=True,  # else it begins a transaction before the first query and holds it
        conn_properties="",  # ours are sent by `Database`
    )


def open_pytds(config: Config, host: str, port: int, database: str) -> Connection:
    if "\\" in config.login:
        # It would send DOMAIN\user as a login of SQL Server's own, which no server knows.
        raise AskOperator(
            text("The driver python-tds does not sign in with a Windows account."),
            text(
                "Choose pymssql in the setting {setting}, or ask for a login of SQL Server's own.",
                setting=called(ASKED, "driver"),
            ),
        )
    try:
        connection: Connection = spare_driver().connect(
            dsn=host,
            port=port,
            user=config.login,
            password=config.password,
            database=database,
            timeout=config.query_timeout,
            login_timeout=config.login_timeout,
            cafile=None if config.encryption == "off" else config.certificate or None,
            validate_host=False,  # SQL Server's own certificates name no host
            appname=APPLICATION,
            autocommit=True,
            disable_connect_retry=True,  # when to try again is the engine's to say
        )
    except ValueError as error:
        raise ConnectionError(str(error)) from error  # so it stumbles over an answer that is none of SQL Server's
    return connection


def spare_driver() -> Any:  # noqa: ANN401 - a module that need not be there
    try:
        import pytds  # noqa: PLC0415 - an extra that most installations do not have
    except ImportError as error:
        raise AskOperator(
            text("The driver python-tds is not installed."),
            text(
                "Install Priem with its extra 'pure', or choose pymssql in the setting {setting}.",
                setting=called(ASKED, "driver"),
            ),
        ) from error
    # It tells every statement at this level: nothing that anybody would look for in Priem's log.
    logging.getLogger("pytds").setLevel(logging.WARNING)
    return pytds


OPEN: Mapping[str, Callable[[Config, str, int, str], Connection]] = {"pymssql": open_pymssql, "pytds": open_pytds}


def errors() -> tuple[type[Exception], ...]:
    """What means that the server or the way to it failed. All else that comes up is a mistake of ours.

    Of python-tds only once a connection needed it: nobody else loads it, with all that it brings into memory.
    """
    # Setting the timeout of a fresh connection raises the exceptions of the layer below DB-API.
    known: tuple[type[Exception], ...] = (pymssql.Error, MSSQLException, OSError)
    if "pytds" not in sys.modules:
        return known
    import pytds  # noqa: PLC0415 - see above

    try:
        from OpenSSL import SSL  # noqa: PLC0415 - see above
    except ImportError:
        return (*known, pytds.Error)
    return (*known, pytds.Error, SSL.Error)
