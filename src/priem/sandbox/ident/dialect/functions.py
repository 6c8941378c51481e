"""The functions that a query may use, with the types that SQL Server gives them. Any other is error 195."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from priem.sandbox.ident.dialect.conversions import Bound, call, collated, compared, converted, text, widest
from priem.sandbox.ident.dialect.expressions import Expressions
from priem.sandbox.ident.errors import SqlError
from priem.sandbox.ident.types import (
    DATE,
    DATETIME,
    DATETIME2,
    FLOAT,
    INT,
    MAX,
    SMALLINT,
    SqlType,
    decimal,
    nvarchar,
)

Build = Callable[[Expressions, str, list[exp.Expr]], Bound]


@dataclass(frozen=True, slots=True)
class Function:
    least: int
    most: int
    build: Build

    def bind(self, expressions: Expressions, name: str, arguments: list[exp.Expr]) -> Bound:
        if not self.least <= len(arguments) <= self.most:
            raise SqlError(174, f"The {name.lower()} function requires {self.least} argument(s).", severity=15)
        return self.build(expressions, name, arguments)


def _plain(sqlite_name: str, result: SqlType) -> Build:
    """The same arguments, another name."""

    def build(expressions: Expressions, _name: str, arguments: list[exp.Expr]) -> Bound:
        return Bound(call(sqlite_name, *(bound.node for bound in expressions.all(arguments))), result)

    return build


def _like_first(sqlite_name: str) -> Build:
    """Functions whose result is of the first argument's type."""

    def build(expressions: Expressions, _name: str, arguments: list[exp.Expr]) -> Bound:
        bound = expressions.all(arguments)
        kind = bound[0].type
        return Bound(call(sqlite_name, *(b.node for b in bound)), kind if kind.family != "unknown" else nvarchar())

    return build


def _text_like_first(sqlite_name: str) -> Build:
    def build(expressions: Expressions, _name: str, arguments: list[exp.Expr]) -> Bound:
        bound = expressions.all(arguments)
        kind = bound[0].type if bound[0].type.family == "text" else nvarchar()
        return Bound(call(sqlite_name, *(b.node for b in bound)), kind)

    return build


def _is_null(expressions: Expressions, _name: str, arguments: list[exp.Expr]) -> Bound:
    first, second = expressions.all(arguments)
    kind = first.type if first.type.family != "unknown" else second.type
    return Bound(call("COALESCE", first.node, converted(second, kind).node), kind)


def _coalesce(expressions: Expressions, _name: str, arguments: list[exp.Expr]) -> Bound:
    bound = expressions.all(arguments)
    kind = widest([b.type for b in bound])
    return Bound(call("COALESCE", *(converted(b, kind).node for b in bound)), kind)


def _null_if(expressions: Expressions, _name: str, arguments: list[exp.Expr]) -> Bound:
    first, second = expressions.all(arguments)
    left, right = compared(first, second)
    return Bound(call("NULLIF", collated(left), right.node), first.type)


def _iif(expressions: Expressions, _name: str, arguments: list[exp.Expr]) -> Bound:
    condition, one, other = expressions.all(arguments)
    kind = widest([one.type, other.type])
    return Bound(call("IIF", condition.node, converted(one, kind).node, converted(other, kind).node), kind)


def _concat(expressions: Expressions, _name: str, arguments: list[exp.Expr]) -> Bound:
    bound = expressions.all(arguments)
    longest = MAX if any(b.type.length == MAX for b in bound) else 4000
    return Bound(call("t_concat", *(b.node for b in bound)), nvarchar(longest))


