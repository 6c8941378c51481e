"""The agent's folder: everything that outlives its process. Encrypted, but for the address of the hub."""

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from priem.errors import AskOperator, TryLater
from priem.texts import text

PRIVATE_FOLDER, PRIVATE = 0o700, 0o600


def usual_place() -> Path:
    """PRIEM_AGENT_HOME, else where programs of this machine keep what is theirs."""
    if named := os.environ.get("PRIEM_AGENT_HOME"):
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("PROGRAMDATA", r"C:\ProgramData")) / "Priem" / "agent"
    if os.geteuid() == 0:
        return Path("/var/lib/priem-agent")
    return Path.home() / ".local" / "share" / "priem-agent"


class Folder:
    def __init__(self, path: Path) -> None:
        """Raises OSError where nothing can be written."""
        if not path.exists():
            path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            shut(path)  # before anything is in it
        self.path = path
        self._cipher: Fernet | None = None

    @property
    def cipher(self) -> Fernet:
        """Made at first use. Whoever has this folder has the key: it keeps a copied file or a stolen backup dumb."""
        if self._cipher is None:
            try:
                self._cipher = Fernet(self._key())
            except ValueError as error:
                raise AskOperator(
                    text("The agent's key in {path} is damaged.", path=self.path),
                    text("Enrol the agent anew in an empty folder: reading goes on where it was."),
                ) from error
        return self._cipher

    def _key(self) -> bytes:
        file = self.path / "key"
        if not file.exists():
            draft = self.path / f".key.{secrets.token_hex(4)}"
            write_durably(draft, Fernet.generate_key())
            # Two may begin at once: whoever links first has made the key.
            with contextlib.suppress(FileExistsError):
                os.link(draft, file)
            draft.unlink()
        return file.read_bytes()

    def keep(self, name: str, plain: bytes) -> None:
        """Whole or not at all, whenever the power goes."""
        replace_durably(self.path / name, self.cipher.encrypt(plain))

    def kept(self, name: str) -> bytes | None:
        """None where there is nothing, or what was written with another key."""
        try:
            return self.cipher.decrypt((self.path / name).read_bytes())
        except (FileNotFoundError, InvalidToken):
            return None

    def keep_json(self, name: str, value: object) -> None:
        self.keep(name, json.dumps(value).encode())

    def kept_json(self, name: str) -> Any:  # noqa: ANN401 - JSON
        plain = self.kept(name)
        return json.loads(plain) if plain is not None else None

    def forget(self, name: str) -> None:
        (self.path / name).unlink(missing_ok=True)

    def show(self, name: str, value: object) -> None:
        """For `priem agent status`: readable, without a word about anybody, and no matter if it is lost."""
        draft = self.path / f".{name}.{os.getpid()}"
        draft.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
        draft.replace(self.path / name)

    def shown(self, name: str) -> Any:  # noqa: ANN401 - JSON
        try:
            return json.loads((self.path / name).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None

    def free(self) -> int:
        """Bytes on its disk."""
        return shutil.disk_usage(self.path).free

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """One running agent per folder, however the last one ended. Raises TryLater."""
        with (self.path / "lock").open("w") as file:
            try:
                take(file.fileno())
            except OSError as error:
                raise TryLater(
                    text("An agent runs in {path} already.", path=self.path),
                    text("End that one first, or name another folder with --home."),
                ) from error
            yield


ADMINISTRATORS, SYSTEM, OWNER = "*S-1-5-32-544", "*S-1-5-18", "*S-1-3-4"
"""By their numbers: their names differ from language to language."""


def shutting(folder: Path, *, to_owner: bool) -> tuple[str, ...]:
    """The command that closes a folder of Windows to everybody else: file modes mean nothing there, and what stands in
    ProgramData may be read by all."""
    rights = [f"{who}:(OI)(CI)F" for who in (ADMINISTRATORS, SYSTEM, *((OWNER,) if to_owner else ()))]
    left = () if to_owner else ("/remove:g", OWNER)
    return ("icacls", str(folder), "/inheritance:r", "/grant:r", *rights, *left)


if sys.platform == "win32":  # pragma: no cover - the other half of one idea

    def take(descriptor: int) -> None:
        import msvcrt  # noqa: PLC0415 - Windows alone has it

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def settle(folder: Path) -> None:
        """NTFS writes names down by itself."""

    def shut(folder: Path) -> None:
        done = subprocess.run(shutting(folder, to_owner=True), check=False, capture_output=True)  # noqa: S603 - our words
        if done.returncode:
            raise AskOperator(
                text("The folder {path} cannot be closed to others.", path=folder),
                text("Run this as an administrator, or name another folder with --home."),
            )

    def keep_owner(descriptor: int, folder: Path) -> None:
        """The folder's rights hold for what is in it."""

else:
    import fcntl

    def take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def shut(folder: Path) -> None:
        """Its mode has said it."""

    def keep_owner(descriptor: int, folder: Path) -> None:
        """What root writes belongs to whom the folder belongs: the service is another user, and has to read it."""
        if os.geteuid() == 0:
            owner = folder.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)

    def settle(folder: Path) -> None:
        """Makes sure that the names in it are on the disk."""
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_durably(file: Path, content: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), PRIVATE)
    with os.fdopen(descriptor, "wb") as opened:
        keep_owner(opened.fileno(), file.parent)
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


def replace_durably(file: Path, content: bytes) -> None:
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        write_durably(draft, content)
        draft.replace(file)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    settle(file.parent)
