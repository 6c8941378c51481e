"""Whatever Priem asks has to be understood by every T-SQL server since 2012: docs/reference/ident.md §5, last part."""

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest

from priem.mis.ident.discovery.proposal import propose
from priem.mis.ident.driver import Database
from priem.mis.ident.profile import load
from priem.mis.ident.reading import WANTED, about, about_each, wanted_of
from priem.mis.ident.statements import aliases, tokens
from priem.sandbox.ident.dialect.reserved import RESERVED, reserved_name
from tests.contract.source_contract import read_on
from tests.mis.ident.clinic import IdentClinic, Journal, Sandbox, Watch

FUNCTIONS = frozenset(
    "CAST CONVERT COUNT MAX MIN LOWER LEFT GETDATE MIN_ACTIVE_ROWVERSION DB_NAME HAS_PERMS_BY_NAME".split()  # noqa: SIM905 - reads better
)
"""Known to every such server, and to what speaks its language without being one. MIN_ACTIVE_ROWVERSION is asked for
first, and gone without."""
TYPES = frozenset(("NVARCHAR", "BINARY", "DECIMAL"))
BEFORE_PARENTHESES = frozenset("AS FROM JOIN IN TOP OPTION WHERE AND OR ON".split())  # noqa: SIM905 - reads better
WHOLE = frozenset("dbo sys INFORMATION_SCHEMA".split())  # noqa: SIM905 - reads better
MOMENT = re.compile(r"'\d{4}-?\d\d-?\d\d[^']*'")
CAREFUL_MOMENT = re.compile(r"CONVERT\(datetime, '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}', 121\)")
KEPT = 2000
"""Letters of a statement that the sandbox keeps."""


def written() -> Iterator[tuple[str, str]]:
    """Every statement of the profile, in each way in which it is asked."""
    for name, statement in load("ident-2604").statements.items():
        yield name, about(statement.sql, wanted_of(name), "it.ID > 1", "it.ID") if name in WANTED else statement.sql
        if "Changed" in aliases(statement.sql):
            wanted = ", ".join(f"it.{alias}" for alias in aliases(statement.sql))
            yield f"{name}, each", about_each(statement.sql, wanted, ("it.Changed >= 1", "it.ID > 1"))


WRITTEN = [pytest.param(sql, id=name) for name, sql in written()]


@pytest.mark.parametrize("sql", WRITTEN)
def test_no_word_of_the_language_names_anything(sql: str) -> None:
    assert reserved_name([token.word or token.text * (token.kind == "mark") for token in tokens(sql)]) == ""


@pytest.mark.parametrize("sql", WRITTEN)
def test_names_are_written_as_they_are_given_for_servers_that_tell_capitals_apart(sql: str) -> None:
    found = [token.text for token in tokens(sql)]
    given = {name for before, name in pairwise(found) if before == "AS"} | WHOLE
    used = {name for name, dot in pairwise(found) if dot == "."}
    asked = {column for it, dot, column in zip(found, found[1:], found[2:], strict=False) if (it, dot) == ("it", ".")}

    assert used - {"it"} <= given
    assert asked - {"*"} <= given


@pytest.fixture(scope="module")
def said(sandbox: Sandbox) -> list[str]:
    """All that Priem says to a server in a clinic's life."""
    clinic = IdentClinic(sandbox)
    patient = clinic.register("Соловьёва", "+7 912 345-67-00")
    visit = clinic.book(patient)
    clinic.bill(visit, patient, 1500)
    source = clinic.open(treatment_plans="all", sweep_minutes=1)
    source.check()
    source.samples(5)
    source.directory()
    _, cursor = read_on(source, None)
    clinic.mark(visit, PatientAppeared="GETDATE()")
    _, cursor = read_on(source, cursor)
    source.reread(cursor, [patient], [visit])
    source.count(cursor)
    source.applications(["amo-1", "o'brien"])
    source.jobs([1], 30)
    source.timetable(3)
    database = Database(clinic.sandbox.config(), Journal(), Watch())
    propose(database)
    database.close()
    clinic.close()
    return [*clinic.asked_for("")]


@pytest.mark.slow
def test_all_that_is_said_is_portable(said: list[str]) -> None:
    asked = [sql for sql in said if sql.startswith(("SELECT", "WITH"))]
    assert len(asked) > 100
    assert [sql for sql in asked if called(sql) - FUNCTIONS - TYPES - BEFORE_PARENTHESES - {""}] == []
    assert [sql for sql in asked if MOMENT.search(CAREFUL_MOMENT.sub("", sql))] == []
    # Such a setting is the last of a statement, never inside one.
    assert [sql for sql in asked if "OPTION (" in sql[:-20] and len(sql) < KEPT] == []
    assert [sql for sql in asked if '"' in sql or "`" in sql or "||" in sql or "::" in sql] == []


@pytest.mark.slow
def test_a_session_is_set_as_idents_own_before_anything_is_asked(said: list[str]) -> None:
    """Else SQL Server refuses to read views of some kinds at all, with its error 1934."""
    settings = [sql for sql in said if sql.startswith("SET")]
    needed = "ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON"

    assert any(needed in sql for sql in settings)
    first = next(place for place, sql in enumerate(said) if sql.startswith("SELECT"))
    assert {"SET LOCK_TIMEOUT 3000", "SET DEADLOCK_PRIORITY LOW"} <= {sql.strip(" ;") for sql in said[:first]}


def called(sql: str) -> set[str]:
    found = list(tokens(sql))
    return {before.word for before, after in pairwise(found) if after.text == "("}


def test_the_words_of_the_language_are_known() -> None:
    assert {"EXTERNAL", "PLAN", "FILE", "USER", "KEY"} <= RESERVED
    assert not {"NAME", "DAY", "TYPE", "LINE"} & RESERVED
