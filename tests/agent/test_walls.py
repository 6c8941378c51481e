"""Who is let in, what an agent does not do whatever the hub says, and what its process is made of."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from priem.agent.folder import Folder
from priem.agent.line import Revoked
from priem.agent.settings import config_of
from priem.errors import AskOperator, TryLater
from priem.hub.agents import enrolling, feeds
from priem.hub.agents.enrolling import Tries, make_code, revoke
from priem.hub.models import Agent as AgentRow
from priem.hub.models import AgentCode, AgentParcel, Clinic, Connection
from priem.mis.ident.config import Config
from priem.mis.ident.profile import FOLDER
from priem.relay.words import Given
from tests.agent.kit import KEY, Beside, changed, connect, read_all, stored
from tests.mis.ident.clinic import IdentClinic, Sandbox

PROFILE = (FOLDER / "ident-2604.sql").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def tries(monkeypatch: pytest.MonkeyPatch) -> Tries:
    fresh = Tries()
    monkeypatch.setattr("priem.hub.agents.doors.TRIES", fresh)
    return fresh


def test_a_code_opens_once(beside: Beside) -> None:
    code = make_code(beside.clinic.pk, KEY)
    beside.enrol(code)

    with pytest.raises(AskOperator, match="opens nothing"):
        beside.enrol(code)


def test_a_code_that_is_too_old_opens_nothing(beside: Beside) -> None:
    code = make_code(beside.clinic.pk, KEY)
    row = AgentCode.objects.of(beside.clinic.pk).get(used_at=None)
    AgentCode.objects.of(beside.clinic.pk).filter(pk=row.pk).update(until=row.made_at - timedelta(seconds=1))

    with pytest.raises(AskOperator, match="opens nothing"):
        beside.enrol(code)


def test_a_new_code_ends_the_one_before(beside: Beside) -> None:
    first = make_code(beside.clinic.pk, KEY)
    make_code(beside.clinic.pk, KEY)

    with pytest.raises(AskOperator, match="opens nothing"):
        beside.enrol(first)


def test_a_code_is_read_as_people_write_it(beside: Beside) -> None:
    beside.enrol(f"  {make_code(beside.clinic.pk, KEY).lower().replace('-', ' ')} ")


def test_guessing_codes_ends_soon(beside: Beside) -> None:
    for _ in range(10):
        with pytest.raises(AskOperator):
            beside.enrol("AAAA-AAAA-AAAA-AAAA")

    with pytest.raises(TryLater, match="Too many"):
        beside.enrol(make_code(beside.clinic.pk, KEY))


def test_neither_codes_nor_tokens_are_kept(beside: Beside) -> None:
    code = make_code(beside.clinic.pk, KEY)
    token = beside.access().token

    assert not AgentCode.objects.of(beside.clinic.pk).filter(code__contains=code.replace("-", "")).exists()
    assert not AgentRow.objects.of(beside.clinic.pk).filter(token__contains=token).exists()
    files = [file.read_bytes() for file in beside.folder.path.rglob("*") if file.is_file()]
    assert not any(token.encode() in content or b"readonly" in content for content in files)
    assert {oct(file.stat().st_mode & 0o777) for file in beside.folder.path.glob("*") if file.name == "key"} == {
        "0o600"
    }
    assert token not in repr(beside.access())


def test_a_revoked_agent_is_refused_and_stops(beside: Beside, ident: IdentClinic) -> None:
    feeds.begin(beside.clinic.pk, KEY)
    beside.agent.report()
    beside.agent.read_once()
    assert revoke(beside.clinic.pk, beside.access().agent)

    with pytest.raises(Revoked):
        beside.agent.send_one()
    with pytest.raises(Revoked):
        beside.agent.report()

    assert stored(beside) == []
    with pytest.raises(AskOperator, match="No agent"):
        list(beside.source().changes(None))
    assert ident.writes() == []


def test_without_a_token_nothing_opens(beside: Beside) -> None:
    for token in ("", "pa_invented", enrolling.hashed(beside.access().token)):
        line = beside.line(token)
        with pytest.raises(Revoked):
            line.position()


def test_another_clinics_token_cannot_write_here(beside: Beside, sandbox: Sandbox, tmp_path: Path) -> None:
    other = Clinic.objects.create(slug="other", name="Другая", base_url="https://other.amocrm.ru")
    connect(other, sandbox)
    stranger = Beside(tmp_path / "stranger", other, sandbox)
    for clinic in (beside.clinic, other):
        feeds.begin(clinic.pk, KEY)

    stranger.settle()

    stranger.agent.reader.close()
    assert stored(beside) == []
    assert {row.clinic_id for row in AgentParcel.objects.of_all()} == {other.pk}
    assert revoke(other.pk, beside.access().agent) is False


def test_records_of_another_connection_are_refused(beside: Beside, ident: IdentClinic) -> None:
    """As a stolen token would send them, to reach another connection's links."""
    ident.register("Чужая")
    feeds.begin(beside.clinic.pk, KEY)
    beside.agent.report()
    given = beside.agent.given
    assert given
    beside.agent.given = Given(connection="another", kind="ident", options=given.options)

    beside.agent.read_once()
    beside.send_all()

    with pytest.raises(AskOperator, match="cannot be read"):
        read_all(beside)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM Persons",
        "SELECT p.ID AS ID FROM Persons p; DROP TABLE Persons",
        "SELECT p.ID AS ID INTO Copied FROM Persons p",
        "EXEC xp_cmdshell 'dir'",
        "WITH gone AS (SELECT 1 AS ID) UPDATE Persons SET Surname = ''",
        "SELECT p.ID AS ID FROM Persons p WITH (TABLOCKX)",
    ],
)
def test_a_profile_that_does_more_than_read_is_refused_by_the_agent(
    beside: Beside, ident: IdentClinic, statement: str
) -> None:
    profile = f"{PROFILE}\n-- name: extra\n{statement}\n"
    beside.agent.given = Given(
        connection=KEY, kind="ident", options={"time_zone": "Europe/Moscow"}, profile_name="own", profile=profile
    )
    feeds.begin(beside.clinic.pk, KEY)
    asked = len(ident.sandbox.control("statements"))
    beside.agent.spool.rewind(beside.agent.line.position())

    with pytest.raises(AskOperator, match="is not sent"):
        beside.agent.read_once()

    assert len(ident.sandbox.control("statements")) == asked
    assert beside.agent.spool.waiting() == 0


