"""Types in a query: what was declared, which of two wins, and the conversions that T-SQL does without being asked."""

from collections.abc import Callable
from typing import NamedTuple

from sqlglot import exp

from priem.sandbox.ident import moments
from priem.sandbox.ident.errors import SqlError, unsupported
from priem.sandbox.ident.schema import SQLITE_COLLATION
from priem.sandbox.ident.types import FLOAT, MAX, SqlType, decimal, nvarchar


class Bound(NamedTuple):
    node: exp.Expr
    type: SqlType


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(arguments))


def text(value: str) -> exp.Expr:
    return exp.Literal.string(value)


def number(value: int) -> exp.Expr:
    return exp.Literal.number(value)


ALLOWED_STYLES = {"112", "120", "121"}


def allowed_style(node: exp.Expr | None, source: SqlType, target: SqlType) -> str:
    """Only the styles that every engine agrees on: 126 and 104 are not among them, nor is text out of binary."""
    if node is None:
        return ""
    style = node.name
    if style not in ALLOWED_STYLES:
        raise unsupported(f"CONVERT style {style}")
    if "binary" in (source.family, target.family):
        raise unsupported(f"CONVERT style {style} of binary")
    return style


def declared_type(node: exp.Expr) -> SqlType:
    """`decimal(20,10)`, `nvarchar(max)`, `rowversion` … as written in a cast or a declaration."""
    name = str(node.this.value if hasattr(node.this, "value") else node.this).lower()
    sizes = [parameter.name.lower() for parameter in node.expressions] if isinstance(node, exp.DataType) else []
    build = DECLARED.get(name)
    if build is None:
        raise SqlError(243, f"Type {name} is not a defined system type.")
    return build(sizes)


def _sized_text(default: int) -> Callable[[list[str]], SqlType]:
    return lambda sizes: nvarchar(MAX if sizes[:1] == ["max"] else int(sizes[0]) if sizes else default)


def _sized_binary(name: str) -> Callable[[list[str]], SqlType]:
    return lambda sizes: SqlType(name, MAX if sizes[:1] == ["max"] else int(sizes[0]) if sizes else 30)


def _plain(name: str) -> Callable[[list[str]], SqlType]:
    return lambda _sizes: SqlType(name)


DECLARED: dict[str, Callable[[list[str]], SqlType]] = {
    **{name: _plain(name) for name in ("bit", "tinyint", "smallint", "int", "bigint", "date", "float")},
    "utinyint": _plain("tinyint"),
    "real": _plain("float"),
    "double": _plain("float"),
    "integer": _plain("int"),
    "datetime": _plain("datetime"),
    "smalldatetime": _plain("datetime"),
    "timestamp": lambda sizes: SqlType("datetime2", scale=int(sizes[0]) if sizes else 7),
    "datetime2": lambda sizes: SqlType("datetime2", scale=int(sizes[0]) if sizes else 7),
    "time": lambda sizes: SqlType("time", scale=int(sizes[0]) if sizes else 7),
    "decimal": lambda sizes: decimal(int(sizes[0]) if sizes else 18, int(sizes[1]) if len(sizes) > 1 else 0),
    "numeric": lambda sizes: decimal(int(sizes[0]) if sizes else 18, int(sizes[1]) if len(sizes) > 1 else 0),
    "money": lambda _sizes: decimal(19, 4),
    "rowversion": lambda _sizes: SqlType("binary", 8),
    **{name: _sized_text(30) for name in ("nvarchar", "varchar", "nchar", "char")},
    "text": lambda _sizes: nvarchar(MAX),
    "binary": _sized_binary("binary"),
    "varbinary": _sized_binary("varbinary"),
}


# --- conversions between types --------------------------------------------------------------------


def cast(value: Bound, target: SqlType, style: str = "", *, safe: bool = False) -> Bound:
    size = target.length if target.length is not None else target.scale
    node = call(
        "t_cast", value.node, text(target.name), number(size), text(style), number(int(safe)), text(value.type.name)
    )
    return Bound(node, target)


def converted(value: Bound, target: SqlType) -> Bound:
    """An implicit conversion, or the value itself if it already lies as the target does."""
    same = value.type.family == target.family
    if same and target.family != "moment":
        return value
    if value.type.family == "unknown" or target.family == "unknown" or _alike_moments(value.type, target):
        return value
    if {value.type.family, target.family} == {"integer", "number"}:
        return value
    if value.type.family == "text" and target.family == "moment" and isinstance(value.node, exp.Literal):
        return Bound(text(_moment_literal(str(value.node.this), target)), target)
    if {value.type.family, target.family} == {"text", "binary"}:
        raise SqlError(257, f"Implicit conversion from data type {value.type.name} to {target.name} is not allowed.")
    return cast(value, target)


def _alike_moments(one: SqlType, other: SqlType) -> bool:
    return one.name == other.name or {one.name, other.name} == {"datetime", "datetime2"}


def _moment_literal(value: str, target: SqlType) -> str:
    if target.name == "time":
        return moments.to_time(value, target.scale)
    return {"date": moments.to_date, "datetime": moments.to_datetime}.get(target.name, moments.to_datetime2)(value)


RANK = ("unknown", "binary", "text", "integer", "number", "moment")
MOMENT_RANK = ("time", "date", "datetime", "datetime2")
WHOLE_RANK = ("bit", "tinyint", "smallint", "int", "bigint")


def widest(types: list[SqlType]) -> SqlType:
    """The type of higher precedence, which T-SQL converts the others to."""
    best = types[0]
    for kind in types[1:]:
        best = _wider(best, kind)
    return best


def _wider(one: SqlType, other: SqlType) -> SqlType:
    if one.family != other.family:
        return max(one, other, key=lambda kind: RANK.index(kind.family))
    if one.family == "text":
        longest = MAX if MAX in (one.length, other.length) else max(one.length or 1, other.length or 1)
        return nvarchar(longest)
    if one.family == "integer":
        return max(one, other, key=lambda kind: WHOLE_RANK.index(kind.name))
    if one.family == "moment":
        return max(one, other, key=lambda kind: MOMENT_RANK.index(kind.name))
    if one.family == "number":
        return one if one == FLOAT else other if other == FLOAT else decimal(38, max(one.scale, other.scale))
    return one


def compared(left: Bound, right: Bound) -> tuple[Bound, Bound]:
    """Both sides made comparable; a number beside a rowversion becomes binary(8), so that the index still serves."""
    families = {left.type.family, right.type.family}
    if families == {"binary", "integer"}:
        eight = SqlType("binary", 8)
        return (left, cast(right, eight)) if left.type.family == "binary" else (cast(left, eight), right)
    kind = widest([left.type, right.type])
    if kind.family == "binary" and "text" in families:
        raise SqlError(257, "Implicit conversion from data type nvarchar to binary is not allowed.")
    return converted(left, kind), converted(right, kind)


def collated(value: Bound) -> exp.Expr:
    """Text is compared as Cyrillic_General_CI_AS does; a column has that collation of itself, an expression has not."""
    if value.type.family != "text" or isinstance(value.node, exp.Column):
        return value.node
    return exp.Collate(this=value.node, expression=exp.Var(this=SQLITE_COLLATION))
