"""What goes wrong between Priem and a clinic's server, and what is said about it."""

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pymssql
import pytest

from priem.errors import AskOperator, TryLater
from priem.mis.ident import Ident
from priem.mis.ident.driver import Database
from priem.mis.ident.profile import FOLDER
from priem.model import Severity
from tests.contract.source_contract import patients_of, read_on, visits_of
from tests.mis.ident.clinic import IdentClinic, Journal, Sandbox, Watch

pytestmark = pytest.mark.slow

DRIVERS = pytest.mark.parametrize("driver", ["pymssql", "pytds"])


def broken(source: Ident) -> list[str]:
    return [f"{one.what} {one.advice}" for one in source.check() if one.severity is Severity.BROKEN]


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@DRIVERS
@pytest.mark.parametrize(
    ("settings", "says"),
    [
        pytest.param({"password": "wrong"}, "login or the password", id="a wrong password"),
        pytest.param({"login": "nobody"}, "login or the password", id="a wrong login"),
        pytest.param({"database": "PZ_OLD"}, "no database PZ_OLD", id="a wrong database"),
        pytest.param({"port": 1}, "does not answer", id="a wrong port"),
        pytest.param({"server": "no-such-pc.invalid"}, "does not answer", id="a wrong host"),
    ],
)
def test_wrong_settings_are_said_in_plain_words(
    clinic: IdentClinic, driver: str, settings: dict[str, object], says: str
) -> None:
    source = clinic.open(driver=driver, **settings)

    [finding] = broken(source)
    assert says in finding
    with pytest.raises(AskOperator, match=says):
        list(source.changes(None))


def test_a_windows_account_signs_in_by_proving_its_password(clinic: IdentClinic) -> None:
    source = clinic.open(login="CLINIC\\readonly_user")

    assert broken(source) == []
    assert patients_of(list(source.changes(None)))


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"password": "another"}, id="a wrong password"),
        pytest.param({"login": "ELSEWHERE\\readonly_user"}, id="another domain"),
    ],
)
def test_a_windows_account_that_proves_nothing_stays_outside(clinic: IdentClinic, settings: dict[str, object]) -> None:
    [finding] = broken(clinic.open(**{"login": "CLINIC\\readonly_user", **settings}))

    assert "login or the password" in finding


@pytest.mark.parametrize(("driver", "says"), [("pymssql", "login or the password"), ("pytds", "Windows account")])
def test_a_windows_account_that_does_not_get_in_is_told_why(clinic: IdentClinic, driver: str, says: str) -> None:
    [finding] = broken(clinic.open(driver=driver, login="CLINIC\\priem"))

    assert says in finding


@DRIVERS
def test_a_wrong_database_is_answered_with_those_that_are_there(clinic: IdentClinic, driver: str) -> None:
    [finding] = broken(clinic.open(driver=driver, database="PZ_OLD"))

    assert "can see: " in finding
    assert "PZ" in finding.partition("can see: ")[2]


def test_a_profile_of_somebodys_own_is_tried_before_it_is_believed(clinic: IdentClinic, tmp_path: Path) -> None:
    own, built_in = tmp_path / "own.sql", (FOLDER / "ident-2604.sql").read_text(encoding="utf-8")
    own.write_text(built_in, encoding="utf-8")
    assert broken(clinic.open(profile=str(own))) == []

    own.write_text(built_in.replace("reception.ID_Staffs AS", "CAST(reception.ID_Staffs AS nvarchar(9)) AS"), "utf-8")
    [finding] = broken(clinic.open(profile=str(own)))

    assert "visits: Doctor cannot be read" in finding


def test_a_check_says_what_an_idle_look_costs(clinic: IdentClinic) -> None:
    source = clinic.open(
        page_size=2000
    )  # other tests change more than a hundred cards: at a clinic that is no idle look
    (said,) = (one.what for one in source.check() if "look for changes" in one.what.template)

    assert 2 <= int(str(said.values["count"])) <= 5
    assert 0 <= int(str(said.values["milliseconds"])) < 60_000


def test_a_server_that_was_there_before_is_waited_for(clinic: IdentClinic) -> None:
    _, cursor = read_on(clinic.open(), None)

    with pytest.raises(TryLater):
        list(clinic.open(port=unused_port()).changes(cursor))


@DRIVERS
def test_a_server_that_goes_and_comes_back_is_read_on(own_clinic: IdentClinic, driver: str) -> None:
    clinic = own_clinic
    source = clinic.open(driver=driver)
    _, cursor = read_on(source, None)

    clinic.sandbox.control("faults", {"kind": "gone"})
    assert until(lambda: not clinic.sandbox.control("state")["sessions_open"].get("readonly_user"))
    with pytest.raises(TryLater):
        list(source.changes(cursor))
    clinic.sandbox.control("faults", method="DELETE")
    assert until(lambda: answers(clinic))
    patient = clinic.register("Соловьёва")
    pages, _ = read_on(source, cursor)

    assert patient in patients_of(pages)


