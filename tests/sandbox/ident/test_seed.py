"""The invented clinic: the same for the same seed, and with every trouble of a real one in it."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import phonenumbers
import pytest

from priem.sandbox.ident.clock import Clock
from priem.sandbox.ident.engine import Database
from priem.sandbox.ident.schema import ident_schema
from priem.sandbox.ident.seed import Wishes, seed

NOON = datetime(2026, 3, 3, 12, 0)  # noqa: DTZ001  # a clinic's naive time
Look = Callable[[str], list[tuple[object, ...]]]
TABLES = (
    "Persons",
    "Patients",
    "Receptions",
    "CurrentTimeTable",
    "Orders",
    "OrderServiceRelation",
    "PaymentsIn",
    "Items",
)


def seeded(number: int, wishes: Wishes | None = None) -> Database:
    database = Database(ident_schema(), Clock(ZoneInfo("Europe/Moscow"), NOON), compatibility=2012)
    seed(database, wishes or Wishes(patients=400, visits=150, seed=number))
    return database


def contents(database: Database) -> dict[str, list[tuple[object, ...]]]:
    connection = database.plain_connection()
    try:
        return {table: connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in TABLES}  # noqa: S608  # names
    finally:
        connection.close()


@pytest.fixture(scope="module")
def look() -> Iterator[Look]:
    database = seeded(1, Wishes(patients=4000, visits=1500, seed=1))
    connection = database.plain_connection()
    yield lambda sql: connection.execute(sql).fetchall()
    connection.close()
    database.close()


def test_a_seed_makes_the_same_clinic_again_and_another_one_another() -> None:
    one, again, other = seeded(1), seeded(1), seeded(2)
    assert contents(one) == contents(again)
    assert contents(one)["Persons"] != contents(other)["Persons"]
    for database in (one, again, other):
        database.close()


def test_sizes_are_as_wished(look: Look) -> None:
    assert look("SELECT COUNT(*) FROM Patients") == [(4000,)]
    assert look("SELECT COUNT(*) FROM Receptions WHERE PlanStart > '2026-03-03 12:00:00.000'") == [(1500,)]
    assert look("SELECT COUNT(*) > 1000 FROM Receptions WHERE PlanStart < '2026-03-03 12:00:00.000'") == [(1,)]


def test_no_history_and_no_visits_are_possible() -> None:
    database = seeded(1, Wishes(patients=5, visits=0, history=0, seed=1))
    assert contents(database)["Receptions"] == []
    database.close()


TROUBLES = {
    "several branches": "SELECT COUNT(DISTINCT ID_OwnCompanies) >= 2 FROM Armchairs",
    "doctors with two professions": "SELECT COUNT(*) FROM (SELECT ID_Staffs FROM Items GROUP BY 1 HAVING COUNT(*) > 1)",
    "administrators": "SELECT COUNT(*) FROM Items WHERE ID_ProfessionNames = 20",
    "parent and child on one phone": "SELECT COUNT(*) FROM Patients WHERE ParentSNP IS NOT NULL",
    "no phone": "SELECT COUNT(*) FROM Persons p JOIN Patients c ON c.ID_Persons = p.ID WHERE MobilePhone = ''",
    "two numbers in one field": "SELECT COUNT(*) FROM Persons WHERE length(MobilePhone) > 22",
    "+89": "SELECT COUNT(*) FROM Persons WHERE MobilePhone LIKE '+89%'",
    "no number at all": "SELECT COUNT(*) FROM Persons WHERE MobilePhone IN ('нет', '0000000')",
    "an extension": "SELECT COUNT(*) FROM Persons WHERE MobilePhone LIKE '%доб.%'",
    "a letter in a number": "SELECT COUNT(*) FROM Persons WHERE MobilePhone LIKE '8___О%'",
    "birthdays dd.mm.yyyy": "SELECT COUNT(*) FROM Persons WHERE Birthday LIKE '__.__.____'",
    "birthdays ISO": "SELECT COUNT(*) FROM Persons WHERE Birthday LIKE '____-__-__'",
    "birthdays empty": "SELECT COUNT(*) FROM Persons p JOIN Patients c ON c.ID_Persons = p.ID WHERE Birthday = ''",
    "birthdays nonsense": (
        "SELECT COUNT(*) FROM Persons WHERE Birthday IN ('00.00.0000', '31.02.1990', 'неизв.', '1985')"
    ),
    "spaces too many": "SELECT COUNT(*) FROM Persons WHERE Surname LIKE '% ' OR Name LIKE '% '",
    "ё": "SELECT COUNT(*) FROM Persons WHERE Surname LIKE '%ё%'",
    "hyphens": "SELECT COUNT(*) FROM Persons WHERE Surname LIKE '%-%'",
    "no patronymic": "SELECT COUNT(*) FROM Persons WHERE Patronymic = ''",
    "empty card numbers": "SELECT COUNT(*) FROM Patients WHERE CardNumber = ''",
    "cards without DateTimeChanged": "SELECT COUNT(*) FROM Patients WHERE DateTimeChanged IS NULL",
    "archived patients": "SELECT COUNT(*) FROM Patients WHERE ID_ArchivingReasons IS NOT NULL",
    "never treated": "SELECT COUNT(*) FROM Patients WHERE FirstVisit IS NULL AND Status = 1",
    "coming, without patient": (
        "SELECT COUNT(*) FROM Receptions WHERE ID_Patients IS NULL AND PlanStart > '2026-03-03 12'"
    ),
    "doctor in the cell only": "SELECT COUNT(*) FROM Receptions r JOIN CurrentTimeTable c ON c.ID_Receptions = r.ID "
    "WHERE r.ID_Staffs IS NULL AND c.ID_Staffs IS NOT NULL",
    "coming and cancelled": (
        "SELECT COUNT(*) FROM Receptions WHERE ReceptionCanceled IS NOT NULL AND PlanStart > '2026-03-03 12'"
    ),
    "moved": "SELECT COUNT(*) FROM Receptions n JOIN Receptions o ON o.ID = n.ID_ReceptionsTransferFrom "
    "WHERE o.ID_ReceptionCancelReasons = 6 AND o.ID_Patients = n.ID_Patients",
    "moved twice": "SELECT COUNT(*) FROM Receptions n JOIN Receptions o ON o.ID = n.ID_ReceptionsTransferFrom "
    "WHERE o.ID_ReceptionsTransferFrom IS NOT NULL",
    "confirmed": "SELECT COUNT(*) FROM Receptions WHERE IsNotified = 1 AND DateTimeNotified IS NOT NULL",
    "closed as no-shows": "SELECT COUNT(*) FROM Receptions WHERE ID_ReceptionCancelReasons = 8 "
    "AND ReceptionCanceled = PlanEnd "
    "AND PatientAppeared IS NULL",
    "overdue": (
        "SELECT COUNT(*) FROM Receptions WHERE PlanEnd < '2026-03-03 12' AND ReceptionCanceled IS "
        "NULL AND PatientAppeared IS NULL"
    ),
    "billed": "SELECT COUNT(*) FROM Receptions WHERE CheckIssued IS NOT NULL",
    "ended, not billed": "SELECT COUNT(*) FROM Receptions WHERE ReceptionEnded IS NOT NULL AND CheckIssued IS NULL",
    "two orders of a visit": "SELECT COUNT(*) FROM (SELECT ID_Receptions FROM Orders "
    "WHERE ID_Receptions IS NOT NULL GROUP BY 1 "
    "HAVING COUNT(*) > 1)",
    "an order without a visit": "SELECT COUNT(*) FROM Orders WHERE ID_Receptions IS NULL",
    "discounts": "SELECT COUNT(*) FROM OrderServiceRelation WHERE DiscountSum > 0",
    "clocks half a second apart": "SELECT COUNT(*) FROM Receptions WHERE DateTimeChanged < ReceptionCanceled "
    "AND DateTimeChanged > datetime(ReceptionCanceled, '-1 second')",
    "a doctor who has left": "SELECT COUNT(*) FROM Staffs WHERE Archive = 1",
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_the_trouble_is_there(look: Look, trouble: str) -> None:
    assert int(str(look(TROUBLES[trouble])[0][0])) > 0


def test_many_cards_share_one_moment_of_change(look: Look) -> None:
    moments = Counter(row[0] for row in look("SELECT DateTimeChanged FROM Persons"))
    assert moments.most_common(1)[0][1] > 200


def test_about_one_patient_in_twelve_shares_a_phone(look: Look) -> None:
    def key(written: str) -> str:
        return "".join(sign for sign in written if sign.isdigit())[-10:]

    phones = [
        key(str(row[0]))
        for row in look("SELECT MobilePhone FROM Persons JOIN Patients ON ID_Persons = ID WHERE MobilePhone <> ''")
    ]
    counted = Counter(phone for phone in phones if len(phone) == 10)
    shared = sum(count for count in counted.values() if count > 1)
    assert 0.05 < shared / 4000 < 0.13


def test_phones_that_are_meant_to_be_valid_are(look: Look) -> None:
    rows = [str(row[0]) for row in look("SELECT MobilePhone FROM Persons JOIN Patients ON ID_Persons = ID")]
    numbers = [row for row in rows if set(row) <= set("0123456789+-() ") and 10 <= sum(map(str.isdigit, row)) <= 11]
    written = [number for number in numbers if not number.startswith("+8") and number != "8912345678"]
    valid = sum(phonenumbers.is_valid_number(phonenumbers.parse(phone, "RU")) for phone in written)
    assert valid / len(written) > 0.99


def test_visits_lie_on_the_grid_and_only_uncancelled_ones_have_cells(look: Look) -> None:
    assert look("SELECT COUNT(*) FROM Receptions WHERE strftime('%M', PlanStart) NOT IN ('00', '15', '30', '45')") == [
        (0,)
    ]
    assert look("SELECT COUNT(*) FROM CurrentTimeTable c JOIN Receptions r ON r.ID = c.ID_Receptions "
                "WHERE r.ReceptionCanceled IS NOT NULL") == [(0,)]  # fmt: skip
    assert look("SELECT COUNT(*) FROM Receptions r WHERE r.ReceptionCanceled IS NULL AND r.PlanStart > '2026-03-03 12' "
                "AND NOT EXISTS (SELECT 1 FROM CurrentTimeTable c WHERE c.ID_Receptions = r.ID)") == [(0,)]  # fmt: skip


def test_nothing_has_changed_in_the_future(look: Look) -> None:
    for table in ("Persons", "Patients", "Receptions", "Orders"):
        assert look(f"SELECT COUNT(*) FROM {table} WHERE DateTimeChanged > '2026-03-03 12:00:01'") == [(0,)]  # noqa: S608  # names


def test_every_reference_leads_somewhere(look: Look) -> None:
    assert look("PRAGMA foreign_key_check") == []
