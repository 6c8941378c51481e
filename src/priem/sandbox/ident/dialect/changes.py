"""INSERT, UPDATE and DELETE. Identities and rowversions become calls, so that they can be kept and repeated."""

from collections.abc import Sequence

from sqlglot import exp

from priem.sandbox.ident.dialect.conversions import Bound, call, cast, converted, text
from priem.sandbox.ident.dialect.expressions import Expressions
from priem.sandbox.ident.dialect.parse import sqlite
from priem.sandbox.ident.dialect.queries import Queries
from priem.sandbox.ident.dialect.scope import Scope, Source
from priem.sandbox.ident.errors import SqlError, no_column, no_object, unsupported
from priem.sandbox.ident.schema import SchemaColumn, Table
from priem.sandbox.ident.tokens import Column
from priem.sandbox.ident.types import SqlType

Change = tuple[str, tuple[Column, ...], Table]


class Changes:
    def __init__(self, queries: Queries, identity_insert: str) -> None:
        self._queries = queries
        self._identity_insert = identity_insert.lower()

    def change(self, node: exp.Expr) -> Change:
        if isinstance(node, exp.Insert):
            return self._insert(node)
        if isinstance(node, exp.Update):
            return self._update(node)
        if isinstance(node, exp.Delete):
            return self._delete(node)
        raise unsupported(node.key.upper())

    # --- INSERT -----------------------------------------------------------------------------------

    def _insert(self, node: exp.Insert) -> Change:
        listed = isinstance(node.this, exp.Schema)
        table = self._target(node.this.this if listed else node.this)
        columns = [_column(table, item.name) for item in node.this.expressions] if listed else _given(table)
        self._check(table, columns)
        added = self._added(table, columns)
        expressions = self._queries.expressions(Scope())
        names = ", ".join(f"[{column.name}]" for column in [*columns, *(column for column, _ in added)])
        rows = self._rows(node, columns, [value for _, value in added], expressions)
        returning, outputs = self._returning(node, table)
        return f"INSERT INTO [{table.name}] ({names}) {rows}{returning}", outputs, table

    def _check(self, table: Table, columns: Sequence[SchemaColumn]) -> None:
        allowed = self._identity_insert == table.name.lower()
        for column in columns:
            if column.identity and not allowed:
                what = f"Cannot insert explicit value for identity column in table '{table.name}'"
                raise SqlError(544, f"{what} when IDENTITY_INSERT is set to OFF.")
            if column is table.rowversion:
                raise SqlError(273, "Cannot insert an explicit value into a timestamp column.")

    @staticmethod
    def _added(table: Table, columns: Sequence[SchemaColumn]) -> list[tuple[SchemaColumn, exp.Expr]]:
        added: list[tuple[SchemaColumn, exp.Expr]] = []
        for column in table.columns:
            if column in columns:
                continue
            if column.identity:
                added.append((column, call("t_identity", text(table.name))))
            elif column is table.rowversion:
                added.append((column, call("t_rowversion")))
            elif column.default == "GETDATE()":
                added.append((column, call("t_session", text("GETDATE"))))
        return added

    def _rows(
        self, node: exp.Insert, columns: Sequence[SchemaColumn], added: list[exp.Expr], expressions: Expressions
    ) -> str:
        source = node.expression
        tail = [sqlite(value) for value in added]
        if node.args.get("default"):
            return f"VALUES ({', '.join(tail)})" if tail else "DEFAULT VALUES"
        if isinstance(source, exp.Values):
            rows = [self._values(row, columns, expressions) for row in source.expressions]
            return "VALUES " + ", ".join(f"({', '.join([*row, *tail])})" for row in rows)
        return self._selected(source, columns, added)

    @staticmethod
    def _values(row: exp.Expr, columns: Sequence[SchemaColumn], expressions: Expressions) -> list[str]:
        items = row.expressions if isinstance(row, exp.Tuple) else [row]
        if len(items) != len(columns):
            raise SqlError(213, "Column name or number of supplied values does not match table definition.")
        return [_assigned(item, column, expressions) for item, column in zip(items, columns, strict=True)]

    def _selected(self, source: exp.Expr, columns: Sequence[SchemaColumn], added: list[exp.Expr]) -> str:
        query, outputs = self._queries.query(source, Scope(), outermost=True)
        if not isinstance(query, exp.Select) or query.args.get("distinct"):
            raise unsupported("INSERT of a UNION or DISTINCT")
        if len(outputs) != len(columns):
            raise SqlError(120, "The select list for the INSERT statement does not match the insert list.", severity=15)
        plain = [item.this if isinstance(item, exp.Alias) else item for item in query.expressions]
        values = [
            _fitted(Bound(node, output.type), column.type).node
            for node, output, column in zip(plain, outputs, columns, strict=True)
        ]
        query.set("expressions", values + added)
        return sqlite(query)

    # --- UPDATE and DELETE ------------------------------------------------------------------------

    def _update(self, node: exp.Update) -> Change:
        table, alias = self._aliased(node.this, node.args.get("from_"))
        expressions = self._queries.expressions(Scope(sources=[_source(table, alias)]))
        assignments = []
        for item in node.expressions:
            column = _column(table, item.this.name)
            if column.identity or column is table.rowversion:
                raise SqlError(8102 if column.identity else 272, f"Cannot update column '{column.name}'.")
            assignments.append(f"[{column.name}] = {_assigned(item.expression, column, expressions)}")
        if table.rowversion:
            assignments.append(f"[{table.rowversion.name}] = t_rowversion()")
        returning, outputs = self._returning(node, table)
        where = _where(node, expressions)
        text = f"UPDATE [{table.name}] AS [{alias}] SET {', '.join(assignments)}{where}{returning}"  # noqa: S608  # compiled
        return text, outputs, table

    def _delete(self, node: exp.Delete) -> Change:
        table, alias = self._aliased(node.this, None)
        expressions = self._queries.expressions(Scope(sources=[_source(table, alias)]))
        returning, outputs = self._returning(node, table)
        text = f"DELETE FROM [{table.name}] AS [{alias}]{_where(node, expressions)}{returning}"  # noqa: S608  # compiled
        return text, outputs, table

    def _aliased(self, target: exp.Expr, from_: exp.Expr | None) -> tuple[Table, str]:
        """`UPDATE r SET … FROM Receptions r` names its table in the FROM; a join there is more than staff needs."""
        if from_ is None or not isinstance(target, exp.Table):
            return self._target(target), target.alias or target.name
        source = from_.this
        if not isinstance(source, exp.Table) or source.args.get("joins"):
            raise unsupported("UPDATE with a join")
        if target.name.lower() not in (source.alias.lower(), source.name.lower()):
            raise no_object(target.name)
        return self._target(source), source.alias or source.name

    def _target(self, node: exp.Expr) -> Table:
        if not isinstance(node, exp.Table):
            raise unsupported(node.key.upper())
        table = self._queries.table(node)
        if table.view or table.schema != "dbo":
            raise SqlError(4406, f"Update or insert of view or function '{table.name}' failed.")
        return table

    def _returning(self, node: exp.Expr, table: Table) -> tuple[str, tuple[Column, ...]]:
        output = node.args.get("returning")
        if output is None:
            return "", ()
        if output.args.get("into"):
            raise unsupported("OUTPUT INTO")
        expected = "DELETED" if isinstance(node, exp.Delete) else "INSERTED"
        columns: list[Column] = []
        for item in output.expressions:
            inner = item.this if isinstance(item, exp.Alias) else item
            if not isinstance(inner, exp.Column) or inner.table.upper() != expected:
                raise unsupported("OUTPUT")
            columns += _output(inner, item.alias if isinstance(item, exp.Alias) else "", table)
        names = ", ".join(f"[{item.name}] AS [{item.name}]" for item in columns)
        return f" RETURNING {names}", tuple(columns)


