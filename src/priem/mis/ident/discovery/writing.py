"""A profile for an unknown database: the built-in one, with other names in it."""

from collections.abc import Mapping, Sequence

from priem.mis.ident.discovery.described import Described, quoted
from priem.mis.ident.discovery.matching import LINE, Guess
from priem.mis.ident.profile import FOLDER, HEADER, MAY_LACK, Profile, Statement, load
from priem.mis.ident.statements import columns, tables, tokens
from priem.texts import reader_language

BASE = "ident-2604"
NULLS: Mapping[str, str] = {
    **dict.fromkeys(("MobilePhone", "Phone", "Patronymic", "Surname", "Name", "Birthday"), "nvarchar(255)"),
    **dict.fromkeys(
        ("BranchName", "NameArmchair", "NameProfession", "Comment", "Email", "CardNumber", "SourceProviderUid"),
        "nvarchar(255)",
    ),
    "ParentSNP": "nvarchar(300)",
    "RowVersion": "binary(8)",
    "FirstVisit": "date",
    "TeethLong": "bigint",
    **dict.fromkeys(("IsNotified", "IsBillFormed", "IsWorkingTime", "IsTrash"), "bit"),
    **dict.fromkeys(("CountService", "DiscountSum", "Price", "Debt"), "decimal(20,10)"),
}
"""Of which type the NULL is that stands for a column nobody has found; moments for the rest, whole numbers for ids."""


def profile_text(guesses: Sequence[Guess], described: Described) -> str:
    """The file. Statements of which a table was not found stay as they are, where reading can do without them."""
    found = {guess.wanted.name: guess for guess in guesses}
    profile = load(BASE)
    parts = [HEAD.format(line=LINE)]
    for name, statement in profile.statements.items():
        written = rewritten(statement, found, described)
        if written is None and name in MAY_LACK:
            continue
        parts.append(f"\n-- name: {name}\n{written or untouched(name)}")
    return "\n".join(parts) + "\n"


HEAD = """\
-- Proposed by `priem discover`. Look at every line before you use it; those marked with ? above all.
-- The figure is the confidence, 0 to 1; below {line} a person has to decide. NULL: nothing was found.
-- Предложено командой `priem discover`. Просмотрите каждую строку; помеченные ? — прежде всего."""


def rewritten(statement: Statement, found: Mapping[tuple[str, str], Guess], described: Described) -> str | None:
    """None when one of its tables is not known."""
    known = tables(statement.sql)
    taken = {guess.wanted.table: guess.table for guess in found.values() if not guess.via}
    if any(table not in taken for table in known.values()):
        return None
    read = [(alias, known[alias], column) for alias, column in columns(statement.sql)]
    notes = [note(alias, column, found.get((table, column))) for alias, table, column in read]
    return "\n".join([*notes, with_names(statement.sql, known, taken, found, described)])


def note(alias: str, column: str, guess: Guess | None) -> str:
    if guess is None:
        return f"-- ? {alias}.{column}: NULL"
    mark = " " if guess.is_sure else "?"
    said = " ".join(piece.read(reader_language()) for piece in guess.evidence)
    return f"-- {mark} {guess.confidence:.2f} {alias}.{column}: {guess.table}.{guess.column}. {said}"


def with_names(
    sql: str,
    known: Mapping[str, str],
    taken: Mapping[str, str],
    found: Mapping[tuple[str, str], Guess],
    described: Described,
) -> str:
    """From the end to the beginning, so that places stay what they are."""
    parts = list(tokens(sql))
    for first, dot, last in reversed(list(zip(parts, parts[1:], parts[2:], strict=False))):
        if dot.text != ".":
            continue
        if first.name in known:
            new = column_text(first.text, known[first.name], last.text, found, described)
        elif first.name == "dbo":
            new = described.tables[taken[last.text]].path
        else:
            continue
        sql = sql[: first.at] + new + sql[last.at + len(last.text) :]
    return laid_out(sql)


def column_text(
    alias: str, table: str, column: str, found: Mapping[tuple[str, str], Guess], described: Described
) -> str:
    guess = found.get((table, column))
    if guess is None:
        return f"CAST(NULL AS {null_type(column)})"
    if not guess.via:
        return f"{alias}.{quoted(guess.column)}"
    owner = found[table, "ID"].column
    # Two numbers at most: the built-in profile has no place for more.
    pick = "MIN" if column == "MobilePhone" else "MAX"
    where = f"phone.{quoted(guess.via)} = {alias}.{quoted(owner)}"
    path = described.tables[guess.table].path
    return f"(SELECT {pick}(phone.{quoted(guess.column)}) FROM {path} AS phone WHERE {where})"  # noqa: S608 - quoted


def null_type(column: str) -> str:
    return NULLS.get(column, "int" if column.startswith("ID") else "datetime")


def laid_out(sql: str) -> str:
    """A column a line, as in the built-in profile."""
    parts, depth, lines, start = list(tokens(sql)), 0, [], 0
    for token in parts:
        depth += (token.text == "(") - (token.text == ")")
        breaks = token.text == "," and depth == 0
        begins = token.depth == 0 and token.word in ("FROM", "JOIN", "LEFT", "WHERE") and token.at > start
        if breaks:
            lines.append(sql[start : token.at + 1].strip())
            start = token.at + 1
        elif begins and sql[start : token.at].strip() not in ("", "LEFT"):
            lines.append(sql[start : token.at].strip())
            start = token.at
    lines.append(sql[start:].strip())
    return "\n".join(
        line if line.split()[0] in ("SELECT", "FROM", "JOIN", "LEFT", "WHERE") else f"       {line}" for line in lines
    )


def untouched(name: str) -> str:
    _, *parts = HEADER.split((FOLDER / f"{BASE}.sql").read_text(encoding="utf-8"))
    return dict(zip(parts[::2], parts[1::2], strict=True))[name].strip()


def lacking(guesses: Sequence[Guess], profile: Profile) -> list[str]:
    """Names of statements that reading cannot do without, and of which a table was not found."""
    taken = {guess.wanted.table for guess in guesses if not guess.via}
    return [
        name
        for name, statement in profile.statements.items()
        if not statement.is_optional and not set(tables(statement.sql).values()) <= taken
    ]
