"""The procedures that drivers call: sp_executesql and the prepared statements."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp

from priem.sandbox.ident import permissions, sqlfunctions
from priem.sandbox.ident.dialect.conversions import declared_type
from priem.sandbox.ident.dialect.parse import parse
from priem.sandbox.ident.errors import SqlError, no_procedure, permission_denied, syntax
from priem.sandbox.ident.interpreter import Interpreter, Outcome
from priem.sandbox.ident.parameters import Parameter
from priem.sandbox.ident.requests import Call
from priem.sandbox.ident.types import INT, SqlType, Value

Output = tuple[str, SqlType, Value]


@dataclass(frozen=True, slots=True)
class Prepared:
    text: str
    declared: tuple[tuple[str, SqlType], ...]


class Procedures:
    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._prepared: dict[int, Prepared] = {}
        self._outputs: list[Output] = []

    def outputs(self) -> list[Output]:
        return self._outputs

    def call(self, call: Call) -> Iterator[Outcome]:
        self._outputs = []
        handler = {
            "sp_executesql": self._execute_sql,
            "sp_prepare": self._prepare,
            "sp_prepexec": self._prepare_and_execute,
            "sp_execute": self._execute,
            "sp_unprepare": self._unprepare,
            "sp_reset_connection": self._reset,
        }.get(call.procedure)
        if handler:
            return handler(list(call.parameters))
        if self._interpreter.facts.login == permissions.READER:
            raise permission_denied("EXECUTE", call.procedure)
        raise no_procedure(call.procedure)

    def _execute_sql(self, parameters: list[Parameter]) -> Iterator[Outcome]:
        text = _text(parameters, 0)
        declared = _declared(_text(parameters, 1)) if len(parameters) > 1 else ()
        return self._interpreter.run(text, _given(declared, parameters[2:]))

    def _prepare(self, parameters: list[Parameter]) -> Iterator[Outcome]:
        """(handle OUT, declarations, statement, options)"""
        handle = self._keep(_text(parameters, 2), _declared(_text(parameters, 1)))
        self._outputs = [(parameters[0].name, INT, handle)]
        return iter(())

    def _prepare_and_execute(self, parameters: list[Parameter]) -> Iterator[Outcome]:
        declared = _declared(_text(parameters, 1))
        text = _text(parameters, 2)
        self._outputs = [(parameters[0].name, INT, self._keep(text, declared))]
        return self._interpreter.run(text, _given(declared, parameters[3:]))

    def _execute(self, parameters: list[Parameter]) -> Iterator[Outcome]:
        prepared = self._prepared.get(_handle(parameters))
        if prepared is None:
            raise SqlError(8179, f"Could not find prepared statement with handle {_handle(parameters)}.")
        return self._interpreter.run(prepared.text, _given(prepared.declared, parameters[1:]))

    def _unprepare(self, parameters: list[Parameter]) -> Iterator[Outcome]:
        self._prepared.pop(_handle(parameters), None)
        return iter(())

    def _reset(self, _parameters: list[Parameter]) -> Iterator[Outcome]:
        self._interpreter.rollback()
        return iter(())

    def _keep(self, text: str, declared: tuple[tuple[str, SqlType], ...]) -> int:
        handle = len(self._prepared) + 1 if not self._prepared else max(self._prepared) + 1
        self._prepared[handle] = Prepared(text, declared)
        return handle


def _text(parameters: Sequence[Parameter], position: int) -> str:
    if position >= len(parameters):
        raise SqlError(201, "Procedure or function expects parameter '@statement', which was not supplied.")
    value = parameters[position].value
    return value if isinstance(value, str) else ""


def _handle(parameters: Sequence[Parameter]) -> int:
    value = parameters[0].value if parameters else None
    return value if isinstance(value, int) else 0


def _declared(text: str) -> tuple[tuple[str, SqlType], ...]:
    """`@P1 int, @P2 nvarchar(30) output` → names and types."""
    if not text.strip():
        return ()
    tree = parse(f"DECLARE {text.replace(' OUTPUT', '').replace(' output', '')}")
    if not isinstance(tree, exp.Declare):
        raise syntax(text)
    return tuple((item.this[0].name.lower(), declared_type(item.args["kind"])) for item in tree.expressions)


def _given(declared: tuple[tuple[str, SqlType], ...], values: Sequence[Parameter]) -> list[Parameter]:
    """Values by name where they have one, else by place; the declared type decides, as on the server."""
    if not declared:
        return list(values)
    by_name = {value.name: value for value in values if value.name}
    given = []
    for place, (name, kind) in enumerate(declared):
        value = by_name.get(name) or (values[place] if place < len(values) and not values[place].name else None)
        if value is None:
            raise SqlError(8178, f"The parameterized query expects the parameter '@{name}', which was not supplied.")
        given.append(Parameter(name, kind, _lying_as(value, kind)))
    return given


def _lying_as(value: Parameter, kind: SqlType) -> Value:
    """A value that came as another type than it was declared, e.g. a date for a datetime."""
    if value.value is None or value.type.name == kind.name:
        return value.value
    size = kind.length if kind.length is not None else kind.scale
    return sqlfunctions.cast(value.value, kind.name, size, "", 0, value.type.name)
