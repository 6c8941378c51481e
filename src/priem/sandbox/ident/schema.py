"""IDENT's tables, read from schema.sql: for SQLite, for INFORMATION_SCHEMA, and for the names in a query."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from priem.sandbox.ident.types import DATETIME, INT, MAX, ROWVERSION, TINYINT, SqlType, nvarchar

DATABASE = "PZ"
COLLATION = "Cyrillic_General_CI_AS"
SQLITE_COLLATION = "cyrillic"


@dataclass(frozen=True, slots=True)
class SchemaColumn:
    name: str
    type: SqlType
    declared: str = ""
    """The type's name as INFORMATION_SCHEMA shows it."""
    nullable: bool = True
    primary: bool = False
    identity: bool = False
    default: str | None = None
    references: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    columns: tuple[SchemaColumn, ...]
    schema: str = "dbo"
    view: bool = False

    @property
    def stored_as(self) -> str:
        return self.name if self.schema == "dbo" else f"{self.schema}.{self.name}"

    def column(self, name: str) -> SchemaColumn | None:
        return next((c for c in self.columns if c.name.lower() == name.lower()), None)

    @property
    def identity(self) -> SchemaColumn | None:
        return next((c for c in self.columns if c.identity), None)

    @property
    def rowversion(self) -> SchemaColumn | None:
        return next((c for c in self.columns if c.type == ROWVERSION), None)


class Schema:
    """All tables by lower-case `schema.name`. A test may drop a column or a table, as an upgrade of IDENT could."""

    def __init__(self, tables: dict[str, Table]) -> None:
        self._tables = tables

    def find(self, schema: str, name: str) -> Table | None:
        return self._tables.get(f"{schema or 'dbo'}.{name}".lower())

    def own(self) -> Iterator[Table]:
        return (table for table in self._tables.values() if table.schema == "dbo")

    def with_table(self, table: Table) -> "Schema":
        return Schema({**self._tables, f"{table.schema}.{table.name}".lower(): table})

    def without_table(self, table: Table) -> "Schema":
        return Schema({key: kept for key, kept in self._tables.items() if kept is not table})


# --- reading schema.sql ---------------------------------------------------------------------------

CREATE_TABLE = re.compile(r"CREATE TABLE dbo\.(\w+) \((.*?)\);", re.DOTALL)
COLUMN = re.compile(r"(?P<name>\w+)\s+(?P<type>\w+)(?:\((?P<size>[\w,]+)\))?(?P<rest>.*)", re.DOTALL)
REFERENCES = re.compile(r"REFERENCES dbo\.(\w+)\((\w+)\)")
DEFAULT = re.compile(r"DEFAULT (\S+)")


def ident_schema() -> Schema:
    text = resources.files(__package__).joinpath("schema.sql").read_text("utf-8")
    tables = [_table(name, body) for name, body in CREATE_TABLE.findall(text)]
    tables.append(_staffs_view(tables))
    tables += SYSTEM_TABLES
    return Schema({f"{table.schema}.{table.name}".lower(): table for table in tables})


def _table(name: str, body: str) -> Table:
    parts = re.split(r",(?![^(]*\))", body)
    return Table(name, tuple(_column(part.strip()) for part in parts))


def _column(text: str) -> SchemaColumn:
    found = COLUMN.match(text)
    if not found:
        raise ValueError(text)
    rest = found["rest"]
    references = REFERENCES.search(rest)
    default = DEFAULT.search(rest)
    return SchemaColumn(
        name=found["name"],
        type=column_type(found["type"], found["size"]),
        declared=found["type"],
        nullable="NOT NULL" not in rest and "PRIMARY KEY" not in rest,
        primary="PRIMARY KEY" in rest,
        identity="IDENTITY" in rest,
        default=default[1] if default else None,
        references=(references[1], references[2]) if references else None,
    )


def column_type(name: str, size: str | None) -> SqlType:
    if name == "rowversion":
        return ROWVERSION
    if name == "decimal":
        precision, scale = (size or "18,0").split(",")
        return SqlType("decimal", None, int(precision), int(scale))
    if name == "nvarchar":
        return nvarchar(MAX if size == "max" else int(size or 1))
    return SqlType(name, scale=int(size or 0))


def _staffs_view(tables: list[Table]) -> Table:
    by_name = {table.name: table for table in tables}
    persons, staffs = by_name["Persons"], by_name["Staffs"]
    columns = [persons.column(name) for name in ("ID", "Surname", "Name", "Patronymic")] + [staffs.column("Archive")]
    plain = [SchemaColumn(c.name, c.type, c.declared, c.nullable) for c in columns if c]
    return Table("StaffsView", tuple(plain), view=True)


