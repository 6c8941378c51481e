"""T-SQL as far as Priem has to understand it: that a text only reads, and which columns it reads."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from priem.errors import AskOperator
from priem.texts import text

TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*)
      | (?P<comment>/\*)
      | (?P<string>N?'(?:[^']|'')*')
      | (?P<quoted>\[(?:[^\]]|\]\])*\]|"(?:[^"]|"")*")
      | (?P<word>[\w@\#$]+)
      | (?P<mark>.)""",
    re.VERBOSE | re.DOTALL,
)
NOTHING = re.compile(
    r"^(NULL|(TRY_)?CAST \( NULL AS [^()]+(\( [\w, ]+ \) )?\)|(TRY_)?CONVERT \( \w+ (\( [\w, ]+ \) )?, NULL \))$"
)
"""What stands before AS Name where there is nothing, with a space between all tokens."""
COMMENT_EDGE = re.compile(r"/\*|\*/")
FORBIDDEN = frozenset(
    # A word each, without a list's quotes and commas.
    """INSERT UPDATE DELETE MERGE INTO EXEC EXECUTE CREATE ALTER DROP TRUNCATE GRANT REVOKE DENY BACKUP RESTORE DBCC
    KILL SHUTDOWN RECONFIGURE BULK OPENROWSET OPENQUERY OPENDATASOURCE OPENXML WRITETEXT UPDATETEXT SET DECLARE USE
    WAITFOR     BEGIN COMMIT ROLLBACK SAVE LOCK_ESCALATION TABLOCK TABLOCKX PAGLOCK XLOCK UPDLOCK HOLDLOCK SERIALIZABLE
    REPEATABLEREAD GO""".split()  # noqa: SIM905 - forty words read better so
)
"""T-SQL needs no semicolon between statements, so `SELECT 1 DROP TABLE t` is two of them: every word counts, not the
first one alone. The lock hints would make a SELECT hold locks in the clinic's database."""
NOT_CLOSED = frozenset({";", "'", '"', "[", "]", "/*"})
SET_OPERATORS = frozenset({"UNION", "ALL", "EXCEPT", "INTERSECT"})


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    depth: int
    """How many parentheses it stands in."""
    at: int

    @property
    def word(self) -> str:
        """In capitals when it may be a keyword, else empty."""
        return self.text.upper() if self.kind == "word" else ""

    @property
    def name(self) -> str:
        """As an identifier, in lower case, without its brackets."""
        return self.plain.lower()

    @property
    def plain(self) -> str:
        """As the database has it: `[a]]b]` is called a]b."""
        if self.kind != "quoted":
            return self.text
        return self.text[1:-1].replace(self.text[-1] * 2, self.text[-1])


def tokens(sql: str) -> Iterator[Token]:
    """All but spaces and comments, which nest. What is opened and not closed (a quote, a bracket, a comment) is a mark
    of its own."""
    at = depth = 0
    while at < len(sql):
        match = TOKEN.match(sql, at)
        assert match is not None, "the last alternative takes any character"  # noqa: S101 - states why it cannot fail
        kind, start, at = match.lastgroup or "", at, match.end()
        if kind == "comment":
            at = end_of_comment(sql, start)
            if at > len(sql):
                yield Token("mark", match[0], depth, start)
        elif kind != "space":
            depth -= match[0] == ")"
            yield Token(kind, match[0], depth, start)
            depth += match[0] == "("


def end_of_comment(sql: str, start: int) -> int:
    depth = 0
    for edge in COMMENT_EDGE.finditer(sql, start):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    return len(sql) + 1


@lru_cache(maxsize=256)
def require_reading(sql: str, name: str) -> None:
    """Raises AskOperator unless the text is one SELECT (or WITH … SELECT) that changes and locks nothing."""
    found = list(tokens(sql))
    if not found or found[0].word not in ("SELECT", "WITH"):
        raise refused(name, "SELECT")
    for token in found:
        if token.word in FORBIDDEN or token.text in NOT_CLOSED:
            raise refused(name, token.text)
    if found[-1].depth != 0 or min(token.depth for token in found) < 0:
        raise refused(name, "()")
    if extra_select(found):
        raise refused(name, "SELECT … SELECT")


