"""The far end of `Hands`: configuring and syncing as the commands do, IDENT's program, and its reception, in one
process that stays. A JSON line comes in, a JSON line goes out.
"""

# ruff: noqa: E402 - the hub is set up before anything of it is imported

import base64
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import django
import pymssql

django.setup()  # before anything of the hub is imported

from priem import bootstrap, configuration
from priem.cli.widget_command import pipeline_path
from priem.passes import one_pass
from priem.sandbox.ident_client.client import Form, IdentClient
from priem.sandbox.ident_client.database import Access, IdentDatabase
from priem.widget.packing import packed

ZONE = ZoneInfo("Europe/Moscow")


def configure(file: str) -> object:
    return list(bootstrap.configure(configuration.read(Path(file))))


def sync(slug: str) -> object:
    bootstrap.require_seen(slug, sure=True)
    with bootstrap.opened(slug) as opened:
        return sum(len(progress.carried) for _, progress in one_pass(opened.sources, opened.clinic))


def pack(hub: str, slug: str) -> object:
    """`widget.zip` with the actions of the digital pipeline, in base64."""
    return base64.b64encode(packed(hub, pipeline=pipeline_path(slug))).decode()


def ident_asks(hub: str, key: str, port: int, password: str) -> object:
    """Its program posts the timetable and fetches applications. Gives how many of these are new to it."""
    access = Access(host="127.0.0.1", port=port, password=password, zone=ZONE)
    client = IdentClient(Form(url=f"{hub}/ident/mira/lenina", key=key), IdentDatabase(access))
    try:
        said = {method: client.call(method) for method in ("PostTimeTable", "GetTickets")}
    finally:
        client.close()
    assert all(each.status == 200 for each in said.values()), said
    return said["GetTickets"].new


def reception(sql: list[str], port: int, password: str) -> object:
    """What the reception's own program writes, and the last answer."""
    with pymssql.connect(
        server="127.0.0.1", port=str(port), database="PZ", user="clinic", password=password, autocommit=True
    ) as connection:
        cursor = connection.cursor()
        for statement in sql:
            cursor.execute(statement)
        return [list(map(str, row)) for row in cursor.fetchall()] if cursor.description else []


DEEDS: Mapping[str, Callable[..., object]] = {
    "configure": configure,
    "sync": sync,
    "pack": pack,
    "ident_asks": ident_asks,
    "reception": reception,
}


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        sys.stdout.write(json.dumps(DEEDS[asked.pop("deed")](**asked)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
