"""What a session does with statements: variables, options, transactions, and the queries between them."""

import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from priem.sandbox.ident import options, permissions
from priem.sandbox.ident.dialect import batch as batches
from priem.sandbox.ident.dialect.batch import Statement
from priem.sandbox.ident.dialect.compile import Compiler, Plan
from priem.sandbox.ident.dialect.conversions import declared_type
from priem.sandbox.ident.dialect.parse import parse
from priem.sandbox.ident.engine import Connection, Database, Row
from priem.sandbox.ident.errors import (
    Cancelled,
    SqlError,
    no_database,
    no_procedure,
    no_variable,
    permission_denied,
    syntax,
    unsupported,
)
from priem.sandbox.ident.facts import Facts
from priem.sandbox.ident.journal import Journal
from priem.sandbox.ident.parameters import Parameter
from priem.sandbox.ident.schema import DATABASE
from priem.sandbox.ident.tokens import Column
from priem.sandbox.ident.types import SqlType, Value

Before = Callable[[str, str], None]
COMMANDS = {"SELECT": 0xC1, "INSERT": 0xC3, "DELETE": 0xC4, "UPDATE": 0xC5}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one statement gave: a result set, a count, or nothing but the fact that it is done."""

    kind: str
    columns: tuple[Column, ...] = ()
    rows: Sequence[Row] = ()
    count: int | None = None
    message: str = ""

    @property
    def command(self) -> int:
        return COMMANDS.get(self.kind, 0)


@dataclass(slots=True)
class Variables:
    types: dict[str, SqlType] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)


class Interpreter:
    def __init__(self, database: Database, journal: Journal, facts: Facts, before: Before | None = None) -> None:
        self._database = database
        self._journal = journal
        self._before = before or (lambda _kind, _text: None)
        self._compiler = Compiler(database.compatibility)
        self.facts = facts
        self.connection = Connection(database, facts.answer)
        facts.attach(database, self.connection)

    def run(self, text: str, parameters: Sequence[Parameter] = ()) -> Iterator[Outcome]:
        """Every statement of a batch, one outcome each. The first error ends the batch."""
        variables = Variables({p.name: p.type for p in parameters}, {p.name: p.value for p in parameters})
        for statement in self._split(text):
            yield self._logged(statement, variables)

    def _split(self, text: str) -> list[Statement]:
        try:
            return batches.split(text)
        except SqlError as error:
            self._journal.record(self.facts.login, "UNREADABLE", text, seconds=0, error=error.number)
            raise

    def _logged(self, statement: Statement, variables: Variables) -> Outcome:
        began = time.perf_counter()
        error: int | None = None
        outcome = None
        try:
            permissions.check(self.facts.login, statement)
            self._before(statement.kind, statement.text)
            began = time.perf_counter()
            outcome = self._execute(statement, variables)
        except SqlError as raised:
            error = raised.number
            if raised.number == 1205:
                self.rollback()
            raise
        finally:
            rows = len(outcome.rows) if outcome is not None else 0
            seconds = time.perf_counter() - began
            self._journal.record(
                self.facts.login, statement.kind, statement.text, seconds=seconds, rows=rows, error=error
            )
        if outcome.count is not None:
            self.facts.rowcount = outcome.count
        return outcome

    def _execute(self, statement: Statement, variables: Variables) -> Outcome:
        handler = HANDLERS.get(statement.kind)
        if handler is None:
            raise syntax(statement.text.split()[0])
        try:
            return handler(self, statement, variables)
        except (SqlError, Cancelled):
            raise
        except Exception as error:
            traceback.print_exc()
            raise SqlError(8630, f"Internal error of the sandbox: {type(error).__name__}: {error}") from error

    # --- queries ----------------------------------------------------------------------------------

    def _plan(self, statement: Statement, variables: Variables) -> Plan:
        table = self.facts.identity_insert
        return self._compiler.plan(statement.kind, statement.text, self._database.schema, variables.types, table)

    def _select(self, statement: Statement, variables: Variables) -> Outcome:
        plan = self._plan(statement, variables)
        rows = self.connection.read(plan.sql, variables.values)
        if not plan.assigned:
            return Outcome("SELECT", plan.columns, rows, len(rows))
        for name in plan.assigned:
            if name not in variables.types:
                raise no_variable(name)
        if rows:
            variables.values.update(zip(plan.assigned, rows[-1], strict=True))
        return Outcome("SET", count=len(rows))

    def _change(self, statement: Statement, variables: Variables) -> Outcome:
        plan = self._plan(statement, variables)
        rows, count = self.connection.write(plan.sql, variables.values)
        return Outcome(statement.kind, plan.columns, rows, count)

    # --- variables and options --------------------------------------------------------------------

    def _declare(self, statement: Statement, variables: Variables) -> Outcome:
        tree = parse(statement.text)
        if not isinstance(tree, exp.Declare):
            raise syntax("DECLARE")
        for item in tree.expressions:
            name = item.this[0].name.lower()
            variables.types[name] = declared_type(item.args["kind"])
            variables.values[name] = None
            default = item.args.get("default")
            if isinstance(default, exp.Expression):
                self._set_variable(f"@{name} = {default.sql('tsql')}", variables)
        return Outcome("DECLARE")

    def _set(self, statement: Statement, variables: Variables) -> Outcome:
        text = statement.text[3:].strip()
        if text.startswith("@") and not text.startswith("@@"):
            self._set_variable(text, variables)
        else:
            options.apply(text, self.facts)
        return Outcome("SET")

    def _set_variable(self, assignment: str, variables: Variables) -> None:
        name, _, value = assignment.partition("=")
        target = name.strip()[1:].lower()
        if target not in variables.types:
            raise no_variable(target)
        declared = declared_text(variables.types[target])
        inner = Statement("SELECT", f"SELECT @{target} = CAST(({value}) AS {declared})")
        self._select(inner, variables)

    def _use(self, statement: Statement, _variables: Variables) -> Outcome:
        name = statement.text[3:].strip().strip("[]")
        if name.upper() != DATABASE:
            raise no_database(name)
        return Outcome("USE", message=DATABASE)

    def _print(self, statement: Statement, variables: Variables) -> Outcome:
        inner = Statement("SELECT", f"SELECT {statement.text[5:]}")
        rows = self._select(inner, variables).rows
        return Outcome("PRINT", message=str(rows[0][0]))

    def _if(self, statement: Statement, variables: Variables) -> Outcome:
        """`IF condition statement [further statements]`, as drivers send it; no BEGIN … END, no ELSE."""
        condition, rest = batches.split_condition(statement.text)
        probe = Statement("SELECT", f"SELECT CASE WHEN {condition} THEN 1 ELSE 0 END AS x")
        holds = self._select(probe, variables).rows[0][0]
        outcome = Outcome("IF")
        for number, inner in enumerate(batches.split(rest)):
            if number > 0 or holds:
                permissions.check(self.facts.login, inner)
                outcome = self._execute(inner, variables)
        return outcome

    # --- transactions -----------------------------------------------------------------------------

    def begin(self) -> None:
        if self.facts.transactions == 0:
            self.connection.begin()
        self.facts.transactions += 1

    def commit(self) -> None:
        if self.facts.transactions == 0:
            raise SqlError(3902, "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION.")
        self.facts.transactions -= 1
        self.facts.rolled_back = False
        if self.facts.transactions == 0:
            self.connection.commit()

    def rollback(self) -> None:
        self.facts.transactions = 0
        self.facts.rolled_back = True
        self.connection.rollback()

    def _transaction(self, statement: Statement, _variables: Variables) -> Outcome:
        words = statement.text.upper().replace(";", " ").split()
        if words[0] == "BEGIN":
            if len(words) < 2 or words[1] not in ("TRAN", "TRANSACTION"):
                raise unsupported("BEGIN")
            self.begin()
        elif words[0] == "COMMIT":
            self.commit()
        elif words[0] == "ROLLBACK":
            if self.facts.transactions == 0:
                raise SqlError(3903, "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION.")
            self.rollback()
        else:
            raise unsupported("SAVE")
        return Outcome(words[0])

    def managed(self, kind: int, *, begins_again: bool) -> None:
        """A transaction manager request, which drivers of TDS 7.2 and later send in place of statements."""
        name = {5: "BEGIN", 7: "COMMIT", 8: "ROLLBACK"}.get(kind)
        if name is None:
            raise unsupported(f"transaction request {kind}")
        self._journal.record(self.facts.login, name, f"{name} TRANSACTION (by the transaction manager)", seconds=0)
        if kind == 5:
            self.begin()
        elif self.facts.transactions:
            self.commit() if kind == 7 else self.rollback()
        if begins_again:
            self.begin()

    # --- the rest ---------------------------------------------------------------------------------

    def _execute_procedure(self, statement: Statement, _variables: Variables) -> Outcome:
        words = statement.text.split()
        name = words[1].strip("[];,") if len(words) > 1 else ""
        if self.facts.login == permissions.READER:
            raise permission_denied("EXECUTE", name)
        raise no_procedure(name)

    def _schema_change(self, statement: Statement, _variables: Variables) -> Outcome:
        """An upgrade of IDENT that takes a column or a table away: all of DDL that the sandbox knows."""
        options.change_schema(statement.text, self._database)
        return Outcome(statement.kind)

    def close(self) -> None:
        self.connection.close()


def declared_text(kind: SqlType) -> str:
    if kind.family == "text" or kind.name in ("binary", "varbinary"):
        return f"{kind.name}({'max' if kind.length == -1 else kind.length})"
    if kind.name == "decimal":
        return f"decimal({kind.precision},{kind.scale})"
    if kind.name in ("time", "datetime2"):
        return f"{kind.name}({kind.scale})"
    return "nvarchar(max)" if kind.name == "unknown" else kind.name


Handler = Callable[[Interpreter, Statement, Variables], Outcome]
HANDLERS: dict[str, Handler] = {
    "SELECT": Interpreter._select,  # noqa: SLF001  # the class's own table
    **dict.fromkeys(("INSERT", "UPDATE", "DELETE"), Interpreter._change),  # noqa: SLF001  # same
    "DECLARE": Interpreter._declare,  # noqa: SLF001  # same
    "SET": Interpreter._set,  # noqa: SLF001  # same
    "USE": Interpreter._use,  # noqa: SLF001  # same
    "PRINT": Interpreter._print,  # noqa: SLF001  # same
    "IF": Interpreter._if,  # noqa: SLF001  # same
    **dict.fromkeys(("BEGIN", "COMMIT", "ROLLBACK", "SAVE"), Interpreter._transaction),  # noqa: SLF001  # same
    **dict.fromkeys(("EXEC", "EXECUTE"), Interpreter._execute_procedure),  # noqa: SLF001  # same
    **dict.fromkeys(("ALTER", "DROP"), Interpreter._schema_change),  # noqa: SLF001  # same
}
