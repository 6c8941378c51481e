"""The same clinic under other names: rows stay what they are, and INFORMATION_SCHEMA says the new ones."""

from collections.abc import Iterator

import pytest

from priem.sandbox.ident.alterations import SCHEMAS, read
from priem.sandbox.ident.sandbox import IdentSandbox, Settings
from priem.sandbox.ident.schema import ident_schema
from priem.sandbox.ident.seed import Wishes

pytestmark = pytest.mark.slow


@pytest.fixture(params=SCHEMAS)
def altered(request: pytest.FixtureRequest) -> Iterator[IdentSandbox]:
    sandbox = IdentSandbox(Settings(schema=request.param, wishes=Wishes(patients=40, visits=20)))
    yield sandbox
    sandbox.start()
    sandbox.stop()


def test_every_table_has_its_rows_under_whatever_name(altered: IdentSandbox) -> None:
    connection = altered.database.plain_connection()
    counts = sorted(
        connection.execute(f"SELECT COUNT(*) FROM [{table.name}]").fetchone()[0]  # noqa: S608 - names of our own
        for table in altered.database.schema.own()
    )
    connection.close()

    assert 40 in counts, "the patients"
    assert max(counts) > 40


def test_information_schema_knows_the_columns_that_are_there(altered: IdentSandbox) -> None:
    connection = altered.database.plain_connection()
    described = connection.execute("SELECT TABLE_NAME, COLUMN_NAME FROM [INFORMATION_SCHEMA.COLUMNS]").fetchall()
    for table, column in described:
        connection.execute(f"SELECT [{column}] FROM [{table}] LIMIT 1")  # noqa: S608 - names of our own
    connection.close()

    assert len(described) > 150


@pytest.mark.parametrize("name", ["renamed", "english"])
def test_only_what_is_there_is_renamed_and_nothing_twice(name: str) -> None:
    schema = ident_schema()
    for table, (new, columns) in read(name).tables.items():
        found = schema.find("dbo", table)
        assert found, table
        assert new
        assert {old for old in columns if found.column(old) is None} == set()
        assert len(set(columns.values())) == len(columns)