def test_a_profile_of_the_hubs_reaches_the_agent(beside: Beside, tmp_path: Path) -> None:
    own = tmp_path / "own.sql"
    own.write_text(PROFILE.replace("-- name: patients", "-- ours\n-- name: patients"), encoding="utf-8")
    changed(beside, profile=str(own))
    feeds.begin(beside.clinic.pk, KEY)

    beside.settle()

    assert (beside.folder.path / "profile.sql").read_text(encoding="utf-8") == own.read_text(encoding="utf-8")
    assert stored(beside)


@pytest.mark.parametrize("name", ["/etc/passwd", "../key", "ident-1900"])
def test_the_hub_names_no_file_of_the_agents(beside: Beside, name: str) -> None:
    given = Given(connection=KEY, kind="ident", options={"time_zone": "Europe/Moscow"}, profile_name=name)

    with pytest.raises(AskOperator, match="no profile"):
        config_of(beside.folder, given, {"server": "db", "password": "x"})


@pytest.mark.parametrize("path", ["/etc/passwd", "../key", "ident-1900"])
def test_nor_by_a_setting(beside: Beside, path: str) -> None:
    given = Given(connection=KEY, kind="ident", options={"time_zone": "Europe/Moscow", "profile": path})

    config = config_of(beside.folder, given, {"server": "db", "password": "x"})

    assert config.profile == Config.profile


def test_an_agent_is_not_listened_to_once_the_hub_reads_itself(beside: Beside) -> None:
    feeds.begin(beside.clinic.pk, KEY)
    beside.agent.report()
    beside.agent.read_once()
    assert beside.agent.send_one()
    Connection.objects.of(beside.clinic.pk).update(cursor=str(feeds.Place(1, 0)))

    changed(beside, through="")
    feeds.leave_agent(beside.clinic.pk, KEY)

    for knock in (beside.agent.report, beside.agent.send_one):
        with pytest.raises(AskOperator, match="reads this database itself"):
            knock()
    assert stored(beside) == []


def test_the_hub_cannot_turn_an_agent_against_another_server(beside: Beside) -> None:
    told = {
        "connection": KEY,
        "kind": "ident",
        "options": {"time_zone": "Europe/Moscow", "server": "evil", "password": "x", "certificate": "/etc/passwd"},
    }

    config = config_of(beside.folder, Given.from_json(told), {"server": "db", "password": "right"})

    assert (config.server, config.password, config.certificate) == ("db", "right", "")


def test_the_agents_process_loads_neither_the_hub_nor_django(tmp_path: Path) -> None:
    code = (
        "import sys, json; sys.argv = ['priem', 'agent', 'doctor', '--home', sys.argv[1]]\n"
        "from priem.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: print(json.dumps([end.code, sorted(sys.modules)]))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    ended, loaded = json.loads(done.stdout.splitlines()[-1])

    assert ended == 1
    assert {"priem.agent.running", "priem.mis.ident.source", "pymssql"} <= set(loaded)
    heavy = ("django", "priem.hub", "priem.bootstrap", "pydantic", "rich", "typer", "structlog", "granian", "pytds")
    assert [
        name for name in loaded if name.split(".")[0] in heavy or name.startswith(("priem.hub", "priem.boot"))
    ] == []


def test_two_agents_do_not_share_a_folder(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with folder.alone(), pytest.raises(TryLater), Folder(tmp_path).alone():
        pass