def refused(name: str, why: str) -> AskOperator:
    return AskOperator(
        text("The statement {name} of the profile is not sent: {why}.", name=name, why=why),
        text("A statement is one SELECT, or WITH and a SELECT, without a semicolon; it changes and locks nothing."),
    )


def extra_select(found: list[Token]) -> bool:
    """Is there a second statement, told from the first by nothing but its SELECT?"""
    opening = main_select(found)
    return any(
        token.word == "SELECT" and token.depth == 0 and found[place - 1].word not in SET_OPERATORS
        for place, token in enumerate(found)
        if place > opening
    )


def main_select(found: list[Token]) -> int:
    """The place of the SELECT whose columns come out: the first one outside all parentheses."""
    return next((place for place, token in enumerate(found) if token.word == "SELECT" and token.depth == 0), len(found))


def aliases(sql: str) -> tuple[str, ...]:
    """The names of the columns that come out, each written as `… AS Name`."""
    found = list(tokens(sql))
    opening = main_select(found)
    named = []
    for before, token in zip(found[opening:], found[opening + 1 :], strict=False):
        if token.word == "FROM" and token.depth == 0:
            break
        if before.word == "AS" and before.depth == 0:
            named.append(token.plain)
    return tuple(named)


@lru_cache(maxsize=256)
def nothings(sql: str) -> frozenset[str]:
    """The names of the columns that are a NULL in every row, written so, in lower case."""
    found = list(tokens(sql))
    expression: list[str] = []
    empty = set()
    for token in found[main_select(found) + 1 :]:
        if token.word == "FROM" and token.depth == 0:
            break
        if expression[-1:] == ["AS"] and token.depth == 0 and NOTHING.match(" ".join(expression[:-1])):
            empty.add(token.name)
        expression = [] if token.text == "," and token.depth == 0 else [*expression, token.word or token.text]
    return frozenset(empty)


def tables(sql: str) -> dict[str, str]:
    """The tables that it reads: by what they are called inside the statement, in lower case → their name."""
    return {alias or path[-1].name: path[-1].plain for path, alias in named_tables(sql)}


def schemas(sql: str) -> set[str]:
    """Where these tables are, in lower case; `dbo` where the statement does not say."""
    return {path[-2].name if len(path) > 1 else "dbo" for path, _ in named_tables(sql)}


def path_of_first(sql: str) -> str:
    """The first table that it reads, with its schema, as it is written."""
    return next((".".join(token.text for token in path) for path, _ in named_tables(sql)), "")


def named_tables(sql: str) -> Iterator[tuple[list[Token], str]]:
    """Each table's name, part by part, and what it is called inside the statement. Not those that its WITH makes."""
    found = list(tokens(sql))
    made = made_by_with(found)
    for place, token in enumerate(found):
        if token.word not in ("FROM", "JOIN") or place + 1 == len(found) or found[place + 1].text == "(":
            continue
        path = [found[place + 1]]
        while following(found, place + 2 * len(path)).text == ".":
            path.append(found[place + 2 * len(path) + 1])
        alias = following(found, place + 2 * len(path))
        if alias.word == "AS":
            alias = following(found, place + 2 * len(path) + 1)
        if len(path) > 1 or path[0].name not in made:
            yield path, alias.name


def made_by_with(found: list[Token]) -> set[str]:
    opening = found[: main_select(found)]
    return {
        token.name
        for token in opening
        if token.depth == 0 and token.kind in ("word", "quoted") and token.word not in ("WITH", "AS")
    }


def following(found: list[Token], place: int) -> Token:
    return found[place] if place < len(found) else Token("mark", "", 0, 0)


def columns(sql: str) -> tuple[tuple[str, str], ...]:
    """The columns that it reads, as (alias, column), once each. Profiles write every column as `alias.Column`."""
    known = tables(sql)
    found = list(tokens(sql))
    pairs = (
        (first.name, column.plain)
        for first, dot, column in zip(found, found[1:], found[2:], strict=False)
        if dot.text == "." and first.name in known
    )
    return tuple(dict.fromkeys(pairs))
