"""The key of everything that is secret at rest. Lose it, and every clinic has to authorise its account again."""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from priem.errors import AskOperator
from priem.hub.environment import home
from priem.texts import text


class Cipher:
    """Encrypts with the first of its keys and reads with any, so that a key can be replaced while old rows remain."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernets = {key_id(key): Fernet(key) for key in keys}
        self.key_id = key_id(keys[0])
        """What every text that is encrypted from now on begins with."""

    def encrypt(self, plain: str) -> str:
        return f"{self.key_id}:{self._fernets[self.key_id].encrypt(plain.encode()).decode()}"

    def decrypt(self, written: str) -> str:
        """Raises AskOperator when none of the keys has written it."""
        id_, _, token = written.partition(":")
        try:
            return self._fernets[id_].decrypt(token).decode()
        except (KeyError, InvalidToken) as error:
            raise AskOperator(
                text("The stored secrets were encrypted with another key."),
                text("Put back the secret.key that belongs to this database, or name it in PRIEM_SECRET_KEY_FILE."),
            ) from error

    def __repr__(self) -> str:
        return f"Cipher({self.key_id})"


def key_id(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:8]


def cipher() -> Cipher:
    """By PRIEM_SECRET_KEY, or the file that PRIEM_SECRET_KEY_FILE names, or `secret.key` in PRIEM_HOME."""
    return Cipher(keys())


def signing_key() -> str:
    """What Django signs sessions with: another key than the one that encrypts, but made of it."""
    return hmac.new(keys()[0].encode(), b"priem: sessions", hashlib.sha256).hexdigest()


def keys() -> tuple[str, ...]:
    """All keys, the one in force first. Several are separated by commas or line ends."""
    file = os.environ.get("PRIEM_SECRET_KEY_FILE", "")
    written = os.environ.get("PRIEM_SECRET_KEY", "") or key_file(Path(file) if file else home() / "secret.key")
    return tuple(checked(key) for key in written.replace(",", " ").split())


@cache
def key_file(path: Path) -> str:
    """The file's text; a new key is made at first use."""
    if not path.exists():
        make(path)
    return path.read_text()


def make(path: Path) -> None:
    """Two processes may start at once: whoever links the file first has made the key, the other one uses it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(Fernet.generate_key().decode())
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def checked(key: str) -> str:
    try:
        length = len(base64.urlsafe_b64decode(key))
    except ValueError:
        length = 0
    if length != 32:
        raise AskOperator(
            text("The secret key is not 32 bytes in URL-safe base64."),
            text("Make one with `openssl rand -base64 32 | tr '+/' '-_'` and set PRIEM_SECRET_KEY to it."),
        )
    return key
