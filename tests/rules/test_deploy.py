"""What stands in deploy/ is run on servers, not here: at least each command, variable and file that it names exists."""

import json
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from priem.agent.folder import Folder
from priem.agent.service import unit
from priem.cli.app import app
from tests.postgres import Cluster
from tests.rules.source import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE: Mapping[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
OURS = re.compile(r"\b(?:PRIEM_[A-Z_]+|DATABASE_URL(?:_FILE)?)\b")
SETTING = re.compile(r"^([a-z_]+) *=", re.MULTILINE)
WALLS = ("NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=", "PrivateTmp=yes", "UMask=0077")


def lines_of(file: Path) -> list[tuple[str, str]]:
    """Every setting, in order; a name may come several times."""
    lines = [line.strip() for line in file.read_text("utf-8").splitlines()]
    pairs = [line.partition("=") for line in lines if line and line[0] not in "#["]
    assert all(equals for _, equals, _ in pairs)
    return [(name, value) for name, _, value in pairs]


def exec_form(word: str) -> list[str]:
    [found] = re.findall(rf"^{word} (\[.*\])$", DOCKERFILE, re.MULTILINE)
    given: list[str] = json.loads(found)
    return given


def started() -> Iterator[tuple[str, Sequence[str]]]:
    """Where it is said → the words behind `priem`."""
    assert exec_form("ENTRYPOINT") == ["priem"]
    yield "Dockerfile", exec_form("CMD")
    for name, service in COMPOSE["services"].items():
        if "build" in service or service.get("image") == "priem":
            yield f"compose: {name}", service.get("command") or exec_form("CMD")
    for file in UNITS:
        [words] = [shlex.split(value) for name, value in lines_of(file) if name == "ExecStart"]
        assert words[0].endswith("/bin/priem")
        yield file.name, words[1:]


def test_every_command_exists_with_its_options() -> None:
    there: Any = typer.main.get_command(app)
    found = list(started())
    assert len(found) >= 5
    for where, (name, *rest) in found:
        assert name in there.commands, where
        options = {option for parameter in there.commands[name].params for option in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= options, where


def test_every_variable_is_one_that_priem_reads() -> None:
    named = {name for file in DEPLOY.rglob("*") if file.is_file() for name in OURS.findall(file.read_text("utf-8"))}
    source = "".join(path.read_text("utf-8") for path in (ROOT / "src" / "priem").rglob("*.py"))
    assert len(named) > 10
    assert named - set(OURS.findall(source)) == set()


def test_compose_names_only_what_is_there() -> None:
    services = COMPOSE["services"]
    for name, service in services.items():
        assert set(service.get("depends_on", ())) <= services.keys(), name
        assert set(service.get("secrets", ())) <= COMPOSE["secrets"].keys(), name
        assert {config["source"] for config in service.get("configs", ())} <= COMPOSE["configs"].keys(), name
        volumes = {volume.partition(":")[0] for volume in service.get("volumes", ())}
        assert volumes <= COMPOSE["volumes"].keys(), name
        if build := service.get("build"):
            assert (DEPLOY / build["context"] / build["dockerfile"]).is_file(), name
    assert all((DEPLOY / config["file"]).is_file() for config in COMPOSE["configs"].values())
    assert all(secret["file"].startswith("./secrets/") for secret in COMPOSE["secrets"].values())


def test_a_worker_and_the_hub_know_the_same() -> None:
    hub, worker = (COMPOSE["services"][name]["environment"] for name in ("hub", "worker"))
    assert hub == worker
    assert hub["PRIEM_WORKERS"] == "1"
    [same] = {tuple((name, value) for name, value in lines_of(file) if "ential" in name) for file in UNITS}
    assert len(same) == 2


def test_the_image_copies_what_there_is_and_installs_what_is_declared() -> None:
    copied = [
        word for line in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE) for word in line.split()
    ]
    let_in = {line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").split() if line[0] == "!"}
    assert copied
    assert all((ROOT / name).exists() for name in copied)
    assert set(copied) <= let_in
    [extras] = re.findall(r"'priem\[([a-z,]+)\]'", DOCKERFILE)
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert set(extras.split(",")) <= declared.keys()
    assert re.search(r"^USER \d+:\d+$", DOCKERFILE, re.MULTILINE), "not root"


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_units_are_nobodys_who_could_do_harm(file: Path) -> None:
    written = [f"{name}={value}" for name, value in lines_of(file)]
    assert "User=priem" in written
    assert [wall for wall in WALLS if wall not in written] == []
    sections = re.findall(r"^\[(\w+)\]$", file.read_text("utf-8"), re.MULTILINE)
    assert sections == ["Unit", "Service", "Install"]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="where there is no systemd, nobody installs units")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    agents = tmp_path / "priem-agent.service"
    agents.write_text(unit(Folder(tmp_path / "agent")), encoding="utf-8")
    asked = ["systemd-analyze", "verify", *map(str, UNITS), str(agents)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if "priem" in line]
    assert [line for line in said if "/opt/priem/bin/priem is not executable" not in line] == []


@pytest.mark.slow
def test_postgresql_knows_its_settings(postgresql: Cluster) -> None:
    named = SETTING.findall((DEPLOY / "postgresql.conf").read_text("utf-8"))
    known = {name for (name,) in postgresql.asked("SELECT lower(name) FROM pg_settings")}
    assert len(named) > 10
    assert set(named) - known == set()
