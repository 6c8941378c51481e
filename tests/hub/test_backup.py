"""A copy that is made while the hub works, and the way back."""

import os
import sqlite3
from pathlib import Path

import pytest

from tests.warm import new_home, ran

pytestmark = pytest.mark.slow

SETUP = """
from priem.hub.start import setup
setup()
from priem.hub.clinics import *
from priem.hub.tokens import DjangoTokens
from priem.ports import Tokens
"""
FILLED = """
id_ = save_clinic(ClinicData(slug="smile", name="Улыбка"))
tokens = DjangoTokens(id_)
with tokens.renewing():
    tokens.save(Tokens(access="access-token-1"))
"""


def hub(home: Path, *command: str, code: str = "") -> str:
    """Runs `priem …`, or code with the hub set up; gives what it said, errors included."""
    program = ["-c", SETUP + code] if code else ["-m", "priem.cli", *command]
    environment = {**os.environ, "PRIEM_HOME": str(home), "DATABASE_URL": "", "PRIEM_LANGUAGE": "en"}
    done = ran(program, env=environment)
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The home of a hub with a clinic, and its copy."""
    home = new_home(tmp_path_factory.mktemp("hub"))
    hub(home, code=FILLED)
    copy = home.parent / "copy.sqlite3"
    said = hub(home, "backup", str(copy))
    assert "The key is not in it" in said, said
    return home, copy


def test_a_folder_is_no_name_for_a_copy(copied: tuple[Path, Path]) -> None:
    assert "/ is a folder." in hub(copied[0], "backup", "/")


def test_a_copy_brings_back_what_was_there(copied: tuple[Path, Path]) -> None:
    home, copy = copied
    hub(home, code='save_clinic(ClinicData(slug="later", name="Позже"))')

    said = hub(home, "restore", str(copy))

    assert "clinics: 1" in said, said
    assert "key opens the copy's secrets" in said
    assert hub(home, code="print([c.slug for c in list_clinics()])").strip() == "['smile']"
    [before] = home.glob("db.sqlite3.before-*")
    with sqlite3.connect(before) as kept:
        assert kept.execute("SELECT count(*) FROM hub_clinic").fetchone() == (2,)
    kept.close()


def test_a_copy_holds_no_secret_and_is_for_its_owners_eyes(copied: tuple[Path, Path]) -> None:
    _, copy = copied
    assert b"access-token-1" not in copy.read_bytes()
    assert copy.stat().st_mode & 0o077 == 0


def test_the_database_is_for_its_owners_eyes_whoever_made_its_folder(copied: tuple[Path, Path]) -> None:
    assert (copied[0] / "db.sqlite3").stat().st_mode & 0o077 == 0


def test_in_another_hub_it_is_said_that_the_key_does_not_fit(copied: tuple[Path, Path], tmp_path: Path) -> None:
    said = hub(tmp_path, "restore", str(copied[1]))
    assert "does not open the copy's secrets" in said, said


def test_what_is_no_copy_is_refused_and_changes_nothing(copied: tuple[Path, Path], tmp_path: Path) -> None:
    home, copy = copied
    junk, foreign, damaged = (tmp_path / name for name in ("junk", "foreign", "damaged"))
    junk.write_text("no database at all")
    with sqlite3.connect(foreign) as other:
        other.execute("CREATE TABLE something (x)")
    other.close()
    written = copy.read_bytes()
    damaged.write_bytes(written[: len(written) // 2])
    for path in (junk, foreign, damaged, tmp_path / "missing"):
        assert "✗" in hub(home, "restore", str(path)), path
    assert hub(home, code="print([c.slug for c in list_clinics()])").strip() == "['smile']"


HELD = ('DjangoStore(load_clinic("smile").id).exclusively()', "serving()")
"""A pass; a hub's pages."""


@pytest.mark.parametrize("held", HELD)
def test_nothing_is_restored_under_a_running_pass_or_hub(copied: tuple[Path, Path], held: str) -> None:
    home, copy = copied
    code = f"""
import subprocess, sys
from priem.hub.store import DjangoStore
from priem.hub.locks import serving
with {held}:
    subprocess.run([sys.executable, "-m", "priem.cli", "restore", {str(copy)!r}])
"""
    assert "Somebody is working with the database" in hub(home, code=code)