PARTS = {
    **dict.fromkeys(("year", "yy", "yyyy"), "year"),
    **dict.fromkeys(("quarter", "qq", "q"), "quarter"),
    **dict.fromkeys(("month", "mm", "m"), "month"),
    **dict.fromkeys(("dayofyear", "dy", "y"), "dayofyear"),
    **dict.fromkeys(("day", "dd", "d"), "day"),
    **dict.fromkeys(("week", "wk", "ww"), "week"),
    **dict.fromkeys(("weekday", "dw"), "weekday"),
    **dict.fromkeys(("hour", "hh"), "hour"),
    **dict.fromkeys(("minute", "mi", "n"), "minute"),
    **dict.fromkeys(("second", "ss", "s"), "second"),
    **dict.fromkeys(("millisecond", "ms"), "millisecond"),
}


def _part(node: exp.Expr, function: str) -> exp.Expr:
    name = node.name.lower()
    if name not in PARTS:
        raise SqlError(155, f"'{name}' is not a recognized {function.lower()} option.", severity=15)
    return text(PARTS[name])


def _date_add(expressions: Expressions, name: str, arguments: list[exp.Expr]) -> Bound:
    amount, moment = expressions.all(arguments[1:])
    if moment.type.family != "moment":
        moment = converted(moment, DATETIME)
    node = call("t_dateadd", _part(arguments[0], name), amount.node, moment.node)
    return Bound(node, moment.type if moment.type.family == "moment" else DATETIME)


def _date_diff(expressions: Expressions, name: str, arguments: list[exp.Expr]) -> Bound:
    ends = [b if b.type.family == "moment" else converted(b, DATETIME) for b in expressions.all(arguments[1:])]
    return Bound(call("t_datediff", _part(arguments[0], name), *(b.node for b in ends)), INT)


def _date_part(expressions: Expressions, name: str, arguments: list[exp.Expr]) -> Bound:
    moment = converted(expressions.bind(arguments[1]), DATETIME)
    return Bound(call("t_datepart", _part(arguments[0], name), moment.node), INT)


def _calendar(expressions: Expressions, name: str, arguments: list[exp.Expr]) -> Bound:
    moment = converted(expressions.bind(arguments[0]), DATETIME)
    return Bound(call("t_datepart", text(name.lower()), moment.node), INT)


def _session(result: SqlType) -> Build:
    """What depends on who asks, and when: the session answers while the statement runs."""

    def build(expressions: Expressions, name: str, arguments: list[exp.Expr]) -> Bound:
        return Bound(call("t_session", text(name), *(b.node for b in expressions.all(arguments))), result)

    return build


def _server_property(expressions: Expressions, name: str, arguments: list[exp.Expr]) -> Bound:
    """A sql_variant on a real server; drivers show it as text, so text it is, but for the numbers."""
    bound = expressions.bind(arguments[0])
    number = str(bound.node.this).lower() in ("engineedition", "isintegratedsecurityonly", "isclustered")
    return Bound(call("t_session", text(name), bound.node), INT if number else nvarchar(128))


def _string_agg(expressions: Expressions, _name: str, arguments: list[exp.Expr]) -> Bound:
    bound = expressions.all(arguments)
    return Bound(call("group_concat", *(b.node for b in bound)), nvarchar(MAX))


SESSION_VALUES = {
    "@@VERSION": nvarchar(300),
    "@@DBTS": SqlType("varbinary", 8),
    "@@ROWCOUNT": INT,
    "@@TRANCOUNT": INT,
    "@@SPID": SMALLINT,
    "@@SERVERNAME": nvarchar(128),
    "@@SERVICENAME": nvarchar(128),
    "@@IDENTITY": decimal(38, 0),
    "@@LOCK_TIMEOUT": INT,
    "@@ERROR": INT,
    "@@MAX_PRECISION": SqlType("tinyint"),
    "@@LANGUAGE": nvarchar(128),
    "@@OPTIONS": INT,
    "@@MICROSOFTVERSION": INT,
}

