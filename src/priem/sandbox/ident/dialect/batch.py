"""A batch cut into statements. T-SQL needs no semicolons: a statement ends where the next one's first word stands."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType

from priem.sandbox.ident.dialect.parse import TransactSql
from priem.sandbox.ident.dialect.reserved import reserved_name
from priem.sandbox.ident.errors import SqlError, keyword, syntax

LEADERS = frozenset(
    [
        "SELECT",
        "INSERT",
        "UPDATE",
        "DELETE",
        "MERGE",
        "SET",
        "DECLARE",
        "EXEC",
        "EXECUTE",
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "SAVE",
        "USE",
        "PRINT",
        "CREATE",
        "DROP",
        "ALTER",
        "TRUNCATE",
        "GRANT",
        "DENY",
        "REVOKE",
        "IF",
        "BACKUP",
        "RESTORE",
        "KILL",
        "WAITFOR",
        "RAISERROR",
        "RETURN",
        "BULK",
        "DBCC",
        "SHUTDOWN",
    ]
)
JOINED = frozenset(("UNION", "ALL", "EXCEPT", "INTERSECT", "AS", "FOR", "EXISTS"))
CHANGES = frozenset(("INSERT", "UPDATE", "DELETE", "MERGE"))


@dataclass(frozen=True, slots=True)
class Statement:
    kind: str
    """The first word, upper case; for a WITH the word after its list; for a SELECT … INTO, `SELECT INTO`."""
    text: str


def split(batch: str) -> list[Statement]:
    try:
        tokens = TransactSql().tokenize(batch)
    except TokenError as error:
        raise SqlError(105, "Unclosed quotation mark after the character string.", severity=15) from error
    return [_statement(batch, part) for part in _parts(tokens)]


def _parts(tokens: list[Token]) -> Iterator[list[Token]]:
    part: list[Token] = []
    depth = 0
    for token in tokens:
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(token.token_type, 0)
        if token.token_type == TokenType.SEMICOLON or (depth == 0 and part and _begins(token, part)):
            if part:
                yield part
            part = []
        if token.token_type != TokenType.SEMICOLON:
            part.append(token)
    if part:
        yield part


def _begins(token: Token, part: list[Token]) -> bool:
    """Whether a new statement begins with this word, seen what the current one has so far."""
    word = _word(token)
    if word not in LEADERS or part[-1].token_type == TokenType.DOT:
        return False
    words = [_word(seen) for seen in part]
    if words[0] == "IF":
        return False
    return not _continues(word, words)


def _continues(word: str, words: list[str]) -> bool:
    last = words[-1]
    first = words[0]
    if first in ("CREATE", "ALTER", "GRANT", "DENY", "REVOKE", "DROP"):
        return word != "USE"
    if word == "SET":
        return first in ("UPDATE", "WITH", "MERGE") and "SET" not in words
    if word in CHANGES or word == "SELECT":
        if first == "WITH" and not (CHANGES | {"SELECT"}) & set(_outer(words)):
            return True
        if last in JOINED:
            return True
        return word == "SELECT" and first == "INSERT" and "SELECT" not in words and "VALUES" not in words
    return word in ("EXEC", "EXECUTE") and first == "INSERT" and "VALUES" not in words


def _outer(words: list[str]) -> Iterator[str]:
    depth = 0
    for word in words:
        depth += {"(": 1, ")": -1}.get(word, 0)
        if depth == 0:
            yield word


def _word(token: Token) -> str:
    quoted = token.token_type in (TokenType.STRING, TokenType.IDENTIFIER, TokenType.NATIONAL_STRING)
    return "" if quoted else token.text.upper()


def _statement(batch: str, part: list[Token]) -> Statement:
    words = [_word(token) for token in part]
    if "LIMIT" in words:
        raise syntax("LIMIT")
    if reserved := reserved_name(words):
        raise keyword(reserved)
    kind = words[0]
    outer = list(_outer(words))
    if kind == "WITH":
        kind = next((word for word in outer if word in CHANGES or word == "SELECT"), "WITH")
    if kind == "SELECT" and "INTO" in outer:
        kind = "SELECT INTO"
    return Statement(kind, batch[_start(part[0], batch) : part[-1].end + 1])


def _start(token: Token, batch: str) -> int:
    """A bracketed or quoted token begins before its text; first words are bare, so this is exact for them."""
    return max(0, min(token.start, len(batch)))


def split_condition(text: str) -> tuple[str, str]:
    """`IF condition statement` → (condition, statement)."""
    depth = 0
    for token in TransactSql().tokenize(text)[1:]:
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(token.token_type, 0)
        if depth == 0 and _word(token) in LEADERS:
            return text[2 : token.start], text[token.start :]
    raise syntax("IF")
