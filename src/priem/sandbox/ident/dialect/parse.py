"""Trees from T-SQL. Functions stay as they are written: sqlglot's own rewriting would lose which of them was meant."""

from typing import ClassVar

from sqlglot import exp
from sqlglot.dialects.sqlite import SQLite
from sqlglot.dialects.tsql import TSQL
from sqlglot.errors import ParseError, TokenError
from sqlglot.parsers.tsql import TSQLParser

from priem.sandbox.ident.errors import SqlError, syntax

AGGREGATES = ("COUNT", "COUNT_BIG", "SUM", "MIN", "MAX", "AVG", "ROW_NUMBER", "RANK", "DENSE_RANK")
CONVERSIONS = ("CAST", "CONVERT", "TRY_CAST", "TRY_CONVERT")


class TransactSql(TSQL):
    class Parser(TSQLParser):
        FUNCTIONS: ClassVar = {n: TSQLParser.FUNCTIONS[n] for n in AGGREGATES if n in TSQLParser.FUNCTIONS}
        FUNCTION_PARSERS: ClassVar = {n: TSQLParser.FUNCTION_PARSERS[n] for n in CONVERSIONS}


class BracketedSqlite(SQLite):
    """SQLite takes a quoted name that it does not know for a string; a bracketed one it does not."""

    class Tokenizer(SQLite.Tokenizer):
        IDENTIFIERS: ClassVar = [("[", "]")]


def parse(text: str) -> exp.Expr:
    try:
        trees = TransactSql().parse(text)
    except ParseError as error:
        raise _near(error) from error
    except TokenError as error:
        raise SqlError(105, "Unclosed quotation mark after the character string.", severity=15) from error
    if len(trees) != 1 or trees[0] is None:
        raise syntax(text[:20])
    return trees[0]


def sqlite(tree: exp.Expr) -> str:
    return tree.sql(BracketedSqlite, copy=False)


def _near(error: ParseError) -> SqlError:
    highlight = error.errors[0].get("highlight") if error.errors else None
    return syntax(str(highlight or "?"))
