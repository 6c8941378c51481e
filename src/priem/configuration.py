"""A clinic's whole set-up as one TOML file: read, checked, written. docs/reference/settings.md describes it.

Secrets stand in it by reference: `env:NAME`, `file:/path`, or `stored` for the one that Priem keeps already. The secret
itself is taken, too, kept encrypted, and never written out again.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import tomli_w
from pydantic import TypeAdapter, ValidationError

from priem.engine.doers import is_line
from priem.engine.kinds import KINDS
from priem.engine.names import unknown_parts
from priem.engine.settings import Bookings, Settings, StageTrigger, StatusSync, Strict, Tickets
from priem.engine.values import VALUES
from priem.errors import AskOperator
from priem.texts import Text, text

Serialization = Literal["auto", "json", "xml"]
RoleName = Literal["integrator", "administrator", "manager", "auditor"]
Secret = str
"""A reference, or the secret itself."""

STORED = "stored"
LONGEST_WISH = 12 * 60
"""docs/reference/ident.md §1.5"""
SECRETS = ("password", "api_secret")
"""What connectors keep secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicNames(Strict):
    slug: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AmoCrmAccess(Strict):
    url: str
    client_id: str = ""
    client_secret: Secret = field(default="", repr=False)
    redirect_uri: str = ""
    code: Secret = field(default="", repr=False)
    """Lives 20 minutes and is good for once; not written by `export`."""
    long_lived_token: Secret = field(default="", repr=False)
    sandbox: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionFile:
    """One МИС. What else stands here is the connector's own: its folder in `mis/` says what it takes."""

    key: str
    kind: str
    """A word of `mis.CONNECTORS`."""
    password: Secret = field(default="", repr=False)
    api_secret: Secret = field(default="", repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def secrets(self) -> Mapping[str, Secret]:
        """Those that the file says anything of."""
        return {name: value for name in SECRETS if (value := getattr(self, name))}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFile(Strict):
    """The clinic's own service for IDENT, on one connection."""

    time_zone: str
    serialization: Serialization = "auto"
    element_names: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """`tickets` and `calls` → the names of a list and of one of it, in XML."""
    posts_whole: bool = True
    key: Secret = field(default="", repr=False)
    applications_key: Secret = field(default="", repr=False)
    """Both made by Priem where nothing stands here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFile(Strict):
    """Somebody who has a role in this clinic."""

    role: RoleName
    password: Secret = field(default="", repr=False)
    """For whoever has none yet; without one the page of people gives a link. Never written by `export`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicFile(Strict):
    clinic: ClinicNames
    amocrm: AmoCrmAccess
    connections: tuple[ConnectionFile, ...] = ()
    services: Mapping[str, ServiceFile] = field(default_factory=dict)
    """By connection."""
    people: Mapping[str, PersonFile] = field(default_factory=dict)
    """By the name for the login."""
    settings: Settings = field(default_factory=Settings)


ADAPTER = TypeAdapter(ClinicFile)
SETTINGS = TypeAdapter(Settings)
LOGIN = re.compile(r"[\w.@+-]{1,150}")
KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,30}")
"""No colon: it parts the connection from the id in a key."""
ADDRESS = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")
"""Good enough to be sent to, and never two in one."""
TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
NAMES_OF_SETTINGS = frozenset(Settings.__dataclass_fields__)
NAMES_OF_CONNECTION = frozenset(ConnectionFile.__dataclass_fields__) - {"options"}


def read(path: Path) -> ClinicFile:
    """Raises AskOperator that names every line of the file that does not hold."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # Windows' editors begin a file with a mark
    except OSError as error:
        raise AskOperator(text("The file {path} cannot be read.", path=path), text("Check its name.")) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AskOperator(text("The file {path} is not TOML.", path=path), where_toml_breaks(error)) from error
    return parse(document)


def where_toml_breaks(error: tomllib.TOMLDecodeError | UnicodeDecodeError) -> Text:
    """Where to look. The parser's own words are English and say little of the cause, its line says all."""
    if isinstance(error, UnicodeDecodeError):
        return text("Save it as UTF-8: other encodings are not read.")
    if place := re.search(r"line (\d+), column (\d+)", str(error)):
        return text("Correct line {line} (column {column}).", line=place[1], column=place[2])
    return text("A bracket, a quotation mark or a value is missing at its end.")


