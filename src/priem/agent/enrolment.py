"""Getting in with a one-time code; and what the agent knows from then on."""

import platform
from dataclasses import asdict, dataclass, field
from typing import Any

from priem.agent.folder import Folder
from priem.agent.line import Address, Line
from priem.errors import AskOperator
from priem.relay.words import NOT_FROM_HUB
from priem.texts import text

ACCESS = "access"
DATABASE = "database"
LIMITS = "limits"
MOST_MEGABYTES = LEAST_FREE_MEGABYTES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What lets the agent into the hub. Never printed."""

    address: Address
    agent: int
    connection: str
    clinic: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Of what may lie on this computer's disk."""

    most_megabytes: int = MOST_MEGABYTES
    """For parcels that wait for the hub."""
    least_free_megabytes: int = LEAST_FREE_MEGABYTES
    """Of the disk: with less, the agent stops reading."""


def about_here() -> dict[str, str]:
    return {"host": platform.node()[:100], "program": program()}


def program() -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - email and more: asked for once

    try:
        return version("priem")
    except PackageNotFoundError:
        return "?"


def enrol(folder: Folder, address: Address, code: str, line: Line | None = None) -> Access:
    """Keeps what the hub gives for the code. Raises AskOperator for a code that opens nothing, and TryLater."""
    line = line or Line(address)
    try:
        told = line.enrol("".join(code.split()).upper(), about_here())
    finally:
        line.close()
    access = Access(
        address=address,
        agent=int(told["agent"]),
        connection=str(told["connection"]),
        clinic=str(told["clinic"]),
        token=str(told["token"]),
    )
    folder.keep_json(ACCESS, asdict(access))
    return access


def access_in(folder: Folder) -> Access:
    """Raises AskOperator when nobody has enrolled it."""
    told = folder.kept_json(ACCESS)
    if told is None:
        raise AskOperator(
            text("No agent is enrolled in {path}.", path=folder.path),
            text("Make a code in the hub, at the clinic's connection, and run priem agent enrol CODE --hub ADDRESS."),
        )
    return Access(**{**told, "address": Address(**told["address"])})


def keep_database(folder: Folder, way: dict[str, Any]) -> None:
    """The way to the database: only settings that the hub may not say."""
    folder.keep_json(DATABASE, {name: value for name, value in way.items() if name in NOT_FROM_HUB})


def database_in(folder: Folder) -> dict[str, Any]:
    """Raises AskOperator when nobody has said where the database is."""
    told = folder.kept_json(DATABASE)
    if not told:
        raise AskOperator(
            text("The agent does not know where the database is."),
            text("Say it: priem agent database --server ADDRESS --login NAME."),
        )
    return dict(told)


def limits_in(folder: Folder) -> Limits:
    told = folder.kept_json(LIMITS) or {}
    return Limits(**{name: int(value) for name, value in told.items() if name in Limits.__dataclass_fields__})
