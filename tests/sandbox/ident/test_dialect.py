"""The T-SQL that a careful reader of IDENT writes works; what engines disagree on is refused."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

pytestmark = pytest.mark.slow

WORKS: list[tuple[str, list[Any]]] = [
    ("SELECT TOP (1) ID FROM dbo.Armchairs ORDER BY ID", [(1,)]),
    ("SELECT TOP 2 ID FROM PZ.dbo.Armchairs WITH (NOLOCK) ORDER BY ID DESC OPTION (MAXDOP 1)", [(6,), (5,)]),
    ("SELECT [ID] FROM [PZ].[dbo].[Times] AS [t] ORDER BY [t].[ID] OFFSET 2 ROWS FETCH NEXT 2 ROWS ONLY", [(3,), (4,)]),
    ("DECLARE @n int = 2; SELECT TOP (@n) ID FROM Times ORDER BY ID", [(1,), (2,)]),
    ("SELECT ISNULL(NULL, 5), COALESCE(NULL, NULL, 7), NULLIF(3, 3), IIF(1 = 2, N'a', N'б')", [(5, 7, None, "б")]),
    ("SELECT CONVERT(varchar(8), CAST('2026-03-02 10:05:06.123' AS datetime), 112)", [("20260302",)]),
    ("SELECT CONVERT(varchar(19), CAST('20260302 10:05:06.123' AS datetime), 120)", [("2026-03-02 10:05:06",)]),
    ("SELECT CONVERT(varchar(23), CAST('20260302 10:05:06.123' AS datetime), 121)", [("2026-03-02 10:05:06.123",)]),
    ("SELECT CAST('2026-03-02T10:05:06.125' AS datetime)", [(datetime(2026, 3, 2, 10, 5, 6, 127_000),)]),  # noqa: DTZ001  # naive by nature
    ("SELECT CAST(CAST('20260302 10:05' AS datetime) AS date)", [(date(2026, 3, 2),)]),
    (
        "SELECT DATEADD(day, -2, CAST('20260302' AS date)), DATEADD(month, 1, CAST('20260131' AS date))",
        [(date(2026, 2, 28), date(2026, 2, 28))],
    ),
    (
        (
            "SELECT DATEDIFF(day, '20260302 23:59', '20260303 00:01'), DATEDIFF(minute, '20260302 23:59', "
            "'20260303 00:01')"
        ),
        [(1, 2)],
    ),
    (
        "SELECT LEN(N'зуб  '), DATALENGTH(N'зуб'), UPPER(N'ёж'), LEFT(N'приём', 3), RIGHT(N'приём', 2)",
        [(3, 6, "ЁЖ", "при", "ём")],
    ),
    (
        "SELECT SUBSTRING(N'приём', 2, 3), CHARINDEX(N'Ё', N'приём'), REPLACE(N'Аа', N'а', N'б'), LTRIM(RTRIM(N' a '))",
        [("риё", 4, "бб", "a")],
    ),
    (
        "SELECT CONVERT(bigint, 0x0000000000C41323), CONVERT(binary(8), CAST(12849955 AS bigint))",
        [(12_849_955, b"\x00\x00\x00\x00\x00\xc4\x13\x23")],
    ),
    ("SELECT CAST(0x01 AS int), CAST(N'12' AS int), TRY_CONVERT(int, N'x'), TRY_CAST(N'5' AS int)", [(1, 12, None, 5)]),
    ("SELECT 7 / 2, 7 % 2, 7.0 / 2, CAST(1 AS float) / 4", [(3, 1, Decimal("3.5000000000"), 0.25)]),
    ("SELECT N'а' + N'б', CONCAT(N'а', NULL, 5)", [("аб", "а5")]),
    ("SELECT CASE WHEN N'ПЕТРОВ' = N'петров  ' THEN 1 ELSE 0 END, CASE N'а' WHEN N'А' THEN 1 END", [(1, 1)]),
    (
        "SELECT CASE WHEN N'Петрова' LIKE N'петр_в%' THEN 1 ELSE 0 END, CASE WHEN N'е' = N'ё' THEN 1 ELSE 0 END",
        [(1, 0)],
    ),
    ("SELECT CASE WHEN N'5%' LIKE N'5!%' ESCAPE N'!' THEN 1 END, CASE WHEN N'Б' LIKE N'[а-в]' THEN 1 END", [(1, 1)]),
    ("WITH x AS (SELECT 1 AS a UNION ALL SELECT 2) SELECT SUM(a) AS s FROM x", [(3,)]),
    ("SELECT q.n FROM (SELECT COUNT(*) AS n FROM Times) AS q WHERE q.n > 0", [(48,)]),
    (
        "SELECT COUNT(*) FROM Armchairs a WHERE EXISTS (SELECT 1 FROM OwnCompanies o WHERE o.ID = a.ID_OwnCompanies)",
        [(6,)],
    ),
    ("SELECT COUNT(*) FROM Armchairs WHERE ID NOT IN (SELECT ID FROM Armchairs WHERE ID > 2)", [(2,)]),
    ("SELECT rn FROM (SELECT ROW_NUMBER() OVER (ORDER BY ID DESC) AS rn, ID FROM Armchairs) q WHERE ID = 6", [(1,)]),
    (
        (
            "SELECT a.ID, n.n FROM OwnCompanies a OUTER APPLY (SELECT COUNT(*) AS n FROM Armchairs c WHERE "
            "c.ID_OwnCompanies = a.ID) n"
        ),
        [(1, 3), (2, 3)],
    ),
    (
        (
            "SELECT a.ID, n.f, n.l FROM OwnCompanies a OUTER APPLY (SELECT MIN(c.ID) AS f, MAX(c.ID) AS l "
            "FROM Armchairs c "
            "WHERE c.ID_OwnCompanies = a.ID AND c.ID > 100) n"
        ),
        [(1, None, None), (2, None, None)],
    ),
    (
        (
            "SELECT a.ID, n.ID FROM OwnCompanies a OUTER APPLY (SELECT TOP 1 c.ID FROM Armchairs c WHERE "
            "c.ID_OwnCompanies = a.ID "
            "AND c.ID_OwnCompanies = 2 ORDER BY c.ID DESC) n ORDER BY a.ID"
        ),
        [(1, None), (2, 6)],
    ),
    (
        "SELECT a.ID FROM OwnCompanies a CROSS APPLY (SELECT TOP (1) c.ID FROM Armchairs c WHERE c.ID = a.ID * 6) n",
        [(1,)],
    ),
    (
        "SELECT COUNT(*) FROM Receptions WHERE PlanStart BETWEEN '19000101' AND GETDATE() AND PlanStart < PlanEnd",
        [(40,)],
    ),
    ("SELECT COUNT(*) FROM Receptions WHERE PlanStart >= GETDATE() AND CAST(PlanStart AS date) < '99990101'", [(120,)]),
    ("SELECT DB_NAME(), SUSER_SNAME(), HAS_DBACCESS('PZ'), HAS_DBACCESS('master')", [("PZ", "readonly_user", 1, 0)]),
    (
        (
            "SELECT HAS_PERMS_BY_NAME('dbo.Persons', 'OBJECT', 'SELECT'), HAS_PERMS_BY_NAME('dbo.Persons', "
            "'OBJECT', 'UPDATE')"
        ),
        [(1, 0)],
    ),
    ("SELECT HAS_PERMS_BY_NAME('dbo.Nothing', 'OBJECT', 'SELECT'), OBJECT_ID('dbo.Nothing')", [(None, None)]),
    (
        "SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(20)), SERVERPROPERTY('Collation')",
        [("11.0.7001.0", "Cyrillic_General_CI_AS")],
    ),
    ("SELECT name FROM sys.databases WHERE name = N'pz'", [("PZ",)]),
    ("SELECT CAST(GETDATE() AS date), YEAR(GETDATE()), DATEPART(month, GETDATE())", [(date(2026, 3, 3), 2026, 3)]),
    (
        (
            "SET LOCK_TIMEOUT 5000 SET DEADLOCK_PRIORITY LOW SET TRANSACTION ISOLATION LEVEL READ "
            "UNCOMMITTED SET NOCOUNT ON "
            "SELECT @@LOCK_TIMEOUT"
        ),
        [(5000,)],
    ),
    (
        (
            "SELECT DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, IS_NULLABLE FROM INFORMATION_SCHEMA.COLUMNS WHERE "
            "TABLE_NAME = N'Patients' "
            "AND COLUMN_NAME IN (N'Comment', N'InitialBalance', N'FirstVisit') ORDER BY COLUMN_NAME"
        ),
        [("nvarchar", -1, "YES"), ("date", None, "YES"), ("decimal", None, "NO")],
    ),
    (
        (
            "SELECT TABLE_TYPE FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_NAME IN (N'StaffsView', "
            "N'Staffs') ORDER BY TABLE_NAME"
        ),
        [("BASE TABLE",), ("VIEW",)],
    ),
    ("-- a remark\nSELECT /* another */ 1;", [(1,)]),
    ("SELECT it.[External] FROM (SELECT 1 AS [External]) AS it", [(1,)]),
]


@pytest.mark.parametrize(("sql", "rows"), WORKS, ids=[sql[:70] for sql, _ in WORKS])
def test_works(clinic: Any, sql: str, rows: list[Any]) -> None:
    assert clinic.rows(sql) == rows


REFUSED = [
    ("SELECT CONVERT(datetime, '2026-03-02T10:00:00', 126)", 102),
    ("SELECT TRY_CONVERT(date, N'02.03.2026', 104)", 102),
    ("SELECT CONVERT(varchar(20), RowVersion, 1) FROM Receptions", 102),
    ("SELECT STUFF((SELECT N', ' + Name FROM Persons FOR XML PATH('')), 1, 2, '')", 102),
    ("SELECT Name FROM Persons FOR XML PATH('')", 102),
    ("SELECT STRING_AGG(Name, ',') FROM Persons", 195),
    ("SELECT FORMAT(GETDATE(), 'd')", 195),
    ("SELECT TRIM(Name) FROM Persons", 195),
    (
        (
            "SELECT r.ID FROM Receptions r CROSS APPLY (SELECT t.ID FROM CurrentTimeTable t WHERE "
            "t.ID_Receptions = r.ID) c"
        ),
        102,
    ),
    ("SELECT ID FROM Persons LIMIT 5", 102),
    ("SELECT ID FROM Persons OFFSET 5 ROWS", 102),
    ("SELECT ID FROM Persons WHERE", 102),
    ("SELECT 'open", 105),
    ("SELECT ID FROM dbo.Appointments", 208),
    ("SELECT ID FROM OTHER.dbo.Persons", 208),
    ("SELECT Patients.ID FROM Patients", 207),
    ("SELECT IsDeleted FROM Persons", 207),
    ("SELECT [IsDeleted] FROM Persons", 207),
    ("SELECT p.ID FROM Persons WHERE ID = 1", 4104),
    ("SELECT ID FROM Persons p JOIN Armchairs a ON a.ID = p.ID", 209),
    ("SELECT ID FROM Persons WHERE ID = @nothing", 137),
    ("SELECT dbo.MyFunction(1)", 4121),
    ("SELECT 1 / 0", 8134),
    ("SELECT CAST(N'абв' AS int)", 245),
    ("SELECT CAST(N'32.13.2026' AS datetime)", 241),
    ("SELECT CAST('20261332' AS datetime)", 242),
    ("SELECT ID FROM Receptions WHERE RowVersion > '0x00'", 257),
    ("SELECT ID, Name FROM Persons UNION SELECT 1", 205),
    ("SELECT q.ID FROM (SELECT ID FROM Persons ORDER BY ID) q", 1033),
    ("USE master", 911),
    ("SET NONSENSE ON", 195),
    ("EXECUTE nothing", 229),
    ("SELECT 1 AS External", 156),
    ("SELECT it.External FROM (SELECT 1 AS [External]) AS it", 156),
    ("SELECT plan.ID FROM Persons AS [plan]", 156),
    ("SELEKT 1", 102),
]


@pytest.mark.parametrize(("sql", "number"), REFUSED, ids=[sql[:70] for sql, _ in REFUSED])
def test_is_refused_as_a_sql_server_would(clinic: Any, sql: str, number: int) -> None:
    assert clinic.error(sql)[0] == number


def test_a_session_goes_on_after_an_error(clinic: Any) -> None:
    with clinic.connect() as connection, connection.cursor() as cursor:
        for _ in range(3):
            with pytest.raises(Exception, match="208"):
                cursor.execute("SELECT 1 FROM Nothing")
            cursor.execute("SELECT 1")
            assert cursor.fetchall() == [(1,)]


def test_a_server_of_2019_knows_string_agg(starting: Callable[..., Any]) -> None:
    clinic = starting(compatibility=2019)
    rows = clinic.rows("SELECT STRING_AGG(NameArmchair, N', ') AS s FROM Armchairs WHERE ID < 3")
    assert rows == [("Кресло 1, Кресло 2",)]
    assert "2019" in clinic.rows("SELECT @@VERSION")[0][0]


def test_result_columns_keep_the_case_of_their_aliases(clinic: Any) -> None:
    with clinic.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT ID AS externalId, surname AS [Фамилия], Name, 1 FROM Persons WHERE 1 = 0")
        assert [column[0] for column in cursor.description] == ["externalId", "Фамилия", "Name", ""]


def test_thousands_of_keys_in_a_list(clinic: Any) -> None:
    keys = ", ".join(map(str, range(10_001, 15_001)))
    assert clinic.rows(f"SELECT COUNT(*) FROM Patients WHERE ID_Persons IN ({keys})") == [(300,)]  # noqa: S608  # numbers


def test_keyset_paging_by_moment_and_key_meets_every_row_once(clinic: Any) -> None:
    seen: list[int] = []
    moment, key = "1900-01-01", 0
    while True:
        rows = clinic.rows(
            "SELECT TOP (37) DateTimeChanged, ID FROM Persons WHERE DateTimeChanged > %s OR "
            "(DateTimeChanged = %s AND ID > %s) "
            "ORDER BY DateTimeChanged, ID",
            (moment, moment, key),
        )
        if not rows:
            break
        seen += [row[1] for row in rows]
        moment, key = rows[-1]
    assert sorted(seen) == [row[0] for row in clinic.rows("SELECT ID FROM Persons ORDER BY ID")]
