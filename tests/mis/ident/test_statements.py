"""Nothing but one SELECT ever leaves for the clinic's database."""

import pytest

from priem.errors import AskOperator
from priem.mis.ident.reading import about
from priem.mis.ident.statements import aliases, columns, require_reading, tables


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("SELECT 1", id="one select"),
        pytest.param("with a as (select 1 as x) select a.x as x from a", id="a with and its select, in any case"),
        pytest.param("SELECT ';DROP TABLE t' AS a", id="a semicolon in a text"),
        pytest.param("SELECT N'it''s DELETE' AS a", id="a quote in a text"),
        pytest.param('SELECT t.[DELETE] AS a, t."UPDATE" AS b FROM t', id="keywords as quoted names"),
        pytest.param("SELECT 1 -- ; DROP TABLE t\n", id="a comment to the end of the line"),
        pytest.param("SELECT /* DROP /* nested */ TABLE */ 1", id="a comment inside a comment"),
        pytest.param("SELECT 1 UNION ALL SELECT 2 EXCEPT SELECT 3", id="several selects in one statement"),
        pytest.param("SELECT (SELECT MAX(t.a) FROM t) AS a", id="a select inside"),
        pytest.param("SELECT t.DateTimeDeleted AS a, t.Updated AS b, t.IntoUse AS c FROM t", id="names like keywords"),
        pytest.param("SELECT t.Имя AS a FROM t WITH (NOLOCK)", id="Russian names and a harmless hint"),
    ],
)
def test_reading_is_allowed(sql: str) -> None:
    require_reading(sql, "patients")


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("", id="nothing"),
        pytest.param("-- only a comment", id="a comment alone"),
        pytest.param("DELETE FROM t", id="delete"),
        pytest.param("SELECT 1; DROP TABLE t", id="a second statement"),
        pytest.param("SELECT 1;", id="a semicolon at the end"),
        pytest.param("SELECT 1 DROP TABLE t", id="a second statement without a semicolon"),
        pytest.param("SELECT 1 SELECT 2", id="a second select"),
        pytest.param("WITH a AS (SELECT 1 AS x) SELECT 1 SELECT 2", id="a second select after a with"),
        pytest.param("WITH a AS (SELECT 1 AS x) DELETE FROM a", id="a with that deletes"),
        pytest.param("SELECT * INTO copy FROM t", id="a select that makes a table"),
        pytest.param("SELECT 1 FROM t WITH (TABLOCKX)", id="a lock on the table"),
        pytest.param("SELECT 1 FROM t WITH (updlock, holdlock)", id="locks that are held"),
        pytest.param("EXEC xp_cmdshell 'dir'", id="a procedure"),
        pytest.param("SELECT 1 EXEC('DROP TABLE t')", id="a procedure after a select"),
        pytest.param("SELECT * FROM OPENROWSET('x', 'y', 'z')", id="another server"),
        pytest.param("SELECT '1", id="a text that does not end"),
        pytest.param("SELECT /* 1", id="a comment that does not end hides the rest, so nothing is left"),
        pytest.param("SELECT '1' /* '; DROP TABLE t --*/; DROP TABLE t", id="a comment that hides a quote"),
        pytest.param("SELECT [a]], 1 FROM t", id="a name that does not end"),
        pytest.param("SELECT (1", id="a parenthesis that does not close"),
        pytest.param("SELECT 1) FROM (SELECT 2", id="parentheses the wrong way round"),
        pytest.param("SET LOCK_TIMEOUT 1", id="a session's setting"),
        pytest.param("SELECT 1\nGO\nSELECT 2", id="two batches"),
    ],
)
def test_anything_else_is_not_sent(sql: str) -> None:
    with pytest.raises(AskOperator):
        require_reading(sql, "patients")


def test_the_tables_and_columns_that_a_statement_reads() -> None:
    sql = "SELECT a.ID AS ID, b.[Name] AS Name FROM dbo.Persons AS a LEFT JOIN [dbo].[Staffs] b ON b.ID = a.ID"

    assert tables(sql) == {"a": "Persons", "b": "Staffs"}
    assert columns(sql) == (("a", "ID"), ("b", "Name"), ("b", "ID"))
    assert aliases(sql) == ("ID", "Name")


def test_tables_inside_a_derived_table_are_seen_too() -> None:
    sql = "SELECT x.N AS N FROM (SELECT COUNT(*) AS N FROM dbo.Orders AS o WHERE o.ID > 1) AS x"

    assert tables(sql) == {"o": "Orders"}
    assert aliases(sql) == ("N",)


@pytest.mark.parametrize(
    ("statement", "asked"),
    [
        pytest.param(
            "SELECT t.ID AS ID FROM t",
            "SELECT it.* FROM (SELECT t.ID AS ID FROM t) AS it WHERE it.ID > 1 ORDER BY it.ID OPTION (MAXDOP 1)",
            id="a select stands inside as a table",
        ),
        pytest.param(
            "WITH a AS (SELECT t.ID AS ID FROM t) SELECT a.ID AS ID FROM a",
            "WITH a AS (SELECT t.ID AS ID FROM t), it AS (SELECT a.ID AS ID FROM a) SELECT it.* FROM it"
            " WHERE it.ID > 1 ORDER BY it.ID OPTION (MAXDOP 1)",
            id="a with gets one table more",
        ),
    ],
)
def test_how_a_statement_is_asked_for_a_page(statement: str, asked: str) -> None:
    question = about(statement, "it.*", "it.ID > 1", "it.ID")

    require_reading(question, "page")
    assert question == asked
