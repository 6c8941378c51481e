"""Sources: where leads come from, as managers see it beside them. docs/reference/amocrm.md §3.17

Only an administrator's token of an integration whose widget has the place `lead_sources` may write them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from priem.amocrm.client import Client
from priem.amocrm.problems import Refused
from priem.errors import AskOperator
from priem.texts import text

PATH = "/api/v4/sources"
LONGEST = 36
"""Characters of an external id, which never changes."""


@dataclass(frozen=True, slots=True)
class Source:
    id: int
    name: str
    external_id: str
    """Our own name for it."""
    pipeline: int


def read_sources(client: Client) -> tuple[Source, ...]:
    """All of them: amoCRM gives them on one page."""
    return tuple(map(to_source, client.get(PATH).rows("sources")))


def to_source(row: dict[str, Any]) -> Source:
    id_, pipeline = int(row["id"]), int(row.get("pipeline_id") or 0)
    return Source(id_, str(row.get("name") or ""), str(row.get("external_id") or ""), pipeline)


def keep_source(client: Client, external_id: str, name: str, pipeline: int) -> Source:
    """Makes it, or gives the one that is there this name and pipeline. Raises AskOperator without the right."""
    there = next((one for one in read_sources(client) if one.external_id == external_id), None)
    wanted = {"name": name, "pipeline_id": pipeline}
    if there is None:
        written = write(client, "POST", {"external_id": external_id[:LONGEST], **wanted})
        there = next(written, None) or Source(0, name, external_id, pipeline)
    elif (there.name, there.pipeline) != (name, pipeline):
        there = next(write(client, "PATCH", {"id": there.id, **wanted}), there)
    return there


def write(client: Client, method: str, sent: dict[str, Any]) -> Iterator[Source]:
    try:
        return map(to_source, client.write(method, PATH, [sent]).rows("sources"))
    except Refused as error:
        raise AskOperator(
            text("amoCRM does not let Priem make a source of leads."),
            text("Let an administrator authorise Priem, with a widget that has a place among the sources of leads."),
        ) from error


def drop_sources(client: Client, ids: Sequence[int]) -> None:
    """Those that are gone already are no error."""
    for id_ in ids:
        try:
            client.write("DELETE", PATH, [{"id": id_}])
        except Refused as error:
            if "EntityNotFound" not in str(error.answer.body):
                raise