def parse(document: Mapping[str, Any]) -> ClinicFile:
    try:
        file = ADAPTER.validate_python(nested(document))
    except ValidationError as error:
        raise AskOperator(
            text("The settings are not right: {list}.", list=mistakes(error)),
            text("Correct these lines and try again."),
        ) from error
    if found := contradictions(file):
        raise AskOperator(
            text("The settings are not right: {list}.", list=found),
            text("Correct these lines and try again."),
        )
    return file


def nested(document: Mapping[str, Any]) -> dict[str, Any]:
    """The file is flat where depth would be tiresome: settings at the top, a connection's own words within it."""
    flat = dict(document)
    settings = {name: flat.pop(name) for name in NAMES_OF_SETTINGS & flat.keys()}
    connections = flat.pop("connections", [])
    return {
        **flat,
        "settings": settings,
        "connections": [nested_connection(row) if isinstance(row, dict) else row for row in connections]
        if isinstance(connections, list)
        else connections,
    }


def nested_connection(row: Mapping[str, Any]) -> dict[str, Any]:
    own = {name: value for name, value in row.items() if name in NAMES_OF_CONNECTION}
    return {**own, "options": {name: value for name, value in row.items() if name not in NAMES_OF_CONNECTION}}


NOT_IN_THE_FILE = frozenset({"settings", "options", "str", "int"})
"""What pydantic puts into the place of a mistake and nobody has written: our own nesting, kinds of a value."""


def mistakes(error: ValidationError) -> Sequence[Text]:
    """Once each: where a value may be of two kinds and is of neither, it would be said for both."""
    found = (mistake(str(row["type"]), place(row["loc"]), row.get("ctx", {})) for row in error.errors())
    return list({str(said): said for said in found}.values())


def mistake(kind: str, where: str, context: Mapping[str, Any]) -> Text:
    match kind:
        case "missing":
            return text("{place} is missing", place=where)
        case "extra_forbidden" | "unexpected_keyword_argument":
            return text("{place} is not known here", place=where)
        case "literal_error" | "enum":
            return text("{place} must be one of: {list}", place=where, list=context.get("expected", ""))
        case _:
            return text("{place} has a value of the wrong kind", place=where)


def place(location: Sequence[str | int]) -> str:
    """`status_sync.rules[2].stage`, as a person counts: from 1."""
    words = [part for part in location if part not in NOT_IN_THE_FILE]
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in words).lstrip(".")


def contradictions(file: ClinicFile) -> list[Text]:
    """What is well formed and still cannot be meant."""
    keys = [connection.key for connection in file.connections]
    settings = file.settings
    return [
        *key_mistakes(keys),
        *branch_mistakes("branches", settings.branches, keys),
        *branch_mistakes("patients.branches", settings.patients.branches, keys),
        *([text("patients.months must be 1 or more")] if settings.patients.months < 1 else []),
        *sync_mistakes("status_sync", settings.status_sync),
        *(
            mistake
            for name, branch in settings.branches.items()
            if branch.status_sync
            for mistake in sync_mistakes(f"branches.{name}.status_sync", branch.status_sync)
        ),
        *(
            text("fields.value «{value}» is not known", value=rule.value)
            for rule in settings.fields
            if rule.value not in VALUES
        ),
        *name_mistakes("leads.name", settings.leads.name),
        *(name_mistakes("leads.task.text", settings.leads.task.text) if settings.leads.task else ()),
        *booking_mistakes(settings.booking, keys),
        *(mistake for trigger in settings.triggers.rules for mistake in trigger_mistakes(trigger)),
        *ticket_mistakes(settings.tickets, file.connections),
        *service_mistakes(file),
        *(
            text("people «{name}» is no name for a login", name=name)
            for name in file.people
            if not LOGIN.fullmatch(name)
        ),
        *(
            text("reconcile.at «{at}» is no time of day such as 03:30", at=settings.reconcile.at)
            for _ in range(settings.reconcile.at != "" and not TIME_OF_DAY.fullmatch(settings.reconcile.at))
        ),
        *(address_mistake(address) for address in settings.alerts.mail if not ADDRESS.fullmatch(address)),
    ]


