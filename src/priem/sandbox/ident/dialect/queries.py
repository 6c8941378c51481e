"""SELECTs: sources get their columns, stars are written out, TOP and FETCH become LIMIT, hints are dropped."""

from collections.abc import Iterator, Mapping

from sqlglot import exp

from priem.sandbox.ident.dialect.conversions import Bound, collated
from priem.sandbox.ident.dialect.expressions import Expressions
from priem.sandbox.ident.dialect.functions import Function
from priem.sandbox.ident.dialect.scope import Scope, Source
from priem.sandbox.ident.errors import SqlError, no_column, no_object, syntax, unbound, unsupported
from priem.sandbox.ident.schema import DATABASE, Schema, Table
from priem.sandbox.ident.tokens import Column
from priem.sandbox.ident.types import SqlType

Columns = tuple[Column, ...]
UNDERSTOOD = frozenset(
    (
        "expressions",
        "from_",
        "joins",
        "where",
        "group",
        "having",
        "order",
        "limit",
        "offset",
        "distinct",
        "with_",
        "options",
    )
)
AGGREGATES = (exp.Count, exp.Sum, exp.Min, exp.Max, exp.Avg)


class Queries:
    def __init__(self, schema: Schema, variables: Mapping[str, SqlType], functions: Mapping[str, Function]) -> None:
        self._schema = schema
        self._variables = variables
        self._functions = functions

    def expressions(self, scope: Scope) -> Expressions:
        return Expressions(self, self._variables, self._functions, scope)

    def query(self, node: exp.Expr, parent: Scope, *, outermost: bool = False) -> tuple[exp.Expr, Columns]:
        scope = Scope(parent=parent)
        ctes = self._ctes(node, scope)
        if isinstance(node, exp.SetOperation):
            bound, columns = self._union(node, scope)
        elif isinstance(node, exp.Subquery):
            bound, columns = self.query(node.this, scope)
        elif isinstance(node, exp.Select):
            bound, columns = self._select(node, scope, outermost=outermost)
        else:
            raise unsupported(node.key.upper())
        if ctes:
            bound.set("with_", exp.With(expressions=ctes))
        return bound, columns

    def _ctes(self, node: exp.Expr, scope: Scope) -> list[exp.Expr]:
        found: list[exp.Expr] = []
        with_ = node.args.get("with_")
        for cte in with_.expressions if with_ else ():
            bound, columns = self.query(cte.this, scope)
            columns = _renamed(columns, cte)
            scope.ctes[cte.alias.lower()] = columns
            alias = exp.TableAlias(this=_name(cte.alias), columns=[_name(column.name) for column in columns])
            found.append(exp.CTE(this=bound, alias=alias))
        return found

    def _union(self, node: exp.SetOperation, scope: Scope) -> tuple[exp.Expr, Columns]:
        left, columns = self.query(node.this, scope)
        right, others = self.query(node.expression, scope)
        if len(columns) != len(others):
            text = "All queries combined using UNION, INTERSECT or EXCEPT must have an equal number of expressions."
            raise SqlError(205, text)
        united = type(node)(this=left, expression=right, distinct=node.args.get("distinct"))
        order = node.args.get("order")
        if order:
            united.set("order", exp.Order(expressions=[_output_order(o, columns) for o in order.expressions]))
        self._limit(node, united, self.expressions(scope))
        return united, columns

    # --- one SELECT -------------------------------------------------------------------------------

    def _select(self, node: exp.Select, scope: Scope, *, outermost: bool) -> tuple[exp.Expr, Columns]:
        _refuse(node, outermost=outermost)
        bound = exp.Select()
        self._from(node, bound, scope)
        expressions = self.expressions(scope)
        projections = list(self._projections(node, expressions))
        columns = tuple(column for _, column in projections)
        bound.set("expressions", [_labelled(b, column) for b, column in projections])
        self._conditions(node, bound, expressions)
        if node.args.get("distinct"):
            bound.set("distinct", exp.Distinct())
        order = node.args.get("order")
        if order:
            bound.set("order", exp.Order(expressions=[_order(o, columns, expressions) for o in order.expressions]))
        self._limit(node, bound, expressions)
        return bound, columns

    def _from(self, node: exp.Select, bound: exp.Select, scope: Scope) -> None:
        from_ = node.args.get("from_")
        if from_:
            bound.set("from_", exp.From(this=self._source(from_.this, scope)))
        joins = list(from_.this.args.get("joins") or []) if from_ else []
        bound_joins = []
        for join in joins + list(node.args.get("joins") or []):
            if isinstance(join.this, exp.Lateral):
                self._apply(join.this, bound, scope)
            else:
                bound_joins.append(self._join(join, scope))
        bound.set("joins", bound_joins)

    def _join(self, join: exp.Join, scope: Scope) -> exp.Join:
        source = self._source(join.this, scope)
        condition = join.args.get("on")
        on = self.expressions(scope).bind(condition).node if condition else None
        return exp.Join(this=source, on=on, side=join.args.get("side"), kind=join.args.get("kind"))

    def _source(self, node: exp.Expr, scope: Scope) -> exp.Expr:
        if isinstance(node, exp.Table):
            return self._table(node, scope)
        if isinstance(node, exp.Subquery):
            bound, columns = self.query(node.this, _outside(scope))
            if not node.alias:
                raise syntax(")")
            columns = _renamed(columns, node)
            scope.add(Source(node.alias, columns))
            return exp.Subquery(this=_relabelled(bound, columns), alias=exp.TableAlias(this=_name(node.alias)))
        raise unsupported(node.key.upper())

    def _table(self, node: exp.Table, scope: Scope) -> exp.Expr:
        alias = node.alias or node.name
        common = scope.cte(node.name) if not node.db else None
        if common is not None:
            scope.add(Source(alias, common))
            stored = node.name
        else:
            table = self.table(node)
            scope.add(Source(alias, tuple(Column(c.name, c.type, c.nullable) for c in table.columns)))
            stored = table.stored_as
        return exp.Table(this=_name(stored), alias=exp.TableAlias(this=_name(alias)))

    def table(self, node: exp.Table) -> Table:
        table = self._schema.find(node.db, node.name)
        foreign = node.catalog and node.catalog.upper() != DATABASE and node.db.lower() != "sys"
        if table is None or foreign:
            raise no_object(".".join(part for part in (node.catalog, node.db, node.name) if part))
        return table

    # --- APPLY ------------------------------------------------------------------------------------

    def _apply(self, lateral: exp.Lateral, bound: exp.Select, scope: Scope) -> None:
        """Each column becomes a subquery of its own; that is the same only where the APPLY gives one row at most."""
        select = lateral.this.this if isinstance(lateral.this, exp.Subquery) else None
        if not isinstance(select, exp.Select) or not _one_row(select):
            raise unsupported("APPLY without an aggregate or TOP 1")
        probe, columns = self.query(select.copy(), scope)
        if any(not column.name for column in columns):
            raise SqlError(8155, f"No column name was specified for a column of '{lateral.alias}'.")
        if lateral.args.get("cross_apply") and not _aggregated(select):
            self._also(bound, exp.Exists(this=probe))
        scope.add(Source(lateral.alias, columns, applied=select))

    @staticmethod
    def _also(bound: exp.Select, condition: exp.Expr) -> None:
        where = bound.args.get("where")
        bound.set("where", exp.Where(this=exp.and_(where.this, condition) if where else condition))

    # --- what follows -----------------------------------------------------------------------------

    def _projections(self, node: exp.Select, expressions: Expressions) -> Iterator[tuple[Bound, Column]]:
        for item in node.expressions:
            if isinstance(item, exp.Star) or (isinstance(item, exp.Column) and isinstance(item.this, exp.Star)):
                table = item.table if isinstance(item, exp.Column) else ""
                yield from self._star(table, expressions)
            else:
                yield _projection(item, expressions)

    @staticmethod
    def _star(table: str, expressions: Expressions) -> Iterator[tuple[Bound, Column]]:
        sources = [s for s in expressions.scope.sources if not table or s.alias.lower() == table.lower()]
        if not sources:
            raise unbound(f"{table}.*") if table else SqlError(263, "Must specify table to select from.")
        for source in sources:
            for column in source.columns:
                yield expressions.bind(exp.column(column.name, table=source.alias)), column

    def _conditions(self, node: exp.Select, bound: exp.Select, expressions: Expressions) -> None:
        where = node.args.get("where")
        if where:
            self._also(bound, exp.Paren(this=expressions.bind(where.this).node))
        group = node.args.get("group")
        if group:
            if any(value for key, value in group.args.items() if key != "expressions"):
                raise unsupported("ROLLUP")
            grouped = [collated(b) for b in expressions.all(group.expressions)]
            bound.set("group", exp.Group(expressions=grouped))
        having = node.args.get("having")
        if having:
            bound.set("having", exp.Having(this=expressions.bind(having.this).node))

    @staticmethod
    def _limit(node: exp.Expr, bound: exp.Expr, expressions: Expressions) -> None:
        limit, offset = node.args.get("limit"), node.args.get("offset")
        if limit is not None:
            options = limit.args.get("limit_options")
            if options is not None and (options.args.get("percent") or options.args.get("with_ties")):
                raise unsupported("PERCENT" if options.args.get("percent") else "WITH TIES")
            count = limit.args.get("count") if isinstance(limit, exp.Fetch) else limit.expression
            bound.set("limit", exp.Limit(expression=expressions.bind(count or exp.Null()).node))
        if offset is not None:
            if not node.args.get("order"):
                raise syntax("OFFSET")
            if limit is None:
                bound.set("limit", exp.Limit(expression=exp.Literal.number(-1)))
            bound.set("offset", exp.Offset(expression=expressions.bind(offset.expression).node))


