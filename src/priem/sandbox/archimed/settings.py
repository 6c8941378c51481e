"""How one sandbox, its branches and their server are set up."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, get_args, get_origin, get_type_hints

Collision = Literal["403", "400", "409", "200", "allowed"]


@dataclass(slots=True)
class Shape:
    """How one version of the API writes what is the same underneath (docs/reference/archimed.md §1.4, §1.7)."""

    ids_as_text: bool = False
    totals_as_text: bool = False
    nulls: bool = False
    """References that are not set are null, not 0 and an empty text."""
    doctor_names: Literal["name", "last_name"] = "name"
    """`name, name1, name2`, or `last_name, first_name, middle_name` as the vendor's samples have it."""
    default_limit: int = 20
    max_limit: int = 25_000
    """A higher `limit` is cut to it, and the envelope echoes the cut one."""
    windows: bool = False
    """Whether lists of talons know `date_from` and `date_to`; what is not known is not looked at."""


def shapes() -> dict[str, Shape]:
    """Both versions that were seen in use."""
    return {
        "v4": Shape(),
        "v5": Shape(ids_as_text=True, totals_as_text=True, nulls=True, max_limit=500, windows=True),
    }


@dataclass(slots=True)
class Manners:
    """What no source tells of the real system: each is a choice, to be turned round by a test.

    `POST /_sandbox/branch` takes these names, and `v4` and `v5` with the names of `Shape`.
    """

    active: bool = True
    """API access has to be switched on for every branch apart; without it everything is 403."""
    versions: tuple[str, ...] = ("v4", "v5")
    """Versions that this branch answers; others are 404."""
    missing: dict[str, int] = field(default_factory=dict)
    """Methods that this installation lacks and how it says so: `{"categories": 404, "DELETE talons": 405}`."""
    collision: Collision = "403"
    """How a booking on a taken time is refused: by HTTP status, by 200 with a status that is not Ok, or not at all."""
    outside_schedule: bool = False
    """Whether the API may book where the doctor does not work."""
    endtime_helps: bool = False
    """Whether an explicit `endtime` lets one book with a doctor whose `max_time` is 0."""
    cancel_deletes: bool = False
    """Whether a talon that gets the status «cancelled» is deleted, too."""
    ignored_fields: tuple[str, ...] = ()
    """Fields of a talon that a write does not take in, though it answers Ok."""
    ignored_filters: tuple[str, ...] = ()
    """`filters[]` on these fields (`*` is any) change nothing."""
    makes_medcards: bool = True
    """Whether a talon for an unknown patient makes a medcard; else it stands without one, `patient_id` 0."""
    spilled_days: int = 1
    """So many days on either side of the window come along in `intervals`."""
    newest_first: bool = False
    """Whether lists begin with the latest; by id from the oldest on is what a client relied on in 2021."""
    errors: Literal["json", "text"] = "json"
    """What a refusal's body is."""


@dataclass(slots=True)
class Settings:
    """`rate_limit` is requests a second of a branch, 0 is no limit; latencies are milliseconds."""

    port: int = 0
    seed: int = 1
    branches: int = 1
    patients: int = 300
    visits: int = 120
    """Coming ones."""
    history: int = 30
    """Days of past visits."""
    doctors: int = 8
    live: float = 0.0
    """Changes a second, in all branches together."""
    latency_ms: float = 0
    latency_per_record_ms: float = 0
    rate_limit: int = 0
    now: datetime | None = None
    """The clock's start, UTC unless it says otherwise; None is the machine's clock."""
    frozen: bool = False
    """The clock moves only when it is told to."""
    skew: float = 0.0
    """Seconds by which the gateway's clock, which judges tokens, is ahead."""
    manners: Manners = field(default_factory=Manners)
    """Of every branch at the start; a second branch lacks `categories` besides, as installations were seen to."""
    shapes: dict[str, Shape] = field(default_factory=shapes)
    time_zones: tuple[str, ...] = ("Europe/Moscow", "Asia/Yekaterinburg", "Europe/Samara", "Asia/Novosibirsk")
    tls: bool = False
    until_stdin_closes: bool = False


def changed_shape(shape: Shape, given: Mapping[str, Any]) -> Shape:
    """With other values; ValueError for a name or a value that makes no sense."""
    return replace(shape, **_checked(shape, given))


def changed_manners(manners: Manners, given: Mapping[str, Any]) -> Manners:
    """With other values; ValueError for a name or a value that makes no sense."""
    return replace(manners, **_checked(manners, given))


def _checked(settings: Shape | Manners, given: Mapping[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(type(settings))
    unknown = set(given) - set(hints)
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(hints)}")
    found = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    for name, value in found.items():
        choices = get_args(hints[name]) if get_origin(hints[name]) is Literal else ()
        if (choices and value not in choices) or type(value) is not type(getattr(settings, name)):
            raise ValueError(f"{name}: {value!r} is none of {', '.join(choices) or hints[name]}")
    return found
