"""Expressions: every one gets a type, and where T-SQL would convert between types, so does the SQLite text."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from sqlglot import exp

from priem.sandbox.ident.dialect.conversions import (
    Bound,
    allowed_style,
    call,
    cast,
    collated,
    compared,
    converted,
    declared_type,
    text,
    widest,
)
from priem.sandbox.ident.dialect.scope import Scope
from priem.sandbox.ident.errors import SqlError, no_function, no_variable, unsupported
from priem.sandbox.ident.tokens import Column
from priem.sandbox.ident.types import (
    BIGINT,
    DATETIME,
    FLOAT,
    INT,
    MAX,
    UNKNOWN,
    SqlType,
    decimal,
    nvarchar,
)

if TYPE_CHECKING:
    from priem.sandbox.ident.dialect.functions import Function


class Queries(Protocol):
    """What expressions need of queries: subqueries hold whole ones."""

    def query(self, node: exp.Expr, parent: Scope) -> tuple[exp.Expr, tuple[Column, ...]]: ...


class Expressions:
    def __init__(
        self, queries: Queries, variables: Mapping[str, SqlType], functions: Mapping[str, "Function"], scope: Scope
    ) -> None:
        self._queries = queries
        self._variables = variables
        self._functions = functions
        self.scope = scope

    def bind(self, node: exp.Expr) -> Bound:
        handler = HANDLERS.get(type(node))
        if handler is None:
            raise unsupported(node.key.upper())
        return handler(self, node)

    def all(self, nodes: list[exp.Expr]) -> list[Bound]:
        return [self.bind(node) for node in nodes]

    # --- leaves -----------------------------------------------------------------------------------

    def literal(self, node: exp.Expr) -> Bound:
        value = str(node.this)
        if node.args.get("is_string") or isinstance(node, exp.National):
            return Bound(text(value), nvarchar(max(1, len(value))))
        if "e" in value.lower():
            return Bound(node, FLOAT)
        if "." in value:
            whole, _, fraction = value.partition(".")
            return Bound(node, decimal(max(1, len(whole) + len(fraction)), len(fraction)))
        return Bound(node, INT if abs(int(value)) < 1 << 31 else BIGINT)

    def hexadecimal(self, node: exp.Expr) -> Bound:
        digits = str(node.this)
        digits = digits if len(digits) % 2 == 0 else "0" + digits
        return Bound(exp.HexString(this=digits), SqlType("varbinary", max(1, len(digits) // 2)))

    def null(self, node: exp.Expr) -> Bound:
        return Bound(node, UNKNOWN)

    def parameter(self, node: exp.Expr) -> Bound:
        if isinstance(node.this, exp.Parameter):
            return self._function(f"@@{node.this.name}".upper(), [])
        name = node.name.lower()
        if name not in self._variables:
            raise no_variable(node.name)
        return Bound(exp.Parameter(this=exp.Var(this=name)), self._variables[name])

    def column(self, node: exp.Expr) -> Bound:
        if not isinstance(node, exp.Column) or isinstance(node.this, exp.Star):
            raise unsupported("*")
        source, column = self.scope.resolve(node)
        if source.applied is not None:
            return self._applied(source.applied, column.name)
        name = exp.to_identifier(column.name, quoted=True)
        return Bound(exp.Column(this=name, table=exp.to_identifier(source.alias, quoted=True)), column.type)

    def _applied(self, select: exp.Select, name: str) -> Bound:
        """A column of an APPLY as the subquery that would have made it."""
        chosen = [e for e in select.expressions if e.alias_or_name.lower() == name.lower()]
        alone = select.copy()
        alone.set("expressions", [chosen[0].copy()])
        return self.subquery(exp.Subquery(this=alone))

    # --- structure --------------------------------------------------------------------------------

    def paren(self, node: exp.Expr) -> Bound:
        inner = self.bind(node.this)
        return Bound(exp.Paren(this=inner.node), inner.type)

    def collate(self, node: exp.Expr) -> Bound:
        return self.bind(node.this)

    def negative(self, node: exp.Expr) -> Bound:
        inner = self.bind(node.this)
        return Bound(exp.Neg(this=inner.node), inner.type)

    def connect(self, node: exp.Expr) -> Bound:
        left, right = self.bind(node.this), self.bind(node.expression)
        return Bound(type(node)(this=left.node, expression=right.node), UNKNOWN)

    def negate(self, node: exp.Expr) -> Bound:
        return Bound(exp.Not(this=self.bind(node.this).node), UNKNOWN)

    def subquery(self, node: exp.Expr) -> Bound:
        query, columns = self._queries.query(node.this, self.scope)
        if len(columns) != 1:
            text = "Only one expression can be specified in the select list of a subquery without EXISTS."
            raise SqlError(116, text)
        return Bound(exp.Subquery(this=query), columns[0].type)

    def exists(self, node: exp.Expr) -> Bound:
        query, _columns = self._queries.query(node.this, self.scope)
        return Bound(exp.Exists(this=query), UNKNOWN)

    def case(self, node: exp.Expr) -> Bound:
        subject = self.bind(node.this) if node.this else None
        conditions, results = [], []
        for branch in node.args["ifs"]:
            condition = self.bind(branch.this)
            conditions.append(compared(subject, condition)[1] if subject else condition)
            results.append(self.bind(branch.args["true"]))
        default = node.args.get("default")
        if default is not None:
            results.append(self.bind(default))
        kind = widest([result.type for result in results])
        values = [converted(result, kind).node for result in results]
        ifs = [exp.If(this=c.node, true=v) for c, v in zip(conditions, values, strict=False)]
        last = values[-1] if default is not None else None
        return Bound(exp.Case(this=collated(subject) if subject else None, ifs=ifs, default=last), kind)

    # --- comparisons ------------------------------------------------------------------------------

    def compare(self, node: exp.Expr) -> Bound:
        left, right = compared(self.bind(node.this), self.bind(node.expression))
        return Bound(type(node)(this=collated(left), expression=right.node), UNKNOWN)

    def between(self, node: exp.Expr) -> Bound:
        subject = self.bind(node.this)
        low = compared(subject, self.bind(node.args["low"]))[1]
        subject, high = compared(subject, self.bind(node.args["high"]))
        return Bound(exp.Between(this=collated(subject), low=low.node, high=high.node), UNKNOWN)

    def within(self, node: exp.Expr) -> Bound:
        subject = self.bind(node.this)
        query = node.args.get("query")
        if query is not None:
            inner, _columns = self._queries.query(query.this if isinstance(query, exp.Subquery) else query, self.scope)
            return Bound(exp.In(this=collated(subject), query=exp.Subquery(this=inner)), UNKNOWN)
        values = [compared(subject, self.bind(value))[1].node for value in node.expressions]
        return Bound(exp.In(this=collated(subject), expressions=values), UNKNOWN)

    def is_null(self, node: exp.Expr) -> Bound:
        return Bound(exp.Is(this=self.bind(node.this).node, expression=exp.Null()), UNKNOWN)

    def like(self, node: exp.Expr) -> Bound:
        escape = text("")
        if isinstance(node, exp.Escape):
            escape = self.bind(node.expression).node
            node = node.this
        value, pattern = self.bind(node.this), self.bind(node.expression)
        return Bound(call("t_like", value.node, pattern.node, escape), UNKNOWN)

    # --- arithmetic -------------------------------------------------------------------------------

    def add(self, node: exp.Expr) -> Bound:
        left, right = self.bind(node.this), self.bind(node.expression)
        families = {left.type.family, right.type.family}
        if isinstance(node, exp.Add) and families <= {"text", "unknown"}:
            joined = _joined_length(left.type, right.type)
            return Bound(exp.Paren(this=exp.DPipe(this=left.node, expression=right.node)), nvarchar(joined))
        if left.type.family == "moment":
            days = right.node if isinstance(node, exp.Add) else exp.Neg(this=exp.Paren(this=right.node))
            return Bound(call("t_dateadd", text("day"), days, converted(left, DATETIME).node), DATETIME)
        return self._arithmetic(node, left, right)

    def arithmetic(self, node: exp.Expr) -> Bound:
        return self._arithmetic(node, self.bind(node.this), self.bind(node.expression))

    def _arithmetic(self, node: exp.Expr, left: Bound, right: Bound) -> Bound:
        kind = widest([left.type, right.type])
        left, right = converted(left, kind), converted(right, kind)
        if isinstance(node, exp.Mul) and kind.name == "decimal":
            kind = decimal(38, min(10, left.type.scale + right.type.scale))
        if isinstance(node, exp.Div | exp.Mod):
            kind = decimal(38, 10) if kind.name == "decimal" else kind
            return Bound(call("t_divide" if isinstance(node, exp.Div) else "t_modulo", left.node, right.node), kind)
        return Bound(type(node)(this=left.node, expression=right.node), kind)

    # --- functions --------------------------------------------------------------------------------

    def aggregate(self, node: exp.Expr) -> Bound:
        inner = node.this
        if isinstance(node, exp.Count):
            return Bound(self._count(node), BIGINT if node.args.get("big_int") else INT)
        distinct = isinstance(inner, exp.Distinct)
        argument = self.bind(inner.expressions[0] if distinct else inner)
        body = exp.Distinct(expressions=[argument.node]) if distinct else argument.node
        kind = argument.type
        if isinstance(node, exp.Sum | exp.Avg) and kind.family == "integer":
            kind = BIGINT if kind == BIGINT else INT
            total: exp.Expr = type(node)(this=body)
            return Bound(call("t_truncate", total) if isinstance(node, exp.Avg) else total, kind)
        if isinstance(node, exp.Sum | exp.Avg) and kind.name == "decimal":
            kind = decimal(38, kind.scale)
        return Bound(type(node)(this=body), kind)

    def _count(self, node: exp.Expr) -> exp.Expr:
        inner = node.this
        if isinstance(inner, exp.Star):
            return exp.Count(this=exp.Star())
        if isinstance(inner, exp.Distinct):
            return exp.Count(this=exp.Distinct(expressions=[b.node for b in self.all(inner.expressions)]))
        return exp.Count(this=self.bind(inner).node)

    def window(self, node: exp.Expr) -> Bound:
        inner = node.this
        ranking = isinstance(inner, exp.RowNumber | exp.Rank | exp.DenseRank)
        bound = Bound(inner, BIGINT) if ranking else self.bind(inner)
        order = node.args.get("order")
        window = exp.Window(
            this=bound.node,
            partition_by=[b.node for b in self.all(node.args.get("partition_by") or [])],
            order=exp.Order(expressions=[self.ordered(o) for o in order.expressions]) if order else None,
            spec=node.args.get("spec"),
        )
        return Bound(window, bound.type)

    def ordered(self, node: exp.Expr) -> exp.Expr:
        """NULLs come first in both, so nothing is said about them."""
        inner = self.bind(node.this)
        return exp.Ordered(this=collated(inner), desc=node.args.get("desc"), nulls_first=not node.args.get("desc"))

    def function(self, node: exp.Expr) -> Bound:
        return self._function(str(node.this).upper(), list(node.expressions))

    def now(self, _node: exp.Expr) -> Bound:
        return self._function("GETDATE", [])

    def _function(self, name: str, arguments: list[exp.Expr]) -> Bound:
        function = self._functions.get(name)
        if function is None:
            if name.startswith("@@"):
                raise no_variable(name[1:])
            raise no_function(name)
        return function.bind(self, name, arguments)

    def conversion(self, node: exp.Expr) -> Bound:
        convert = isinstance(node, exp.Convert)
        target = declared_type(node.this if convert else node.args["to"])
        value = self.bind(node.expression if convert else node.this)
        style = node.args.get("style") if convert else None
        safe = isinstance(node, exp.TryCast) or bool(node.args.get("safe"))
        return cast(value, target, allowed_style(style, value.type, target), safe=safe)

    def user_function(self, node: exp.Expr) -> Bound:
        raise SqlError(4121, f'Cannot find either column "{node.this.name}" or the user-defined function or aggregate.')


def _joined_length(left: SqlType, right: SqlType) -> int:
    if MAX in (left.length, right.length):
        return MAX
    return min(4000, (left.length or 4000) + (right.length or 4000))


Handler = Callable[[Expressions, exp.Expr], Bound]
HANDLERS: dict[type[exp.Expr], Handler] = {
    exp.Literal: Expressions.literal,
    exp.National: Expressions.literal,
    exp.HexString: Expressions.hexadecimal,
    exp.Null: Expressions.null,
    exp.Parameter: Expressions.parameter,
    exp.Column: Expressions.column,
    exp.Paren: Expressions.paren,
    exp.Collate: Expressions.collate,
    exp.Neg: Expressions.negative,
    exp.And: Expressions.connect,
    exp.Or: Expressions.connect,
    exp.Not: Expressions.negate,
    exp.Subquery: Expressions.subquery,
    exp.Exists: Expressions.exists,
    exp.Case: Expressions.case,
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE), Expressions.compare),
    exp.Between: Expressions.between,
    exp.In: Expressions.within,
    exp.Is: Expressions.is_null,
    exp.Like: Expressions.like,
    exp.Escape: Expressions.like,
    exp.Add: Expressions.add,
    exp.Sub: Expressions.add,
    **dict.fromkeys((exp.Mul, exp.Div, exp.Mod, exp.BitwiseAnd, exp.BitwiseOr), Expressions.arithmetic),
    **dict.fromkeys((exp.Count, exp.Sum, exp.Min, exp.Max, exp.Avg), Expressions.aggregate),
    exp.Window: Expressions.window,
    exp.Anonymous: Expressions.function,
    exp.CurrentTimestamp: Expressions.now,
    exp.Convert: Expressions.conversion,
    exp.Cast: Expressions.conversion,
    exp.TryCast: Expressions.conversion,
    exp.Dot: Expressions.user_function,
}
