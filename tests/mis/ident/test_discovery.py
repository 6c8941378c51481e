"""Finding one's way in a database that nobody documents: the same clinic under other names, and in other tables."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from priem.errors import AskOperator
from priem.mis.ident import Ident
from priem.mis.ident.discovery.described import describe
from priem.mis.ident.discovery.joins import Joins
from priem.mis.ident.discovery.matching import Guess, Matching
from priem.mis.ident.discovery.network import Look, hosts_of, servers
from priem.mis.ident.discovery.proposal import Proposal, compare, propose, try_out
from priem.mis.ident.discovery.samples import cover, sample
from priem.mis.ident.discovery.wanted import COLUMNS, words_of
from priem.mis.ident.driver import Database
from priem.mis.ident.profile import ALIASES, load, parse
from priem.mis.ident.statements import columns, tables
from priem.model import Severity
from priem.sandbox.ident.alterations import Alteration, cryptic, read
from priem.sandbox.ident.schema import Schema, ident_schema
from tests.contract.source_contract import patients_of, read_on, visits_of
from tests.mis.ident.clinic import IdentClinic, Journal, Sandbox, Watch

pytestmark = pytest.mark.slow

PHONES = {("Persons", "MobilePhone"), ("Persons", "Phone")}
MANY = 0.9


def tables_only(schema: Schema) -> Schema:
    for table in [table for table in schema.own() if table.view]:
        schema = schema.without_table(table)
    return schema


def truth(schema: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Where each wanted column really is."""
    altered = {"ident": Alteration({}), "cryptic": cryptic(tables_only(ident_schema()))}.get(schema) or read(schema)
    places = {}
    for table, column in (wanted.name for wanted in COLUMNS):
        name, columns = altered.tables.get(table, (table, {}))
        places[table, column] = (name, columns.get(column, column))
    return places | dict.fromkeys(PHONES, ("PersonPhones", "Number")) if altered.splits_phones else places