@DRIVERS
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "drop_mid_row"}, id="the connection breaks off in a row"),
        pytest.param({"kind": "lock_timeout"}, id="somebody holds a lock"),
        pytest.param({"kind": "deadlock"}, id="we lose a deadlock"),
        pytest.param({"kind": "silent", "seconds": 8}, id="the server falls silent"),
        pytest.param({"kind": "slow", "seconds": 8}, id="the server takes too long"),
    ],
)
def test_a_bad_moment_passes_and_nothing_is_lost(clinic: IdentClinic, driver: str, fault: dict[str, object]) -> None:
    patient = clinic.register("Дятлова")
    source = clinic.open(driver=driver, query_timeout=1)
    clinic.sandbox.control("faults", {**fault, "match": "Patients", "count": 2})

    with pytest.raises(TryLater):
        list(source.changes(None))
    clinic.sandbox.control("faults", method="DELETE")
    pages, _ = read_on(source, None)

    assert patient in patients_of(pages)


@DRIVERS
def test_an_idle_connection_that_died_is_not_worth_a_word(clinic: IdentClinic, driver: str) -> None:
    source = clinic.open(driver=driver)
    _, cursor = read_on(source, None)
    clinic.sandbox.control("faults", {"kind": "drop_mid_row", "match": "GETDATE", "count": 1})

    read_on(source, cursor)

    assert [exchange.error for exchange in clinic.journal.exchanges if exchange.error] == []


def test_the_server_holds_nothing_for_us(clinic: IdentClinic) -> None:
    source = clinic.open()
    _, cursor = read_on(source, None)
    read_on(source, cursor)

    state = clinic.sandbox.control("state")
    assert state["transactions_open"].get("readonly_user", 0) == 0
    assert state["max_open_transaction_seconds"].get("readonly_user", 0.0) == 0.0


def test_a_closed_source_gives_its_session_back(own_clinic: IdentClinic) -> None:
    source = own_clinic.open()
    read_on(source, None)
    assert own_clinic.sandbox.control("state")["sessions_open"]["readonly_user"] == 1

    source.close()

    # The connection is closed by the thread that owns it.
    assert until(lambda: not own_clinic.sandbox.control("state")["sessions_open"].get("readonly_user"))


def until(holds: Callable[[], bool], seconds: float = 10) -> bool:
    """Each look is a request to the sandbox, so it takes its time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
    return False


def answers(clinic: IdentClinic) -> bool:
    try:
        clinic.ask("SELECT 1")
    except pymssql.Error:
        return False
    return True


@DRIVERS
def test_a_statement_that_writes_never_leaves(clinic: IdentClinic, driver: str) -> None:
    database = Database(clinic.sandbox.config(driver=driver), Journal(), Watch())

    with pytest.raises(AskOperator):
        database.rows("bad", "SELECT 1 AS A DELETE FROM dbo.Receptions")

    assert database.connected_times == 0


def test_a_missing_column_is_named(own_clinic: IdentClinic) -> None:
    own_clinic.do("ALTER TABLE dbo.Persons DROP COLUMN MobilePhone")
    source = own_clinic.open()

    assert any("Persons.MobilePhone" in finding for finding in broken(source))
    with pytest.raises(AskOperator, match=r"Persons\.MobilePhone"):
        list(source.changes(None))


def test_a_profile_without_row_versions_is_read_by_times(clinic: IdentClinic, tmp_path: Path) -> None:
    own = (FOLDER / "ident-2604.sql").read_text(encoding="utf-8")
    copy = tmp_path / "ours.sql"
    copy.write_text(own.replace("reception.RowVersion AS", "CAST(NULL AS binary(8)) AS"), encoding="utf-8")
    source = clinic.open(profile=str(copy))
    assert broken(source) == []
    patient = clinic.register("Иволгина")
    _, cursor = read_on(source, None)

    visit = clinic.book(patient)
    pages, _ = read_on(source, cursor)

    assert visit in visits_of(pages)


def test_a_missing_column_that_can_be_spared_is_spared(own_clinic: IdentClinic) -> None:
    own_clinic.do("ALTER TABLE dbo.Persons DROP COLUMN Email")
    patient = own_clinic.register("Кукушкина")
    source = own_clinic.open()

    assert broken(source) == []
    assert patient in patients_of(read_on(source, None)[0])


@DRIVERS
def test_a_port_at_which_something_else_answers_is_said(driver: str, clinic: IdentClinic) -> None:
    port = int(clinic.sandbox.facts["control"].rpartition(":")[2])  # it speaks HTTP

    [said] = broken(clinic.open(driver=driver, port=port))

    assert "port" in said


@pytest.fixture(params=["required", "tls1.0"])
def encrypted(request: pytest.FixtureRequest) -> Iterator[tuple[Sandbox, str]]:
    sandbox = Sandbox("--tls", request.param, patients=10, visits=5)
    yield sandbox, {"required": "required", "tls1.0": "old"}[request.param]
    sandbox.stop()


def test_an_encrypted_server_is_read(encrypted: tuple[Sandbox, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FREETDSCONF", raising=False)
    sandbox, encryption = encrypted
    if encryption == "old":
        [said] = broken(Ident(sandbox.config(), Journal(), Watch()))
        assert "closes the connection at once" in said
        assert "TLS 1.0" in said
    source = Ident(sandbox.config(encryption=encryption), Journal(), Watch())

    pages, _ = read_on(source, None)

    assert len(patients_of(pages)) == 10
    source.close()
