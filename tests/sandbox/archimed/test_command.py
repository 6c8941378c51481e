"""The command: one line on stdout, and a quiet end."""

import json
import signal
import socket
import subprocess
import sys
import time

import httpx2
import jwt
import pytest
from typer.testing import CliRunner

from priem.cli.app import app
from priem.sandbox.archimed.command import read_settings

pytestmark = pytest.mark.slow


def test_one_line_tells_all_that_a_client_needs() -> None:
    command = [sys.executable, "-m", "priem.sandbox.archimed", "--branches", "2", "--patients", "5", "--visits", "0"]
    with subprocess.Popen([*command, "--live", "50"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        about = json.loads(process.stdout.readline())
        branch = about["branches"][1]
        token = jwt.encode({"iss": branch["api_id"], "exp": int(time.time()) + 60}, branch["secret"], "HS256")
        found = httpx2.get(f"{about['v5']}medcards", headers={"Authorization": f"Bearer {token}"}).json()
        assert int(found["total"]) >= 5
        assert httpx2.get(f"{about['control']}/state?only=live").json()["live"]["running"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        assert process.stdout.read() == ""


@pytest.mark.parametrize(("asked", "said"), [(["--help"], "ident | archimed"), (["archimed", "--help"], "--branches")])
def test_help_is_given_where_it_is_asked_for(asked: list[str], said: str) -> None:
    ran = CliRunner().invoke(app, ["sandbox", *asked], env={"COLUMNS": "120"})

    assert (ran.exit_code, said in ran.output) == (0, True), ran.output


def test_a_taken_port_is_told_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [sys.executable, "-m", "priem.sandbox.archimed", "--patients", "0", "--visits", "0", "--port"]
        ended = subprocess.run([*command, str(taken.getsockname()[1])], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Порт занят" in ended.stderr


def test_manners_are_chosen_on_the_command_line() -> None:
    chosen = ["--set", "collision=409", "--set", "v5.ids_as_text=false", "--set", "errors=text"]
    settings = read_settings([*chosen, "--missing", "categories", "--missing", "DELETE talons=405", "--versions", "v5"])
    assert (settings.manners.collision, settings.manners.errors) == ("409", "text")
    assert settings.manners.missing == {"categories": 404, "DELETE talons": 405}
    assert settings.manners.versions == ("v5",)
    assert not settings.shapes["v5"].ids_as_text
    with pytest.raises(SystemExit):
        read_settings(["--set", "v5.ids_as_text=perhaps"])
