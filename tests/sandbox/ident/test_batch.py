"""A batch is cut into statements without semicolons."""

import pytest

from priem.sandbox.ident.dialect.batch import split

SPLITS = [
    ("SELECT 1 SELECT 2", ["SELECT", "SELECT"]),
    ("SELECT 1 UNION ALL SELECT 2", ["SELECT"]),
    ("SET NOCOUNT ON; SET LOCK_TIMEOUT 5 SELECT 1", ["SET", "SET", "SELECT"]),
    ("UPDATE t SET a = 1 SELECT 1", ["UPDATE", "SELECT"]),
    ("INSERT INTO t (a) SELECT 1 SELECT 2", ["INSERT", "SELECT"]),
    ("INSERT INTO t (a) VALUES (1) SELECT SCOPE_IDENTITY()", ["INSERT", "SELECT"]),
    ("WITH x AS (SELECT 1 AS a) SELECT a FROM x", ["SELECT"]),
    ("WITH x AS (SELECT 1 AS a) DELETE FROM t", ["DELETE"]),
    ("SELECT 1 DELETE FROM t", ["SELECT", "DELETE"]),
    ("SELECT a INTO b FROM t", ["SELECT INTO"]),
    ("BEGIN TRAN UPDATE t SET a = 1 COMMIT", ["BEGIN", "UPDATE", "COMMIT"]),
    ("IF @@TRANCOUNT > 0 ROLLBACK", ["IF"]),
    ("SELECT [SELECT], N'; DELETE' FROM [t;u] -- SELECT 2", ["SELECT"]),
    ("SELECT (SELECT 1) WHERE EXISTS (SELECT 2)", ["SELECT"]),
    ("", []),
]


@pytest.mark.parametrize(("batch", "kinds"), SPLITS)
def test_a_batch_is_cut_where_a_statement_begins(batch: str, kinds: list[str]) -> None:
    assert [statement.kind for statement in split(batch)] == kinds