def _system(schema: str, name: str, /, **columns: SqlType) -> Table:
    return Table(name, tuple(SchemaColumn(key, kind) for key, kind in columns.items()), schema=schema)


NAME = nvarchar(128)
SYSTEM_TABLES = [
    _system(
        "INFORMATION_SCHEMA", "TABLES", TABLE_CATALOG=NAME, TABLE_SCHEMA=NAME, TABLE_NAME=NAME, TABLE_TYPE=nvarchar(10)
    ),
    _system(
        "INFORMATION_SCHEMA",
        "COLUMNS",
        TABLE_CATALOG=NAME,
        TABLE_SCHEMA=NAME,
        TABLE_NAME=NAME,
        COLUMN_NAME=NAME,
        ORDINAL_POSITION=INT,
        COLUMN_DEFAULT=nvarchar(4000),
        IS_NULLABLE=nvarchar(3),
        DATA_TYPE=NAME,
        CHARACTER_MAXIMUM_LENGTH=INT,
        NUMERIC_PRECISION=TINYINT,
        NUMERIC_SCALE=INT,
        DATETIME_PRECISION=SqlType("smallint"),
        COLLATION_NAME=NAME,
    ),
    _system(
        "INFORMATION_SCHEMA",
        "TABLE_CONSTRAINTS",
        CONSTRAINT_SCHEMA=NAME,
        CONSTRAINT_NAME=NAME,
        TABLE_SCHEMA=NAME,
        TABLE_NAME=NAME,
        CONSTRAINT_TYPE=nvarchar(11),
    ),
    _system(
        "INFORMATION_SCHEMA",
        "KEY_COLUMN_USAGE",
        CONSTRAINT_SCHEMA=NAME,
        CONSTRAINT_NAME=NAME,
        TABLE_SCHEMA=NAME,
        TABLE_NAME=NAME,
        COLUMN_NAME=NAME,
        ORDINAL_POSITION=INT,
    ),
    _system(
        "INFORMATION_SCHEMA",
        "REFERENTIAL_CONSTRAINTS",
        CONSTRAINT_SCHEMA=NAME,
        CONSTRAINT_NAME=NAME,
        UNIQUE_CONSTRAINT_SCHEMA=NAME,
        UNIQUE_CONSTRAINT_NAME=NAME,
    ),
    _system(
        "sys",
        "databases",
        name=NAME,
        database_id=INT,
        create_date=DATETIME,
        compatibility_level=TINYINT,
        collation_name=NAME,
        state=TINYINT,
        state_desc=nvarchar(60),
        user_access_desc=nvarchar(60),
        is_read_only=SqlType("bit"),
        snapshot_isolation_state=TINYINT,
        is_read_committed_snapshot_on=SqlType("bit"),
        recovery_model_desc=nvarchar(60),
    ),
]


# --- SQLite ---------------------------------------------------------------------------------------

STORAGE = {"integer": "INTEGER", "number": "REAL", "text": "TEXT", "moment": "TEXT", "binary": "BLOB"}

INDEXES = (
    # Those on times of change and on foreign keys are a guess, as everything about the vendor's indexes is.
    ("Receptions", "RowVersion"),
    ("Receptions", "DateTimeChanged, ID"),
    ("Receptions", "PlanStart"),
    ("Receptions", "ID_Patients"),
    ("Receptions", "ID_ReceptionsTransferFrom"),
    ("Persons", "DateTimeChanged, ID"),
    ("Persons", "DateTimeAdded, ID"),
    ("Patients", "DateTimeChanged, ID_Persons"),
    ("CurrentTimeTable", "RowVersion"),
    ("CurrentTimeTable", "ID_Receptions"),
    ("CurrentTimeTable", "DateOfWork, ID_Armchairs, ID_Times"),
    ("Orders", "DateTimeChanged, ID"),
    ("Orders", "DateTimeAdded, ID"),
    ("Orders", "ID_Receptions"),
    ("Orders", "ID_Patients"),
    ("OrderServiceRelation", "DateTimeChanged, ID"),
    ("OrderServiceRelation", "DateTimeAdded, ID"),
    ("OrderServiceRelation", "ID_Orders"),
    ("OrderServiceRelation", "ID_TreatmentPlanElementRelations"),
    ("TreatmentPlans", "ID_Patients"),
    ("TreatmentPlanElementRelations", "ID_TreatmentPlans"),
    ("PaymentsIn", "ID_Patients"),
    ("PaymentsIn", "DateTimeChanged, ID"),
    ("PaymentsIn", "DateTimeAdded, ID"),
    ("Items", "ID_Staffs"),
    ("ServiceItemPrices", "ID_ServiceItems"),
    ("OnlineTickets", "SourceProviderUid"),
    ("OnlineTickets", "RowVersion"),
)


