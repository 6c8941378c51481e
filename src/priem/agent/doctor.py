"""What an agent needs, looked at piece by piece: the hub, the database, the disk."""

from collections.abc import Iterator

from priem.agent import enrolment
from priem.agent.clock import SystemClock
from priem.agent.enrolment import Access
from priem.agent.folder import Folder
from priem.agent.line import Line, shown
from priem.agent.reading import Questions
from priem.agent.settings import config_of, given_in, keep_given
from priem.errors import PriemError
from priem.mis.ident import Ident
from priem.model import Finding, Severity
from priem.relay.parcels import Position
from priem.relay.words import Given, Report
from priem.texts import text


def examine(folder: Folder) -> Iterator[Finding]:
    """One after another; what is broken does not keep the rest from being looked at."""
    given = given_in(folder)
    try:
        access = enrolment.access_in(folder)
        given = ask_hub(folder, access) or given
        yield Finding(Severity.FINE, text("The hub {hub} answers and knows this agent.", hub=shown(access.address.url)))
    except PriemError as error:
        yield broken(error)
    yield room(folder)
    try:
        way = enrolment.database_in(folder)
        if given is None:
            yield Finding(Severity.BROKEN, text("The agent has no settings from the hub yet."))
            return
        source = Ident(config_of(folder, given, way), Questions(), SystemClock())
        try:
            yield from source.check()
        finally:
            source.close()
    except PriemError as error:
        yield broken(error)


def ask_hub(folder: Folder, access: Access) -> Given | None:
    """The settings in force."""
    line = Line(access.address, access.token)
    try:
        here = enrolment.about_here()
        told = line.report(Report(program=here["program"], host=here["host"], version="", position=Position()))
    finally:
        line.close()
    if told.given:
        keep_given(folder, told.given)
    return told.given


def room(folder: Folder) -> Finding:
    least = enrolment.limits_in(folder).least_free_megabytes
    free = folder.free() // 1_000_000
    if free >= least:
        return Finding(Severity.FINE, text("Free on the disk: {free} MB.", free=free))
    return Finding(
        Severity.BROKEN,
        text("Free on the disk: {free} MB. The agent reads only with {least} MB.", free=free, least=least),
        text("Make room on the disk of {path}.", path=folder.path),
    )


def broken(error: PriemError) -> Finding:
    return Finding(Severity.BROKEN, error.what, error.advice, error.beside)
