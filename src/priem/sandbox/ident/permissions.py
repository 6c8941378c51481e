"""What each login may do. `readonly_user` is in db_datareader, and everything else is denied to it."""

import re
from dataclasses import dataclass, field

from priem.sandbox.ident import ntlm
from priem.sandbox.ident.dialect.batch import LEADERS, Statement
from priem.sandbox.ident.errors import create_denied, permission_denied

READER = "readonly_user"
STAFF = "clinic"
ALLOWED = frozenset(("SELECT", "SET", "DECLARE", "USE", "IF", "PRINT", "BEGIN", "COMMIT", "ROLLBACK", "SAVE"))
DENIED = (LEADERS | {"SELECT INTO"}) - ALLOWED
"""What is neither here nor there is no statement at all, and a syntax error for everybody."""
CREATES = re.compile(r"(CREATE|BACKUP)\s+(\w+)", re.IGNORECASE)
TARGET = re.compile(r"(?:INTO|UPDATE|FROM|TABLE|VIEW|EXEC|EXECUTE|MERGE)\s+(?:\[?\w+\]?\.)*\[?(\w+)\]?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Logins:
    passwords: dict[str, str] = field(repr=False)

    def accepted(self, user: str, password: str) -> bool:
        return self.passwords.get(user.lower()) == password

    def proven(self, proof: ntlm.Proof | None, challenge: bytes) -> str:
        """The login of a Windows account, which is called as the login is; empty when its password is another one."""
        user = proof.user.lower() if proof and proof.domain.upper() == ntlm.DOMAIN else ""
        password = self.passwords.get(user)
        return user if proof and password is not None and ntlm.proves(proof, password, challenge) else ""


def check(login: str, statement: Statement) -> None:
    """Raises 229, or 262 for what would create something."""
    if login != READER or statement.kind not in DENIED:
        return
    creates = CREATES.match(statement.text)
    if creates:
        raise create_denied(f"{creates[1]} {creates[2]}".upper())
    if statement.kind == "SELECT INTO":
        raise create_denied("CREATE TABLE")
    target = TARGET.search(statement.text)
    permission = {"EXEC": "EXECUTE", "TRUNCATE": "ALTER", "DROP": "ALTER"}.get(statement.kind, statement.kind)
    raise permission_denied(permission, target[1] if target else "PZ")
