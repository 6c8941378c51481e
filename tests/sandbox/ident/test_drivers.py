"""Real drivers, unpatched, in every dialect of TDS and with and without encryption."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pymssql
import pytds
import pytest
from pytds import tds_base

pytestmark = pytest.mark.slow

VERSIONS = ("7.1", "7.2", "7.3", "7.4")
PYTDS_VERSIONS = {"7.1": tds_base.TDS71, "7.2": tds_base.TDS72, "7.3": tds_base.TDS73, "7.4": tds_base.TDS74}
EVERY_TYPE = (
    "SELECT CAST(1 AS bit) AS b, CAST(200 AS tinyint) AS t, -5 AS i, CAST(5000000000 AS bigint) AS "
    "g, CAST(1.5 AS float) AS f, "
    "CAST(1234.5 AS decimal(20,10)) AS d, CAST('2026-03-02 10:00:00.123' AS datetime) AS m, N'Ёжик 😀' AS n, "
    "CAST(N'длинный' AS nvarchar(max)) AS x, CAST(5 AS binary(8)) AS v, NULL AS z, CAST(NULL AS nvarchar(max)) AS y"
)
EXPECTED = (
    True, 200, -5, 5_000_000_000, 1.5, Decimal("1234.5000000000"), datetime(2026, 3, 2, 10, 0, 0, 123_000), "Ёжик 😀",  # noqa: DTZ001  # naive, as the clinic writes it
    "длинный", b"\x00\x00\x00\x00\x00\x00\x00\x05", None, None,
)  # fmt: skip


def pytds_connection(clinic: Any, version: str, **options: Any) -> Any:
    settings = clinic.sandbox.settings
    return pytds.connect(
        dsn=settings.host, port=clinic.sandbox.server.port, user="readonly_user",
        password=settings.passwords["readonly_user"], database="PZ", autocommit=True,
        tds_version=PYTDS_VERSIONS[version], timeout=20, login_timeout=5, **options,
    )  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("encryption", ["off", "request", "require"])
@pytest.mark.parametrize("tls", ["off", "on", "required"])
def test_pymssql_reads_every_type(starting: Callable[..., Any], tls: str, encryption: str, version: str) -> None:
    clinic = starting(tls=tls)
    options = {"tds_version": version, "encryption": encryption}
    if (tls, encryption) == ("off", "require"):  # the other way round FreeTDS gives in and encrypts
        with pytest.raises(pymssql.OperationalError):
            clinic.connect(**options)
        return
    with clinic.connect(**options) as connection, connection.cursor() as cursor:
        cursor.execute(EVERY_TYPE)
        assert cursor.fetchall() == [EXPECTED]


def test_pymssql_connects_with_its_defaults(starting: Callable[..., Any]) -> None:
    with starting(tls="on").connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM dbo.Patients")
        assert cursor.fetchone() == (300,)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("tls", ["off", "on"])
def test_python_tds_reads_every_type(starting: Callable[..., Any], tls: str, version: str) -> None:
    with pytds_connection(starting(tls=tls), version) as connection, connection.cursor() as cursor:
        cursor.execute(EVERY_TYPE)
        assert tuple(cursor.fetchall()[0]) == EXPECTED


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # python-tds calls what pyOpenSSL has deprecated
def test_python_tds_encrypts_against_the_server_s_own_certificate(starting: Callable[..., Any], tmp_path: Path) -> None:
    clinic = starting(tls="required")
    certificate = tmp_path / "server.pem"
    certificate.write_bytes(clinic.sandbox.server.certificate)
    options = {"cafile": str(certificate), "validate_host": False}
    with pytds_connection(clinic, "7.4", **options) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM dbo.Patients")
        assert cursor.fetchall() == [(300,)]


@pytest.mark.parametrize("version", ["7.3", "7.4"])
def test_date_and_time_are_types_of_their_own_since_7_3(clinic: Any, version: str) -> None:
    with clinic.connect(tds_version=version) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT TOP (1) c.DateOfWork, t.TimeStartValue FROM CurrentTimeTable c JOIN Times t ON t.ID = 1")
        day, start = cursor.fetchone()
    assert isinstance(day, date)
    assert start == time(9, 0)


def test_date_is_text_for_older_clients(clinic: Any) -> None:
    with clinic.connect(tds_version="7.1") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT CAST('20260302' AS date) AS d, CAST('10:15' AS time(0)) AS t")
        assert cursor.fetchone() == ("2026-03-02", "10:15:00")


@pytest.mark.parametrize("version", VERSIONS)
def test_python_tds_parameters_of_every_type(clinic: Any, version: str) -> None:
    values = (
        7, 5_000_000_000, 1.25, Decimal("12.50"), "Щука", datetime(2026, 3, 2, 10, 0, 0, 120_000),  # noqa: DTZ001  # same
        pytds.Binary(b"\x00" * 7 + b"\x09"), None, True,
    )  # fmt: skip
    with pytds_connection(clinic, version) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"%s AS c{n}" for n in range(len(values))), values)
        row = cursor.fetchall()[0]
    assert tuple(row[:5]) == (7, 5_000_000_000, 1.25, Decimal("12.50"), "Щука")
    assert str(row[5]).startswith("2026-03-02 10:00:00.12")
    assert (row[6], row[7], row[8]) == (b"\x00" * 7 + b"\x09", None, True)


def test_a_rowversion_is_a_parameter_of_both_drivers(clinic: Any) -> None:
    (middle,) = clinic.rows(
        "SELECT RowVersion FROM Receptions ORDER BY RowVersion OFFSET 100 ROWS FETCH NEXT 1 ROWS ONLY"
    )[0]
    sql = "SELECT COUNT(*) FROM Receptions WHERE RowVersion <= %s"
    assert clinic.rows(sql, (pymssql.Binary(middle),)) == [(101,)]
    with pytds_connection(clinic, "7.4") as connection, connection.cursor() as cursor:
        cursor.execute(sql, (pytds.Binary(middle),))
        assert cursor.fetchall() == [(101,)]


def test_python_tds_prepared_and_named_parameters(clinic: Any) -> None:
    with pytds_connection(clinic, "7.4") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT %(a)s + %(b)s AS s", {"a": 2, "b": 3})
        assert cursor.fetchall() == [(5,)]
        cursor.executemany("SELECT %s AS x", [(1,), (2,)])
        assert cursor.fetchall() == [(2,)]


def test_several_results_of_one_batch(clinic: Any) -> None:
    with pytds_connection(clinic, "7.4") as connection, connection.cursor() as cursor:
        cursor.execute("SET NOCOUNT ON SELECT 1 AS a SELECT N'два' AS b")
        assert cursor.fetchall() == [(1,)]
        assert cursor.nextset()
        assert cursor.fetchall() == [("два",)]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_long_answer_and_a_long_request_travel_in_many_packets(clinic: Any, version: str) -> None:
    numbers = ", ".join(str(n) for n in range(1, 4001))
    with clinic.connect(tds_version=version) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT ID, Surname, Name, MobilePhone FROM Persons WHERE ID IN ({numbers}) OR ID > 10000")  # noqa: S608  # numbers
        assert len(cursor.fetchall()) == len(clinic.rows("SELECT ID FROM Persons WHERE ID < 4001 OR ID > 10000"))
        cursor.execute("SELECT CAST(%s AS nvarchar(max)) AS t", ("я" * 50_000,))
        assert cursor.fetchone() == ("я" * 50_000,)


@pytest.mark.parametrize(
    ("user", "password", "database", "numbers"),
    [
        ("readonly_user", "wrong", "PZ", {18456}),
        ("nobody", "Chitatel-2026", "PZ", {18456}),
        ("readonly_user", "Chitatel-2026", "PZ_TEST", {4060, 18456}),
    ],
)
def test_who_may_not_come_in_is_told_so(
    clinic: Any, user: str, password: str, database: str, numbers: set[int]
) -> None:
    settings = clinic.sandbox.settings
    with pytest.raises(tds_base.Error) as raised:
        pytds.connect(
            dsn=settings.host,
            port=clinic.sandbox.server.port,
            user=user,
            password=password,
            database=database,
            login_timeout=5,
        )
    assert getattr(raised.value, "number", None) in numbers
    with pytest.raises(pymssql.OperationalError) as also:
        clinic.connect(user=user, password=password, database=database)
    assert str(max(numbers)) in str(also.value) or str(min(numbers)) in str(also.value)


def test_a_server_of_tls_1_0_only_refuses_modern_clients_and_takes_those_told_to_be_old(
    starting: Callable[..., Any], tmp_path: Path
) -> None:
    """FreeTDS reads its configuration once per process, hence the new ones."""
    clinic = starting(tls="tls1.0")
    assert connect_in_new_process(clinic, {}) != 0
    configuration = tmp_path / "freetds.conf"
    configuration.write_text("[global]\n\tenable tls v1 = yes\n")
    assert connect_in_new_process(clinic, {"FREETDSCONF": str(configuration)}) == 0


def connect_in_new_process(clinic: Any, environment: dict[str, str]) -> int:
    script = (
        "import sys, pymssql\n"
        "c = pymssql.connect(server='127.0.0.1', port=int(sys.argv[1]), user='readonly_user', password=sys.argv[2], "
        "database='PZ', encryption='require', login_timeout=5)\n"
        "cursor = c.cursor()\ncursor.execute('SELECT COUNT(*) FROM Patients')\nassert cursor.fetchone() == (300,)\n"
    )
    command = [sys.executable, "-c", script, str(clinic.sandbox.server.port), "Chitatel-2026"]
    surroundings = {name: value for name, value in os.environ.items() if name != "FREETDSCONF"}  # Priem sets its own
    done = subprocess.run(command, env={**surroundings, **environment}, capture_output=True, timeout=60, check=False)
    return done.returncode


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("tls", ["off", "on"])
def test_debian_s_tsql(starting: Callable[..., Any], tls: str, version: str) -> None:
    clinic = starting(tls=tls)
    tsql = shutil.which("tsql")
    assert tsql, "tsql is missing: install Debian's package freetds-bin (make debian-packages)"
    command = [
        tsql,
        "-H",
        "127.0.0.1",
        "-p",
        str(clinic.sandbox.server.port),
        "-U",
        "readonly_user",
        "-P",
        "Chitatel-2026",
        "-D",
        "PZ",
    ]
    statements = (
        "SELECT COUNT(*) FROM Patients",
        "SELECT TOP 1 NameProfession FROM ProfessionNames",
        "DELETE FROM Persons",
    )
    script = "".join(f"{statement}\ngo\n" for statement in statements) + "exit\n"
    environment = {**os.environ, "TDSVER": version, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        command, input=script, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert "300" in done.stdout, done.stderr
    assert "Стоматолог-терапевт" in done.stdout
    assert "Msg 229" in done.stderr
