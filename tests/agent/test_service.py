"""What the agent is on its computer: whose process, what others there may see of it, and where it says what ails it."""

import os
import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from priem.agent import command
from priem.agent.folder import Folder
from priem.agent.service import NAME, install_task, install_unit, task, unit
from priem.errors import AskOperator

SOMEBODY = 65534


def test_the_service_is_nobodys_who_could_do_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "root")
    done: list[tuple[str, ...]] = []

    list(install_unit(Folder(tmp_path / "agent"), write=True, units=tmp_path, run=lambda *words: done.append(words)))

    written = (tmp_path / f"{NAME}.service").read_text(encoding="utf-8")
    assert f"\nUser={NAME}\n" in written
    assert "\nType=exec\n" in written, "a Python that its user may not run is told of at once"
    for wall in ("NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=\n", "SystemCallFilter=@"):
        assert wall in written
    steps = [words[:2] for words in done]
    assert steps[-3:] == [("systemctl", "daemon-reload"), ("systemctl", "enable"), ("systemctl", "restart")]
    assert ("chown", "--recursive", f"{NAME}:", str(tmp_path / "agent")) in done[:-3]


def test_whoever_is_not_root_keeps_his_own_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "anna")
    assert "\nUser=anna\n" in unit(Folder(tmp_path))


def test_on_windows_the_folder_is_closed_before_the_task_is_in_it(tmp_path: Path) -> None:
    folder, there = Folder(tmp_path), []

    list(
        install_task(folder, write=True, run=lambda *words: there.append((words[0], (tmp_path / "task.xml").exists())))
    )

    assert there == [("icacls", False), ("schtasks", True), ("schtasks", True)]


def test_the_task_starts_in_whatever_folder_somebody_has_named(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "Анна & Ко" / "agent")

    written = ET.fromstring(task(folder).partition("?>")[2])  # noqa: S314 - our own words

    [run] = written.iter("{http://schemas.microsoft.com/windows/2004/02/mit/task}Exec")
    command, arguments = (str(part.text) for part in run)
    assert command == sys.executable
    assert shlex.split(arguments) == ["-m", "priem.agent", "run", "--home", str(folder.path)]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root writes for others")
def test_what_root_changes_the_service_can_read(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "agent")
    os.chown(folder.path, SOMEBODY, SOMEBODY)

    folder.keep_json("database", {"password": "x"})

    kept = {file.name: (file.stat().st_uid, file.stat().st_mode & 0o777) for file in folder.path.iterdir()}
    assert kept == dict.fromkeys(("key", "database"), (SOMEBODY, 0o600))


def test_a_proxys_login_is_no_argument(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(command.PROXY, raising=False)
    told = ["enrol", "CODE", "--hub", "https://hub.example"]
    login, file = "http://me:secret@proxy:3128", tmp_path / "proxy"
    file.write_text(login + "\n", encoding="utf-8")

    with pytest.raises(AskOperator, match="command line"):
        command.proxy_of(command.parser().parse_args([*told, "--proxy", login]))
    assert command.proxy_of(command.parser().parse_args([*told, "--proxy-file", str(file)])) == login
    monkeypatch.setenv(command.PROXY, login)
    assert command.proxy_of(command.parser().parse_args(told)) == login
    assert command.proxy_of(command.parser().parse_args([*told, "--proxy", "http://other:1"])) == "http://other:1"


def test_without_a_console_it_writes_into_its_folder(tmp_path: Path) -> None:
    """As a task of Windows runs."""
    code = (
        "import logging, sys; from pathlib import Path; sys.stderr = None\n"
        "from priem.agent.command import log_in; from priem.agent.folder import Folder\n"
        "logging.basicConfig(level=logging.INFO, handlers=[log_in(Folder(Path(sys.argv[1])))])\n"
        "logging.getLogger('priem.agent').info('began')"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)

    assert "began" in (tmp_path / "agent.log").read_text(encoding="utf-8")


def test_a_password_is_read_as_an_editor_wrote_it_and_a_script_is_told_how(tmp_path: Path) -> None:
    (tmp_path / "password").write_bytes("\ufeffпароль 1\r\n".encode())
    assert command.written_in(tmp_path / "password") == "пароль 1"
    with pytest.raises(AskOperator, match=str(tmp_path / "none")):
        command.written_in(tmp_path / "none")

    way = ("database", "--server", "x", "--login", "y", "--home", str(tmp_path / "agent"))
    environment = {name: value for name, value in os.environ.items() if name != command.PASSWORD}
    ran = subprocess.run(
        [sys.executable, "-m", "priem.agent", *way],
        env=environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # without a terminal, as in a script
        check=False,
    )
    assert ran.returncode == 1
    assert "Некому ввести пароль" in ran.stderr
    assert "Traceback" not in ran.stderr
