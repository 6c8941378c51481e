import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.db import connection

from priem.errors import AskOperator
from priem.hub import keys
from priem.hub.keys import Cipher, cipher
from priem.hub.models import Clinic
from priem.hub.secrets import Secret


def test_the_key_file_is_made_once_and_for_its_owner_only(home: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(keys.make, [home / "secret.key"] * 8))
    made = home / "secret.key"
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == ["secret.key"]
    before = made.read_text()
    keys.make(made)
    assert made.read_text() == before


def test_a_secret_is_ciphertext_in_its_column_and_says_nothing_of_itself(clinic: Clinic) -> None:
    Clinic.objects.filter(pk=clinic.pk).update(client_secret="open sesame")
    with connection.cursor() as cursor:
        cursor.execute("SELECT client_secret FROM hub_clinic")
        (written,) = cursor.fetchone()
    assert written.startswith(f"{cipher().key_id}:")
    assert "sesame" not in written
    clinic.refresh_from_db()
    assert clinic.client_secret == Secret("open sesame")
    assert clinic.client_secret.reveal() == "open sesame"
    assert "sesame" not in f"{clinic.client_secret} {clinic.client_secret!r} {[clinic.client_secret]}"


def test_none_is_told_from_some(clinic: Clinic) -> None:
    clinic.refresh_from_db()
    assert not clinic.client_secret


def test_a_new_key_reads_what_the_old_one_wrote(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    written = Cipher([old]).encrypt("open sesame")
    monkeypatch.setenv("PRIEM_SECRET_KEY", f"{new},{old}")
    assert cipher().decrypt(written) == "open sesame"
    assert cipher().encrypt("x").startswith(Cipher([new]).key_id)


def test_another_key_is_told_to_a_person() -> None:
    written = Cipher([Fernet.generate_key().decode()]).encrypt("open sesame")
    with pytest.raises(AskOperator, match="another key"):
        cipher().decrypt(written)


@pytest.mark.parametrize("key", ["short", "not base64 at all, but long enough to be a key", "ё" * 43])
def test_a_key_that_is_none_is_told_to_a_person(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIEM_SECRET_KEY", key)
    with pytest.raises(AskOperator):
        cipher()


def test_the_key_may_lie_in_a_file_of_its_own(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = home / "elsewhere" / "key"
    file.parent.mkdir()
    file.write_text(Fernet.generate_key().decode() + "\n")
    monkeypatch.setenv("PRIEM_SECRET_KEY_FILE", str(file))
    assert cipher().key_id == Cipher([file.read_text().strip()]).key_id
    assert not (home / "secret.key").exists()