@pytest.fixture
def elsewhere(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    sandbox = Sandbox("--schema", request.param, patients=400, visits=150)
    yield sandbox
    sandbox.stop()


def proposed(sandbox: Sandbox, journal: Journal | None = None) -> Proposal:
    database = Database(sandbox.config(), journal or Journal(), Watch())
    try:
        return propose(database)
    finally:
        database.close()


def is_right(guess: Guess, places: dict[tuple[str, str], tuple[str, str]]) -> bool:
    return places[guess.wanted.name] == (guess.table, guess.column)


def figures(schema: str, proposal: Proposal) -> tuple[int, list[Guess]]:
    """How many are right, and which are wrong though they seem sure. Printed: run with -s to see them."""
    places = truth(schema)
    right = sum(is_right(guess, places) for guess in proposal.guesses)
    wrong = [guess for guess in proposal.sure if not is_right(guess, places)]
    print(  # noqa: T201 - the figures are what this test is about
        f"\n{schema}: {right} of {len(COLUMNS)} right, {len(proposal.doubtful)} doubtful,"
        f" {len(proposal.missing)} not found, {len(wrong)} wrong above the line"
    )
    return right, wrong


@pytest.mark.parametrize(
    "elsewhere", ["ident", "renamed", "split-phones", "english"], ids=lambda name: name, indirect=True
)
def test_nearly_all_is_found_and_nothing_wrong_is_sure(
    elsewhere: Sandbox, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    schema = request.node.callspec.params["elsewhere"]
    proposal = proposed(elsewhere)

    right, wrong = figures(schema, proposal)
    assert right >= MANY * len(COLUMNS)
    assert wrong == []
    assert set(parse("own", proposal.written).statements) >= ALIASES.keys()

    own = tmp_path / "own.sql"
    own.write_text(proposal.written, encoding="utf-8")
    tried = try_out(elsewhere.config(), str(own), Journal(), Watch())
    assert [str(one.what) for one in tried if one.severity is not Severity.FINE] == []
    source = Ident(elsewhere.config(profile=str(own)), Journal(), Watch())
    found = source.check()
    assert [str(one.what) for one in found if one.severity is Severity.BROKEN] == []
    assert "The login can only read." in {str(one.what) for one in found}
    pages, cursor = read_on(source, None)
    assert len(patients_of(pages)) == 400
    assert sum(bool(patient.phones) for patient in patients_of(pages).values()) > 350
    assert all(visit.doctor_name for visit in visits_of(pages).values())
    read_on(source, cursor)
    source.close()
    assert elsewhere.control("state")["statements"]["not_select_count"] == 0


@pytest.mark.parametrize("elsewhere", ["cryptic"], indirect=True)
def test_where_no_name_says_anything_only_what_rows_prove_is_proposed(elsewhere: Sandbox) -> None:
    proposal = proposed(elsewhere)

    right, wrong = figures("cryptic", proposal)
    assert wrong == []
    found = {guess.wanted.name for guess in proposal.sure}
    assert {("Persons", "Surname"), ("Persons", "MobilePhone"), ("Receptions", "PlanStart")} <= found
    assert right >= 15
    assert proposal.written == ""
    assert "services" in proposal.lacking


def test_a_journal_of_payments_that_is_a_view_is_found_by_its_names_and_never_sampled(clinic: IdentClinic) -> None:
    journal = Journal()
    database = Database(clinic.sandbox.config(), journal, Watch())
    described = describe(database)
    asked = len(journal.exchanges)
    as_view = replace(described.tables["OrderPaymentsJournal"], key="", is_view=True)
    tables = {
        name: as_view if name == as_view.name else table
        for name, table in described.tables.items()
        if name in ("Orders", "Persons", "Staffs", "StaffsView", as_view.name)
    }
    sampled = {name: sample(database, table) for name, table in tables.items()}
    assert tables["StaffsView"].is_view
    assert {exchange.what for exchange in journal.exchanges[asked:]} == {"sample"}
    assert sampled[as_view.name].rows == sampled["StaffsView"].rows == 0

    known = replace(described, tables=tables)
    guesses = Matching(Joins(database, known, sampled), sampled).guesses()
    database.close()

    sure = {guess.wanted.name: (guess.table, guess.column) for guess in guesses if guess.is_sure}
    assert sure["OrderPaymentsJournal", "Debt"] == ("OrderPaymentsJournal", "Debt")
    assert "StaffsView" not in {guess.table for guess in guesses}


@pytest.mark.parametrize("elsewhere", ["renamed"], indirect=True)
def test_what_was_looked_at_is_never_told(elsewhere: Sandbox) -> None:
    journal = Journal()
    proposal = proposed(elsewhere, journal)

    told = " ".join(
        [
            proposal.written,
            repr(journal.exchanges),
            *(piece.read("ru") for guess in proposal.guesses for piece in guess.evidence),
        ]
    )
    people = elsewhere.control("rows?table=FizLica&limit=1000")
    values = {str(row[name] or "") for row in people for name in ("Familiya", "Otchestvo", "Tel1", "Pochta")}
    assert len(values) > 100
    assert [value for value in values if len(value) > 3 and value in told] == []


@pytest.mark.parametrize("elsewhere", ["split-phones"], indirect=True)
def test_what_differs_from_the_profile_is_said(elsewhere: Sandbox) -> None:
    said = [str(one.what) for one in compare(elsewhere.config(), Journal(), Watch())]

    assert {"The database has no column Persons.MobilePhone.", "The database has no column Persons.Phone."} <= set(said)


@pytest.mark.parametrize("elsewhere", ["renamed"], indirect=True)
def test_looking_is_kind_to_the_server(elsewhere: Sandbox) -> None:
    journal = Journal()
    proposed(elsewhere, journal)

    assert len(journal.exchanges) < 1000
    assert max(exchange.items for exchange in journal.exchanges) <= 500
    statements = [each for each in elsewhere.control("statements") if each["login"] == "readonly_user"]
    assert {each["kind"] for each in statements} <= {"SELECT", "SET", "USE"}
    assert all("TOP" in each["text"] for each in statements if "MAXDOP" in each["text"])


def test_a_clinic_with_its_own_names_is_told_apart_from_the_usual_one(clinic: IdentClinic) -> None:
    assert [one.severity for one in compare(clinic.sandbox.config(), Journal(), Watch())].count(Severity.BROKEN) == 0


def test_a_server_is_found_by_its_browser_and_by_its_port() -> None:
    sandbox = Sandbox("--browser-port", "0", patients=10, visits=5)
    try:
        named, unasked = servers("127.0.0.1", Look(browser=sandbox.facts["browser_port"], tds=1, patience=0.5))
        silent, _ = servers("127.0.0.1", Look(browser=1, tds=sandbox.facts["port"], patience=0.5))
    finally:
        sandbox.stop()

    assert [(one.instance, one.port) for one in named] == [("PZSQLSERVER", sandbox.facts["port"])]
    assert [(one.instance, one.port) for one in silent] == [("", sandbox.facts["port"])]
    assert unasked == 0


def test_no_time_is_no_answer_and_is_said() -> None:
    assert servers("127.0.0.0/29", Look(within=-1)) == ([], 6)


@pytest.mark.parametrize(
    ("segment", "count"),
    [("192.168.1.0/24", 254), ("10.0.0.5/30", 2), ("10.0.0.5/32", 1), ("DESKTOP-1", 1), ("192.168.0.0/22", 1022)],
)
def test_only_the_segment_that_was_named_is_asked(segment: str, count: int) -> None:
    assert len(hosts_of(segment)) == count


@pytest.mark.parametrize("segment", ["10.0.0.0/8", "192.168.0.0/21", "2001:db8::/64", "a/b"])
def test_more_than_a_clinic_is_not_looked_at(segment: str) -> None:
    with pytest.raises(AskOperator):
        hosts_of(segment)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ID_OwnCompanies", "id own companies"),
        ("DataRozhd", "data rozhd"),
        ("last_name", "last name"),
        ("Tel1", "tel 1"),
        ("SMSRejection", "sms rejection"),
    ],
)
def test_names_are_taken_apart(name: str, words: str) -> None:
    assert words_of(name) == words


def test_all_that_the_built_in_profile_reads_is_looked_for() -> None:
    read = [
        (tables(statement.sql)[alias], column)
        for statement in load("ident-2604").statements.values()
        for alias, column in columns(statement.sql)
    ]

    assert set(read) <= {wanted.name for wanted in COLUMNS}


def test_a_shape_shows_nobody() -> None:
    assert cover("+7 912 345-67-89") == "+7 9●● ●●●-●●-●●"
    assert cover("8 (912) 000-00-00 мама") == "8 (9●●) ●●●-●●-●● ●●●●"