FUNCTIONS: dict[str, Function] = {
    "ISNULL": Function(2, 2, _is_null),
    "COALESCE": Function(2, 99, _coalesce),
    "NULLIF": Function(2, 2, _null_if),
    "IIF": Function(3, 3, _iif),
    "CONCAT": Function(2, 99, _concat),
    "LEN": Function(1, 1, _plain("t_len", INT)),
    "DATALENGTH": Function(1, 1, _plain("t_datalength", INT)),
    "CHARINDEX": Function(2, 3, _plain("t_charindex", INT)),
    "UPPER": Function(1, 1, _text_like_first("t_upper")),
    "LOWER": Function(1, 1, _text_like_first("t_lower")),
    "LTRIM": Function(1, 1, _text_like_first("t_ltrim")),
    "RTRIM": Function(1, 1, _text_like_first("t_rtrim")),
    "SUBSTRING": Function(3, 3, _text_like_first("t_substring")),
    "LEFT": Function(2, 2, _text_like_first("t_left")),
    "RIGHT": Function(2, 2, _text_like_first("t_right")),
    "REPLACE": Function(3, 3, _text_like_first("t_replace")),
    "STUFF": Function(4, 4, _text_like_first("t_stuff")),
    "REVERSE": Function(1, 1, _text_like_first("t_reverse")),
    "ABS": Function(1, 1, _like_first("abs")),
    "ROUND": Function(2, 2, _like_first("round")),
    "FLOOR": Function(1, 1, _like_first("floor")),
    "CEILING": Function(1, 1, _like_first("ceil")),
    "SQRT": Function(1, 1, _plain("sqrt", FLOAT)),
    "DATEADD": Function(3, 3, _date_add),
    "DATEDIFF": Function(3, 3, _date_diff),
    "DATEPART": Function(2, 2, _date_part),
    "YEAR": Function(1, 1, _calendar),
    "MONTH": Function(1, 1, _calendar),
    "DAY": Function(1, 1, _calendar),
    "EOMONTH": Function(1, 1, _plain("t_eomonth", DATE)),
    "DATEFROMPARTS": Function(3, 3, _plain("t_datefromparts", DATE)),
    "GETDATE": Function(0, 0, _session(DATETIME)),
    "GETUTCDATE": Function(0, 0, _session(DATETIME)),
    "SYSDATETIME": Function(0, 0, _session(DATETIME2)),
    "SYSUTCDATETIME": Function(0, 0, _session(DATETIME2)),
    "MIN_ACTIVE_ROWVERSION": Function(0, 0, _session(SqlType("varbinary", 8))),
    "SCOPE_IDENTITY": Function(0, 0, _session(decimal(38, 0))),
    "IDENT_CURRENT": Function(1, 1, _session(decimal(38, 0))),
    "DB_NAME": Function(0, 1, _session(nvarchar(128))),
    "DB_ID": Function(0, 1, _session(SMALLINT)),
    "OBJECT_ID": Function(1, 2, _session(INT)),
    "SUSER_SNAME": Function(0, 0, _session(nvarchar(128))),
    "SUSER_NAME": Function(0, 0, _session(nvarchar(128))),
    "ORIGINAL_LOGIN": Function(0, 0, _session(nvarchar(128))),
    "USER_NAME": Function(0, 0, _session(nvarchar(128))),
    "HOST_NAME": Function(0, 0, _session(nvarchar(128))),
    "APP_NAME": Function(0, 0, _session(nvarchar(128))),
    "HAS_PERMS_BY_NAME": Function(3, 5, _session(INT)),
    "HAS_DBACCESS": Function(1, 1, _session(INT)),
    "IS_SRVROLEMEMBER": Function(1, 2, _session(INT)),
    "IS_MEMBER": Function(1, 1, _session(INT)),
    "SERVERPROPERTY": Function(1, 1, _server_property),
    **{name: Function(0, 0, _session(kind)) for name, kind in SESSION_VALUES.items()},
}

SINCE_2017 = {
    "STRING_AGG": Function(2, 2, _string_agg),
    "TRIM": Function(1, 1, _text_like_first("t_trim")),
}


def functions_of(compatibility: int) -> Mapping[str, Function]:
    """2012 or 2019: a server knows what its release knew."""
    return FUNCTIONS | SINCE_2017 if compatibility >= 2017 else FUNCTIONS