def _outside(scope: Scope) -> Scope:
    """A derived table sees the queries around and the common tables, not its neighbours in the same FROM."""
    return Scope(parent=scope.parent, ctes=scope.ctes)


def _refuse(node: exp.Select, *, outermost: bool) -> None:
    for key, value in node.args.items():
        if value and key not in UNDERSTOOD:
            raise unsupported({"for_": "FOR XML", "pivots": "PIVOT"}.get(key, key.upper()))
    if node.args.get("order") and not (outermost or node.args.get("limit") or node.args.get("offset")):
        text = (
            "The ORDER BY clause is invalid in views, derived tables and subqueries, unless TOP or OFFSET is specified."
        )
        raise SqlError(1033, text, severity=15)


def _projection(item: exp.Expr, expressions: Expressions) -> tuple[Bound, Column]:
    if isinstance(item, exp.EQ) and isinstance(item.this, exp.Parameter):
        bound = expressions.bind(item.expression)
        return bound, Column(f"@{item.this.name.lower()}", bound.type)
    name = item.alias if isinstance(item, exp.Alias) else item.name if isinstance(item, exp.Column) else ""
    bound = expressions.bind(item.this if isinstance(item, exp.Alias) else item)
    return bound, Column(name, bound.type)


def _labelled(bound: Bound, column: Column) -> exp.Expr:
    return exp.Alias(this=bound.node, alias=_name(column.name)) if column.name else bound.node