def _output(node: exp.Column, alias: str, table: Table) -> list[Column]:
    if isinstance(node.this, exp.Star):
        return [Column(column.name, column.type) for column in table.columns]
    column = _column(table, node.name)
    if alias and alias.lower() != column.name.lower():
        raise unsupported("OUTPUT … AS another name")
    return [Column(column.name, column.type)]


def _column(table: Table, name: str) -> SchemaColumn:
    column = table.column(name)
    if column is None:
        raise no_column(name)
    return column


def _given(table: Table) -> list[SchemaColumn]:
    return [column for column in table.columns if not column.identity and column is not table.rowversion]


def _source(table: Table, alias: str) -> Source:
    return Source(alias, tuple(Column(column.name, column.type) for column in table.columns))


def _where(node: exp.Expr, expressions: Expressions) -> str:
    where = node.args.get("where")
    return f" WHERE {sqlite(expressions.bind(where.this).node)}" if where else ""


def _assigned(item: exp.Expr, column: SchemaColumn, expressions: Expressions) -> str:
    if isinstance(item, exp.Var | exp.Column) and item.name.upper() == "DEFAULT":
        if column.default == "GETDATE()":
            return "t_session('GETDATE')"
        return column.default or "NULL"
    return sqlite(_fitted(expressions.bind(item), column.type).node)


def _fitted(value: Bound, target: SqlType) -> Bound:
    if target.name == "bit" and value.type.name != "bit" and value.type.family == "integer":
        return cast(value, target)
    if target.family == "integer" and value.type.family == "number":
        return cast(value, target)
    if target.name == "datetime" and value.type.name == "datetime2":
        return cast(value, target)
    if target.family == "text" and value.type.family in ("integer", "number"):
        return cast(value, target)
    return converted(value, target)
