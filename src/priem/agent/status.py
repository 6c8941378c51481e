"""How the agent does, as it wrote it down itself."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from priem.agent.enrolment import Access
from priem.agent.folder import Folder
from priem.agent.line import shown
from priem.agent.running import STATUS
from priem.relay.texts import trouble_from_json
from priem.relay.words import Halt
from priem.texts import Text, text

SILENT_AFTER = timedelta(minutes=3)
HALTS = {
    Halt.FULL: text("It does not read: it holds as much as it may, and the hub takes nothing."),
    Halt.DISK: text("It does not read: the disk is almost full."),
    Halt.RESTS: text("It does not read: nobody has started a sync or a preview in the hub yet."),
}


def status_lines(folder: Folder, access: Access) -> tuple[list[Text], bool]:
    """In words, and whether all is well."""
    told = folder.shown(STATUS)
    lines = [
        text(
            "Clinic «{clinic}», connection {connection}, hub {hub}.",
            clinic=access.clinic,
            connection=access.connection,
            hub=shown(access.address.url),
        )
    ]
    if told is None or datetime.now(UTC) - datetime.fromisoformat(told["at"]) > SILENT_AFTER:
        return [*lines, text("The agent does not run. Start it: priem agent run, or the service.")], False
    troubles = list(troubles_in(told))
    lines.append(text("The agent runs, version {program}.", program=told["program"]))
    if told["read_at"]:
        lines.append(text("The database was read last at {time}.", time=local(told["read_at"])))
    if told["waiting"]:
        megabytes = f"{told['waiting_bytes'] / 1e6:.1f}"
        lines.append(
            text(
                "Waiting for the hub: {pages} pages, {megabytes} MB, the oldest for {seconds} s.",
                pages=told["waiting"],
                megabytes=megabytes,
                seconds=round(told["lag"]),
            )
        )
    halt = Halt(told["halt"])
    if halt in HALTS:
        lines.append(HALTS[halt])
    return [*lines, *troubles], not troubles and halt in (Halt.NONE, Halt.RESTS)


def troubles_in(told: dict[str, Any]) -> Iterator[Text]:
    for name in ("trouble", "line"):
        if told.get(name):
            error = trouble_from_json(told[name])
            yield error.what
            if error.advice:
                yield error.advice


def local(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone().strftime("%d.%m.%Y %H:%M:%S")