def _order(node: exp.Ordered, columns: Columns, expressions: Expressions) -> exp.Expr:
    if isinstance(node.this, exp.Literal):
        return _output_order(node, columns)
    bare = isinstance(node.this, exp.Column) and not node.this.table
    if bare and any(column.name.lower() == node.this.name.lower() for column in columns):
        return _output_order(node, columns)
    return expressions.ordered(node)


def _output_order(node: exp.Ordered, columns: Columns) -> exp.Expr:
    """By a column of the result: its number, or the name that it has there."""
    descending = bool(node.args.get("desc"))
    if isinstance(node.this, exp.Literal):
        return exp.Ordered(this=node.this, desc=descending, nulls_first=not descending)
    column = next((column for column in columns if column.name.lower() == node.this.name.lower()), None)
    if column is None:
        raise no_column(node.this.name)
    by = collated(Bound(exp.Paren(this=exp.Column(this=_name(column.name))), column.type))
    return exp.Ordered(this=by.this if isinstance(by, exp.Paren) else by, desc=descending, nulls_first=not descending)


def _one_row(select: exp.Select) -> bool:
    return _aggregated(select) or _top_one(select)


def _aggregated(select: exp.Select) -> bool:
    if select.args.get("group"):
        return False
    return all(_has_aggregate(item) for item in select.expressions)


def _has_aggregate(item: exp.Expr) -> bool:
    """Within this very expression: what stands in a subquery of it is the subquery's own."""
    if isinstance(item, AGGREGATES):
        return True
    if isinstance(item, exp.Subquery | exp.Window):
        return False
    return any(_has_aggregate(child) for child in item.iter_expressions())


def _top_one(select: exp.Select) -> bool:
    limit = select.args.get("limit")
    count = limit.args.get("count") or limit.expression if limit else None
    while isinstance(count, exp.Paren):
        count = count.this
    return isinstance(count, exp.Literal) and count.this == "1"


def _renamed(columns: Columns, node: exp.Expr) -> Columns:
    alias = node.args.get("alias")
    names = [identifier.name for identifier in alias.args.get("columns") or []] if alias else []
    if not names:
        return columns
    if len(names) != len(columns):
        raise SqlError(8158, f"'{node.alias}' has more or fewer columns than were specified in the column list.")
    return tuple(Column(name, column.type, column.nullable) for name, column in zip(names, columns, strict=True))


def _relabelled(bound: exp.Expr, columns: Columns) -> exp.Expr:
    if isinstance(bound, exp.Select):
        plain = [item.this if isinstance(item, exp.Alias) else item for item in bound.expressions]
        bound.set("expressions", [exp.Alias(this=n, alias=_name(c.name)) for n, c in zip(plain, columns, strict=True)])
    return bound


def _name(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=True)
