"""A profile may be copied and changed, and says at once when it cannot work."""

from dataclasses import replace
from pathlib import Path

import pytest

from priem.errors import AskOperator
from priem.mis.ident.lacking import CALLED, in_words
from priem.mis.ident.profile import ALIASES, FOLDER, Profile, Schema, built_in, load, parse
from priem.mis.ident.statements import aliases, columns, tables

WRITTEN = (FOLDER / "ident-2604.sql").read_text(encoding="utf-8")


@pytest.fixture
def profile() -> Profile:
    return load("ident-2604")


def schema_of(profile: Profile, *, without: tuple[str, ...] = ()) -> Schema:
    everything = {
        (tables(statement.sql)[alias], column)
        for statement in profile.statements.values()
        for alias, column in columns(statement.sql)
    }
    return Schema(
        frozenset(
            (table.lower(), column.lower())
            for table, column in everything
            if table not in without and f"{table}.{column}" not in without
        )
    )


def test_the_built_in_profile_gives_all_that_is_needed(profile: Profile) -> None:
    assert {name: set(aliases(statement.sql)) for name, statement in profile.statements.items()} == {
        name: set(needed) for name, needed in ALIASES.items()
    }


def test_a_copy_is_read_from_its_path(tmp_path: Path) -> None:
    copy = tmp_path / "ours.sql"
    copy.write_text(WRITTEN.replace("dbo.Patients", "dbo.Pacienty"), encoding="utf-8")

    assert "Pacienty" in load(str(copy)).tables


def test_a_copy_is_read_as_windows_keeps_it(tmp_path: Path) -> None:
    copy = tmp_path / "ours.sql"
    copy.write_text(WRITTEN[WRITTEN.index("-- name: patients") :], encoding="utf-8-sig", newline="\r\n")

    assert load(str(copy)) == replace(load("ident-2604"), name="ours")

    copy.write_text(WRITTEN, encoding="utf-16")
    with pytest.raises(AskOperator, match="UTF-8"):
        load(str(copy))


def test_a_copy_may_put_its_rows_together_before_it_gives_them() -> None:
    chairs = "WITH places AS (SELECT t.ID, t.NameArmchair AS N, t.ID_OwnCompanies AS B FROM dbo.Armchairs AS t)\n"
    chairs += "SELECT place.ID AS ID, place.N AS Name, place.B AS Branch FROM places AS place\n"
    before, _, after = WRITTEN.partition("SELECT chair.ID AS ID")
    copy = parse("ours", before + chairs + after[after.index("-- name: doctors") :])

    everything = schema_of(load("ident-2604"))
    assert copy.missing(everything) == ()
    assert copy.missing(schema_of(load("ident-2604"), without=("Armchairs",))) == (("Armchairs", ""),)


@pytest.mark.parametrize(
    ("written", "is_nothing"),
    [
        ("NULL AS RowVersion", True),
        ("CAST( NULL AS binary(8)) AS [RowVersion]", True),
        ("CAST(NULL AS decimal(20, 10)) as RowVersion", True),
        ("CONVERT(binary(8), NULL) AS RowVersion", True),
        ("ISNULL(reception.RowVersion, NULL) AS RowVersion", False),
        ("CONVERT(binary(8), ISNULL(reception.RowVersion, NULL)) AS RowVersion", False),
        ("CONVERT(int, reception.Kind) + NULLIF(reception.Sort, NULL) AS RowVersion", False),
        ("reception.RowVersion AS RowVersion", False),
    ],
)
def test_a_column_that_gives_nothing_is_known_however_it_is_written(written: str, *, is_nothing: bool) -> None:
    copy = parse("ours", WRITTEN.replace("reception.RowVersion AS RowVersion", written, 1))

    assert copy["visits"].lacks("RowVersion") is is_nothing
    assert not copy["visits"].lacks("Changed")


def test_a_file_that_is_not_there_is_named_with_the_built_in_ones() -> None:
    with pytest.raises(AskOperator) as caught:
        load("ident-1999")

    assert "ident-1999" in str(caught.value)
    assert "ident-2604" in str(caught.value.advice)
    assert built_in() == ["ident-2604"]


@pytest.mark.parametrize(
    ("change", "names"),
    [
        pytest.param(("person.Surname AS Surname", "person.Surname"), "Surname", id="an alias is gone"),
        pytest.param(("-- name: chairs", "-- name: seats"), "chairs", id="a statement is gone"),
        pytest.param(("SELECT reception.ID AS", "SELECT TOP (9) reception.ID AS"), "visits.*TOP", id="hides rows"),
        pytest.param(
            ("FROM dbo.Armchairs AS chair", "FROM dbo.Armchairs AS chair; DROP TABLE t"), "chairs", id="writes"
        ),
        pytest.param(("FROM dbo.Armchairs AS chair", "FROM dbo.Armchairs AS chair ORDER BY 1"), "chairs", id="sorts"),
    ],
)
def test_what_is_wrong_with_a_copy_is_said(change: tuple[str, str], names: str) -> None:
    with pytest.raises(AskOperator, match=names):
        parse("ours", WRITTEN.replace(*change))


def test_a_missing_column_that_is_needed_is_named(profile: Profile) -> None:
    schema = schema_of(profile, without=("Persons.MobilePhone", "Armchairs"))

    assert set(profile.missing(schema)) == {("Persons", "MobilePhone"), ("Armchairs", "")}


def test_a_missing_column_that_is_optional_is_read_as_null(profile: Profile) -> None:
    schema = schema_of(profile, without=("Persons.Email", "Receptions.RowVersion"))

    fitted = profile.fitted(schema)

    assert profile.missing(schema) == ()
    assert "CAST(NULL AS nvarchar(255)) AS Email" in fitted["patients"].sql
    assert "CAST(NULL AS binary(8)) AS RowVersion" in fitted["visits"].sql
    assert set(profile.left_out(schema)) == {"Persons.Email", "Receptions.RowVersion"}


def test_a_statement_without_its_tables_is_left_out(profile: Profile) -> None:
    schema = schema_of(profile, without=("ServiceFolders", "InfoSources"))

    assert "categories" not in profile.fitted(schema)
    assert "services" in profile.fitted(schema)
    left_out = profile.left_out(schema)
    assert set(left_out) == {"categories", "info_sources"}
    assert {one.read("ru") for one in in_words(left_out)} == {"разделы услуг", "откуда пациенты узнали о клинике"}


def test_whatever_may_be_left_out_has_a_name_for_people(profile: Profile) -> None:
    assert {name for name, one in profile.statements.items() if one.is_optional} <= CALLED.keys()


def test_a_whole_database_needs_no_fitting(profile: Profile) -> None:
    schema = schema_of(profile)

    assert profile.fitted(schema) == profile
    assert profile.left_out(schema) == ()