def sqlite_tables(schema: Schema) -> Iterator[str]:
    for table in schema.own():
        if not table.view:
            columns = ", ".join(_sqlite_column(column) for column in table.columns)
            yield f"CREATE TABLE [{table.name}] ({columns})"
    yield (
        "CREATE VIEW [StaffsView] AS SELECT s.[ID_Persons] AS [ID], p.[Surname], p.[Name], p.[Patronymic], s.[Archive] "
        "FROM [Staffs] s JOIN [Persons] p ON p.[ID] = s.[ID_Persons]"
    )
    for system in SYSTEM_TABLES:
        columns = ", ".join(_sqlite_column(column) for column in system.columns)
        yield f"CREATE TABLE [{system.stored_as}] ({columns})"


def sqlite_indexes() -> Iterator[str]:
    """Apart from the tables, since a seeded table is indexed faster than an indexed one is seeded."""
    for number, (table, columns) in enumerate(INDEXES):
        yield f"CREATE INDEX [IX_{table}_{number}] ON [{table}] ({columns})"


def _sqlite_column(column: SchemaColumn) -> str:
    text = f"[{column.name}] {STORAGE[column.type.family]}"
    if column.primary:
        text += " PRIMARY KEY"
    if not column.nullable:
        text += " NOT NULL"
    if column.type.family == "text":
        text += f" COLLATE {SQLITE_COLLATION}"
        if column.type.length != MAX:
            text += f" CONSTRAINT [truncated] CHECK (length([{column.name}]) <= {column.type.length})"
    if column.references:
        text += f" REFERENCES [{column.references[0]}] ([{column.references[1]}])"
    if column.default is not None and column.default.isdigit():
        text += f" DEFAULT {column.default}"
    return text


# --- INFORMATION_SCHEMA ---------------------------------------------------------------------------


def described_tables(schema: Schema) -> Iterator[tuple[object, ...]]:
    for table in schema.own():
        yield DATABASE, "dbo", table.name, "VIEW" if table.view else "BASE TABLE"


def described_columns(schema: Schema) -> Iterator[tuple[object, ...]]:
    for table in schema.own():
        for ordinal, column in enumerate(table.columns, start=1):
            yield (DATABASE, "dbo", table.name, column.name, ordinal, *_description(column))


PRECISION = {"tinyint": (3, 0), "smallint": (5, 0), "int": (10, 0), "bigint": (19, 0)}


def _description(column: SchemaColumn) -> tuple[object, ...]:
    kind = column.type
    default = f"({column.default.lower()})" if column.default else None
    text = kind.family == "text"
    precision, scale = PRECISION.get(
        kind.name, (kind.precision, kind.scale) if kind.name == "decimal" else (None, None)
    )
    moment = {"date": 0, "time": kind.scale, "datetime": 3}.get(kind.name)
    name = "timestamp" if kind == ROWVERSION else kind.name
    nullable = "YES" if column.nullable else "NO"
    return default, nullable, name, kind.length if text else None, precision, scale, moment, COLLATION if text else None


def keys(schema: Schema) -> Iterator[tuple[str, Table, SchemaColumn]]:
    """Every constraint's name, with its table and its one column."""
    for table in schema.own():
        for column in table.columns:
            if column.primary:
                yield f"PK_{table.name}", table, column
            if column.references:
                yield f"FK_{table.name}_{column.name}", table, column


def described_constraints(schema: Schema) -> Iterator[tuple[object, ...]]:
    for name, table, _ in keys(schema):
        yield "dbo", name, "dbo", table.name, "PRIMARY KEY" if name.startswith("PK_") else "FOREIGN KEY"


def described_keys(schema: Schema) -> Iterator[tuple[object, ...]]:
    for name, table, column in keys(schema):
        yield "dbo", name, "dbo", table.name, column.name, 1


def described_references(schema: Schema) -> Iterator[tuple[object, ...]]:
    for name, _, column in keys(schema):
        if column.references and name.startswith("FK_"):
            yield "dbo", name, "dbo", f"PK_{column.references[0]}"


def described_databases(level: int) -> Iterator[tuple[object, ...]]:
    for number, name in ((1, "master"), (2, "tempdb"), (5, DATABASE)):
        created = "2003-04-08 09:13:36.390" if number < 5 else "2019-06-03 11:20:07.413"
        yield name, number, created, level, COLLATION, 0, "ONLINE", "MULTI_USER", 0, 0, 0, "SIMPLE"
