"""A clinic with two branches on ArchiMed+, by the commands that a person types."""

import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from priem.cli.demo.verify import in_archimed, verify_all
from tests.chaos.looking import keyed
from tests.e2e.systems import Process, Systems

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def systems(tmp_path: Path) -> Iterator[Systems]:
    with ExitStack() as running:
        sizes = ["--branches", "2", "--patients", "40", "--visits", "15", "--history", "3", "--seed", "3"]
        archimed = Process(["archimed", "--port", "0", *sizes])
        running.callback(archimed.end)
        crm = Process(["amocrm", "--port", "0", "--seed", "3"])
        running.callback(crm.end)
        yield Systems(tmp_path, archimed, crm)


def configure(systems: Systems) -> None:
    code = systems.act("new_code")["code"]
    names = ("url", "client_id", "client_secret", "redirect_uri")
    amocrm = {name: systems.amocrm.said[name] for name in names} | {"code": code}
    connections = "\n".join(
        CONNECTION.format(number=number, url=systems.ident.said["url"], version=version, **branch)
        for number, (branch, version) in enumerate(zip(branches(systems), ("v5", "v4"), strict=True), start=1)
    )
    path = systems.home / "clinic.toml"
    path.write_text(CLINIC.format(connections=connections, **amocrm), encoding="utf-8")
    ran = systems.priem("configure", str(path), "--json")
    assert ran.code == 0, ran.err


def branches(systems: Systems) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = systems.ident.said["branches"]
    return found


def staff(systems: Systems, act: str, **what: Any) -> Any:
    """Of the first branch."""
    body = {"act": act, "branch": branches(systems)[0]["api_id"], **what}
    answer = httpx2.post(f"{systems.ident.said['control']}/act", json=body, timeout=30).raise_for_status()
    return answer.json()


def test_branches_on_archimed_come_over_once_and_what_changes_follows(systems: Systems) -> None:
    configure(systems)
    doctor = systems.priem("doctor", "--json")
    assert doctor.json["worst"] == "warning", doctor.out  # a doctor whom the sandbox gives no length of visit
    assert "Врачи без длительности приёма" in doctor.out
    assert_no_secret_is_written_out(systems)

    assert systems.priem("sync", "--json").code == 0
    assert_whole(systems)
    [slot] = staff(systems, "free", count=1)["slots"]
    card = staff(systems, "patient", last_name="Белова", first_name="Анна", phone="8 (921) 333-44-55")["medcard"]
    talon = staff(systems, "book", medcard=card, **{name: slot[name] for name in ("doctor", "start", "end")})["talon"]
    staff(systems, "status", talon=talon, means="confirmed")
    assert systems.priem("sync", "--json").code == 0

    assert_whole(systems)
    lead = keyed(systems.amocrm_state("leads")["leads"], "PRIEM_VISIT", "branch-1")[str(talon)]
    stages = {stage["id"]: stage["name"] for line in pipelines(systems) for stage in line["statuses"]}
    assert stages[lead["status_id"]] == "Подтверждён"
    assert all(path.startswith("GET ") for path in asked(systems))


def assert_no_secret_is_written_out(systems: Systems) -> None:
    written = systems.priem("export").out
    assert [row["api_secret"] for row in tomllib.loads(written)["connections"]] == ["stored", "stored"]
    assert not [branch for branch in branches(systems) if branch["secret"] in written]


def assert_whole(systems: Systems) -> None:
    """Every card and every visit to come of both branches, once."""
    control = systems.ident.said["control"]
    expected = {
        f"branch-{number}": in_archimed(control, branch["api_id"], tomorrow())
        for number, branch in enumerate(branches(systems), start=1)
    }
    verdict = verify_all(str(systems.amocrm.said["control"]), expected)
    assert verdict.is_clean, verdict
    assert verdict.visits > 10


def tomorrow() -> str:
    return f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT00:00:00}"


def pipelines(systems: Systems) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = systems.amocrm_state("pipelines")["pipelines"]
    return found


def asked(systems: Systems) -> list[str]:
    url = f"{systems.ident.said['control']}/state"
    counted = httpx2.get(url, params={"only": "requests"}, timeout=10).json()["requests"]["by_path"]
    return [path for path in counted if "/api/" in path]


CONNECTION = """
[[connections]]
key = "branch-{number}"
kind = "archimed"
base_url = "{url}"
version = "{version}"
api_id = "{api_id}"
api_secret = "{secret}"
branch_name = "{name}"
time_zone = "{time_zone}"
requests_per_second = 20

[connections.statuses]
"Перезвонить вечером" = "booked"
"Ждет анализы" = "completed"
"Лист ожидания" = "booked"
"""
CLINIC = """
[clinic]
slug = "ulybka"
name = "Улыбка"

[amocrm]
url = "{url}"
client_id = "{client_id}"
client_secret = "{client_secret}"
redirect_uri = "{redirect_uri}"
code = "{code}"
sandbox = true
{connections}
[status_sync]
mode = "always"
rules = [
  {{ status = "booked", pipeline = "Записи", stage = "Записан" }},
  {{ status = "confirmed", pipeline = "Записи", stage = "Подтверждён" }},
  {{ status = "cancelled", pipeline = "Записи", stage = "Закрыто и не реализовано" }},
]
"""
