"""Everything that reading IDENT needs, tried and said in plain words."""

from collections.abc import Iterator
from datetime import timedelta

from priem.asked import called
from priem.errors import AskOperator, PriemError
from priem.mis.ident.asking import ASKED
from priem.mis.ident.catalogue import Catalogue
from priem.mis.ident.config import Config
from priem.mis.ident.driver import Database
from priem.mis.ident.lacking import in_words
from priem.mis.ident.profile import path_of
from priem.mis.ident.reading import Clocks, Reader
from priem.mis.ident.rows import words
from priem.mis.ident.statements import path_of_first
from priem.model import Finding, Severity
from priem.ports import Clock
from priem.texts import text

SKEW = timedelta(minutes=3)
HALF_HOUR = timedelta(minutes=30)
WRITES = (
    "SELECT HAS_PERMS_BY_NAME(@table, 'OBJECT', 'INSERT') AS I,"
    " HAS_PERMS_BY_NAME(@table, 'OBJECT', 'UPDATE') AS U,"
    " HAS_PERMS_BY_NAME(@table, 'OBJECT', 'DELETE') AS D"
)


def findings(
    config: Config, database: Database, reader: Reader, catalogue: Catalogue, clock: Clock
) -> Iterator[Finding]:
    """One after another, up to the first that leaves nothing else to try."""
    try:
        yield from connected(config, database)
        clocks = reader.clocks()
        yield from clock_agrees(config, clocks, clock)
        yield from only_reads(database, path_of_first(reader.whole_profile["visits"].sql))
        lacking = list(schema_fits(reader))
        yield from lacking
        if any(finding.severity is Severity.BROKEN for finding in lacking):
            return
        yield from changes_are_told(reader, clocks)
        yield from counted(reader, catalogue, clocks)
        yield from branches_known(config, catalogue)
        yield from reasons_known(config, reader, catalogue)
    except PriemError as error:
        yield Finding(Severity.BROKEN, error.what, error.advice, error.beside)


def connected(config: Config, database: Database) -> Iterator[Finding]:
    [row] = database.rows("version", "SELECT @@VERSION AS Version, DB_NAME() AS Name")
    lines = [words(line) for line in str(row["Version"]).splitlines() if line.strip()]
    edition = next((line for line in lines[1:] if "Edition" in line), "")
    version = words(lines[0].partition(" - ")[0] if lines else "", edition.partition(" on ")[0])
    yield Finding(
        Severity.FINE,
        text(
            "Connected to {server}, database {database}: {version}.",
            server=config.server,
            database=row["Name"],
            version=version,
        ),
    )


def clock_agrees(config: Config, clocks: Clocks, clock: Clock) -> Iterator[Finding]:
    ahead = clocks.now - clock.now().astimezone(config.zone).replace(tzinfo=None)
    if abs(ahead) <= SKEW:
        yield Finding(
            Severity.FINE, text("The server's clock agrees with the time zone {zone}.", zone=config.time_zone)
        )
        return
    minutes = round(ahead / timedelta(minutes=1))
    off_by_zone = abs(ahead - round(ahead / HALF_HOUR) * HALF_HOUR) <= SKEW
    advice = (
        text(
            "The setting {setting} seems wrong: IDENT's times would be taken for those of another place.",
            setting=called(ASKED, "time_zone"),
        )
        if off_by_zone
        else text("Set the clock of IDENT's server: changes are found by it.")
    )
    what = text(
        "The server's clock differs by {minutes} min from {zone}.", minutes=f"{minutes:+d}", zone=config.time_zone
    )
    yield Finding(Severity.WARNING, what, advice)


def only_reads(database: Database, table: str) -> Iterator[Finding]:
    try:
        [row] = database.rows("permissions", WRITES, table=table)
    except AskOperator:
        return  # the server does not know the question, and Priem sends nothing but SELECT anyway
    if row["I"] is None:
        return  # no such table: another schema
    if any(row[column] == 1 for column in ("I", "U", "D")):
        yield Finding(
            Severity.WARNING,
            text("The login may change IDENT's data, though Priem never does."),
            text("Use a login that can only read: IDENT's support gives one at the clinic's written request."),
        )
    else:
        yield Finding(Severity.FINE, text("The login can only read."))


