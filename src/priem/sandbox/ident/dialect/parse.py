"""Trees from T-SQL. Functions stay as they are written: sqlglot's own rewriting would lose which of them was meant."""

from sqlglot import exp
from sqlglot.dialects.sqlite import SQLite
from sqlglot.dialects.tsql import TSQL
from sqlglot.errors import ParseError, TokenError

from priem.sandbox.ident.errors import SqlError, syntax

AGGREGATES = ("COUNT", "COUNT_BIG", "SUM", "MIN", "MAX", "AVG", "ROW_NUMBER", "RANK", "DENSE_RANK")
CONVERSIONS = ("CAST", "CONVERT", "TRY_CAST", "TRY_CONVERT")


class TransactSql(TSQL):
    class Parser(TSQL.Parser):
        FUNCTIONS = {name: TSQL.Parser.FUNCTIONS[name] for name in AGGREGATES if name in TSQL.Parser.FUNCTIONS}
        FUNCTION_PARSERS = {name: TSQL.Parser.FUNCTION_PARSERS[name] for name in CONVERSIONS}


class BracketedSqlite(SQLite):
    """SQLite takes a quoted name that it does not know for a string; a bracketed one it does not."""

    class Tokenizer(SQLite.Tokenizer):
        IDENTIFIERS = [("[", "]")]  # noqa: RUF012  # the base class declares it so


def parse(text: str) -> exp.Expression:
    try:
        trees = TransactSql().parse(text)
    except ParseError as error:
        raise _near(error) from error
    except TokenError as error:
        raise SqlError(105, "Unclosed quotation mark after the character string.", severity=15) from error
    if len(trees) != 1 or trees[0] is None:
        raise syntax(text[:20])
    return trees[0]


def sqlite(tree: exp.Expression) -> str:
    return tree.sql(BracketedSqlite, copy=False)


def _near(error: ParseError) -> SqlError:
    highlight = error.errors[0].get("highlight") if error.errors else None
    return syntax(str(highlight or "?"))