def address_mistake(address: str) -> Text:
    return text("alerts.mail «{address}» is no mail address", address=address)


def key_mistakes(keys: Sequence[str]) -> Iterator[Text]:
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield text("two connections are called «{key}»", key=key)
    for key in keys:
        if not KEY.fullmatch(key):
            yield text("connections.key «{key}» may hold small Latin letters, digits, - and _ only", key=key)


def branch_mistakes(where: str, branches: Iterable[str], keys: Sequence[str]) -> Iterator[Text]:
    for branch in branches:
        connection, _, id_ = branch.partition(":")
        if connection not in keys or not id_:
            yield text(
                "{where} «{branch}»: no connection is called so; a branch is «connection:id»",
                where=where,
                branch=branch,
            )


def sync_mistakes(where: str, sync: StatusSync) -> Iterator[Text]:
    if sync.mode == "always" and any(rule.is_conditional for rule in sync.rules):
        yield text("{place}.rules have conditions, but {place}.mode is «always»: it must be «filtered»", place=where)


def booking_mistakes(booking: Bookings, keys: Sequence[str]) -> Iterator[Text]:
    places = [booking.default_branch, *(user.default for user in booking.users)]
    places += [branch for user in booking.users for branch in user.branches]
    yield from branch_mistakes("booking", (place for place in places if place and place not in keys), keys)
    yield from name_mistakes("booking.note", booking.note)
    for line in booking.done_by:
        if not is_line(line):
            yield text("booking.done_by «{line}» is not «service = specialities or doctors»", line=line)


def trigger_mistakes(trigger: StageTrigger) -> Iterator[Text]:
    kind = KINDS.get(trigger.does)
    if kind is None:
        yield text("triggers.does «{kind}» is not known: {list}", kind=trigger.does, list=", ".join(KINDS))
        return
    for option in sorted(trigger.options.keys() - kind.options):
        yield text("{place} is not known here", place=f"triggers.options.{option}")
    if trigger.does == "status" and not trigger.status:
        yield text("{place} is missing", place="triggers.status")


def service_mistakes(file: ClinicFile) -> Iterator[Text]:
    known = [connection.key for connection in file.connections if connection.kind == "ident"]
    for key, service in file.services.items():
        if key not in known:
            yield text("services «{key}» is no connection with IDENT", key=key)
        for of in sorted(service.element_names.keys() - {"tickets", "calls"}):
            yield text("{place} is not known here", place=f"services.{key}.element_names.{of}")


def ticket_mistakes(tickets: Tickets, connections: Sequence[ConnectionFile]) -> Iterator[Text]:
    known = [connection.key for connection in connections if connection.kind == "ident"]
    if tickets.connection and tickets.connection not in known:
        yield text("tickets.connection «{key}» is no connection with IDENT", key=tickets.connection)
    if not 1 <= tickets.minutes <= LONGEST_WISH:
        yield text("tickets.minutes must be from 1 to 720: IDENT takes no longer wish")


def name_mistakes(where: str, template: str) -> list[Text]:
    try:
        return [
            text("{place} has an unknown word «{word}»", place=where, word=word) for word in unknown_parts(template)
        ]
    except ValueError:
        return [text("{place} has a brace without its pair", place=where)]


def write(file: ClinicFile) -> str:
    """The file that `parse` reads to the same set-up."""
    whole = ADAPTER.dump_python(file, exclude_defaults=True, exclude_none=True)
    document: dict[str, Any] = {"clinic": whole["clinic"], "amocrm": whole["amocrm"], **whole.get("settings", {})}
    document |= {name: part for name in ("services", "people") if (part := whole.get(name))}
    document["connections"] = [{**row.pop("options", {}), **row} for row in whole.get("connections", [])]
    return tomli_w.dumps(document, multiline_strings=True)


def settings_as_json(settings: Settings) -> dict[str, Any]:
    kept: dict[str, Any] = SETTINGS.dump_python(settings, mode="json", exclude_defaults=True, exclude_none=True)
    return kept


def settings_from_json(kept: Mapping[str, Any]) -> Settings:
    return SETTINGS.validate_python(kept)