def schema_fits(reader: Reader) -> Iterator[Finding]:
    profile, schema = reader.whole_profile, reader.schema()
    if not schema.columns:
        yield Finding(
            Severity.BROKEN,
            text("The database has none of IDENT's tables, or the login may not see them."),
            text(
                "Check the name of the database; ask IDENT's support to let the login read the whole of it. If this is "
                "another release of IDENT, priem discover with the option --to proposes a profile for it."
            ),
        )
        return
    missing = profile.missing(schema)
    if tables := [table for table, column in missing if not column]:
        yield Finding(
            Severity.BROKEN,
            text("The database has no tables {names}, or the login may not see them.", names=", ".join(tables)),
            text(
                "This release of IDENT differs. priem discover with the option --to proposes a profile for it; look it "
                "through and set profile to its path."
            ),
        )
    for table, column in missing:
        if column:
            yield Finding(
                Severity.BROKEN,
                text("The database has no column {name}.", name=path_of(table, column)),
                text(
                    "This release of IDENT differs. priem ident profile copies the profile into a file: correct the "
                    "name there and set profile to its path."
                ),
            )
    if left_out := profile.left_out(schema):
        yield Finding(
            Severity.WARNING,
            text("This database lacks {names}; the rest is read without it.", names=in_words(left_out)),
            text("Nothing has to be done unless the clinic wants just that in amoCRM."),
        )
    if not missing:
        yield Finding(Severity.FINE, text("The database fits the profile {name}.", name=profile.name))


def changes_are_told(reader: Reader, clocks: Clocks) -> Iterator[Finding]:
    yield Finding(
        Severity.FINE,
        text("Changes of visits are found by their row versions.")
        if reader.tells_by_stamp(clocks)
        else text("Changes of visits are found by their times of change: the server does not tell row versions."),
    )


def counted(reader: Reader, catalogue: Catalogue, clocks: Clocks) -> Iterator[Finding]:
    for name in ("branches", "doctors"):
        catalogue.read(name)
    cards = reader.count("patients")
    ahead = reader.count("visits", "it.PlanStart >= @now", now=clocks.now)
    yield Finding(
        Severity.FINE if cards else Severity.WARNING,
        text(
            "Cards: {cards}, visits ahead: {visits}, branches: {branches}, doctors and other staff: {staff}.",
            cards=cards,
            visits=ahead,
            branches=len(catalogue.branches),
            staff=len(catalogue.doctors),
        ),
        None
        if cards
        else text(
            "An empty database is seldom the right one: check the setting {setting}.", setting=called(ASKED, "database")
        ),
    )


def branches_known(config: Config, catalogue: Catalogue) -> Iterator[Finding]:
    known = {str(id_): name for id_, name in catalogue.branches.items()}
    for id_ in sorted({*config.only_branches, *config.branch_time_zones} - known.keys()):
        yield Finding(
            Severity.WARNING,
            text("There is no branch {id} in IDENT, though the settings name it.", id=id_),
            text("Branches: {known}.", known=listed(known)),
        )
    without = {id_: name for id_, name in known.items() if id_ not in config.branch_time_zones}
    if without and config.branch_time_zones:
        yield Finding(
            Severity.WARNING,
            text("Branches without a time zone of their own: {names}.", names=listed(without)),
            text(
                "They live by {zone}. If not, choose their zones in the section «Branches» (branch_time_zones).",
                zone=config.time_zone,
            ),
        )
    elif len(known) > 1:
        yield Finding(
            Severity.FINE, text("Branches: {known}. All live by {zone}.", known=listed(known), zone=config.time_zone)
        )


def reasons_known(config: Config, reader: Reader, catalogue: Catalogue) -> Iterator[Finding]:
    if "cancel_reasons" not in reader.profile():
        return
    catalogue.read("cancel_reasons")
    settings = {reason.casefold() for reason in config.cancel_reasons}
    unknown = {
        str(id_): name
        for id_, name in catalogue.cancel_reasons.items()
        if str(id_) not in settings and name.casefold() not in settings
    }
    if unknown:
        yield Finding(
            Severity.WARNING,
            text("Reasons for cancelling that the settings do not explain: {names}.", names=listed(unknown)),
            text(
                "Say in the setting {setting} what each means: cancelled, no_show, moved or deleted. "
                "Until then: cancelled.",
                setting=called(ASKED, "cancel_reasons"),
            ),
        )


def listed(named: dict[str, str]) -> str:
    ordered = sorted(named, key=lambda id_: (len(id_), id_))
    return ", ".join(f"{id_} {named[id_]}".strip() for id_ in ordered)
