"""What the API shows, and in which writing (docs/reference/archimed.md §1.3 to §1.8)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from .conftest import Account, Start

pytestmark = pytest.mark.slow

Json = Any
TALON = (
    "id patient_id number patient_name patient_phone patient_email sms_send email_send info begintime endtime date "
    "datetime room creator status_id status creation_datetime update_datetime reception_type_id reception_type "
    "com_status_id com_status info_source_id info_source record_type_id record_type owner_id delete_reason_id "
    "delete_reason deleted docs assistants agents"
)
MEDCARD = (
    "id last_name first_name middle_name birthdate phone gendertype creationdate changedate number work_name "
    "office_name profession phone1 email sms_send email_send registration_address residence_address doc_name "
    "doc_series doc_number doc_issue doc_date"
)
DOCTOR = (
    "id name name1 name2 type code max_time phone snils info zone_id zone branch_id branch category_id category "
    "scientific_degree_id scientific_degree user_id photo address building_name building_web_name primary_type_id types"
)
SERVICE = (
    "id kind code name altcode altname barcode info group_name group_id mz_code cito_cost duration base_cost "
    "purchase_price denomination unit_id unit"
)
SCHEDULE = "id build_id build_name room address kind date start end intervals"


@pytest.mark.parametrize("version", ["v4", "v5"])
@pytest.mark.parametrize(
    ("method", "fields"),
    [
        ("talons", TALON),
        ("medcards", MEDCARD),
        ("doctors", DOCTOR),
        ("services", SERVICE),
        ("groupservices", "id code name owner"),
        ("talonstatuses", "id name"),
        ("talondeletereasons", "id name"),
        ("specializations", "id name"),
        ("branchs", "id name"),
        ("buildings", "id name address"),
    ],
)
def test_rows_have_the_fields_that_were_seen(account: Account, method: str, fields: str, version: str) -> None:
    account.version = version
    found = account.get(f"{method}/", limit=1)
    assert sorted(found) == ["data", "limit", "page", "total"]
    assert set(found["data"][0]) == set(fields.split())


def test_versions_write_ids_totals_and_what_is_not_set_in_their_own_ways(account: Account) -> None:
    four = account.get("talons", limit=100)
    account.version = "v5"
    five = account.get("talons", limit=100)
    assert str(four["total"]) == five["total"]
    assert [str(row["id"]) for row in four["data"]] == [row["id"] for row in five["data"]]
    unset = next(n for n, row in enumerate(four["data"]) if not row["info_source_id"])
    assert (four["data"][unset]["info_source_id"], four["data"][unset]["info_source"]) == (0, "")
    assert (five["data"][unset]["info_source_id"], five["data"][unset]["info_source"]) == (None, None)
    assert {type(row["max_time"]) for row in account.get("doctors")["data"]} == {int, str}


def test_a_version_that_a_branch_does_not_answer_is_404(account: Account) -> None:
    account.change(versions=["v5"])
    assert account.call("GET", "doctors").status_code == 404
    assert account.call("GET", "../v5/doctors").status_code == 200


def test_doctors_may_be_named_as_in_the_vendors_samples(account: Account) -> None:
    account.change(v4={"doctor_names": "last_name"})
    row = account.get("doctors", limit=1)["data"][0]
    assert {"last_name", "first_name", "middle_name"} <= set(row)
    assert "name1" not in row


def test_pages_follow_each_other_by_id_and_echo_the_limit_that_was_used(account: Account) -> None:
    account.version = "v5"
    account.change(v5={"max_limit": 10})
    pages = [account.get("medcards", limit=5000, page=number) for number in (1, 2, 3, 4)]
    assert [page["limit"] for page in pages] == [10] * 4
    ids = [int(row["id"]) for page in pages for row in page["data"]]
    assert ids == sorted(set(ids))
    assert len(ids) == int(pages[0]["total"]) == 30


def test_lists_may_begin_with_the_latest(account: Account) -> None:
    account.change(newest_first=True)
    assert [row["id"] for row in account.get("medcards", limit=2)["data"]] == [30, 29]


def test_a_card_that_the_clinic_threw_away_is_gone(account: Account) -> None:
    account.act("delete_patient", medcard=3)
    assert account.call("GET", "medcards/3").status_code == 404
    assert account.get("medcards")["total"] == 29


def test_a_page_of_thousands_comes_in_one(start: Start) -> None:
    account = start(patients=3000, visits=0, history=0)
    assert len(account.get("medcards", limit=20_000, **{"fields[]": "id"})["data"]) == 3000


def test_only_the_fields_that_are_asked_for(account: Account) -> None:
    found = account.call("GET", "medcards?fields[]=id&fields[]=last_name&limit=2").json()["data"]
    assert [sorted(row) for row in found] == [["id", "last_name"]] * 2


def test_a_phone_is_found_only_as_it_is_stored(account: Account) -> None:
    card = account.act("patient", last_name="Иванов", first_name="Сергей", phone="+7 (900) 111-22-33")["medcard"]

    def ids(phone: str) -> list[int]:
        found = account.get("medcards", **{"filters[0][field]": "phone", "filters[0][value]": phone})
        return [row["id"] for row in found["data"]]

    assert ids("+7 (900) 111-22-33") == [card]
    assert ids("79001112233") == []
    account.change(ignored_filters=["phone"])
    assert len(ids("79001112233")) == 20


def test_deleted_talons_show_only_on_request(account: Account) -> None:
    talon, _form = account.booked()
    account.act("delete", talon=talon, reason=1)
    assert account.call("GET", f"talons/{talon}").status_code == 404
    row = account.get(f"talons/{talon}", withDeleted=1)
    assert (row["deleted"], row["delete_reason_id"], row["delete_reason"]) == (True, 1, "Отказ пациента")
    listed = [found["id"] for found in account.get("medcards/1/talons", withDeleted=1, limit=100)["data"]]
    assert talon in listed
    assert talon not in [found["id"] for found in account.get("medcards/1/talons", limit=100)["data"]]


def test_a_window_counts_where_the_version_knows_windows(account: Account) -> None:
    everything = account.get("talons", limit=100)["data"]
    some_day = everything[0]["date"]
    within = [row["id"] for row in everything if row["date"] == some_day]
    assert len(within) < len(everything)
    assert account.get("talons", limit=100, date_from=some_day, date_to=some_day)["data"] == everything
    account.change(v4={"windows": True})
    found = account.get("talons", limit=100, date_from=some_day, date_to=some_day)["data"]
    assert [row["id"] for row in found] == within
    assert account.call("GET", "talons?date_from=2026-03-01").status_code == 400


def test_times_are_local_and_have_no_zone(start: Start) -> None:
    account = start(branches=2, now=datetime(2026, 3, 10, 21, 30, tzinfo=UTC), frozen=True)
    made = [each.get(f"talons/{each.booked()[0]}") for each in (account, account.other())]
    assert [row["creation_datetime"] for row in made] == ["11.03.2026 00:30:00", "11.03.2026 02:30:00"]
    assert [row["update_datetime"] for row in made] == [row["creation_datetime"] for row in made]
    assert made[0]["datetime"] == f"{made[0]['date']} {made[0]['begintime']}"


def grid(account: Account, first: date, last: date) -> list[Json]:
    period = {"date_from": f"{first:%d.%m.%Y}", "date_to": f"{last:%d.%m.%Y}"}
    found: list[Json] = account.get("intervals/", **period)["doctors"]
    return found


def test_the_grid_has_an_envelope_and_ids_of_its_own(account: Account) -> None:
    tomorrow = date.today() + timedelta(days=1)  # noqa: DTZ011  # a schedule of weeks
    doctors = grid(account, tomorrow, tomorrow + timedelta(days=6))
    working = next(doctor for doctor in doctors if doctor["schedules"])
    assert set(working) == {"id", "name", "primary_spec", "primary_spec_id", "specs", "schedules"}
    schedule = working["schedules"][0]
    assert set(schedule) == set(SCHEDULE.split())
    assert [type(value) for value in (working["id"], working["primary_spec_id"], schedule["id"])] == [int, str, str]
    assert schedule["intervals"][0]["start"] == schedule["start"]
    assert {type(slot["free"]) for slot in schedule["intervals"]} == {bool}


def test_days_around_the_window_come_along(account: Account) -> None:
    day = date.today() + timedelta(days=7)  # noqa: DTZ011  # a schedule of weeks

    def days() -> set[str]:
        return {each["date"] for doctor in grid(account, day, day) for each in doctor["schedules"]}

    assert days() - {f"{day:%d.%m.%Y}"}
    account.change(spilled_days=0)
    assert days() <= {f"{day:%d.%m.%Y}"}


def test_a_slot_is_busy_as_soon_as_it_is_booked_and_free_again_after_a_cancellation(account: Account) -> None:
    [form] = account.slot()
    day = datetime.strptime(form["date"], "%d.%m.%Y").date()  # noqa: DTZ007  # the API has no zones

    def free() -> bool:
        doctor = next(each for each in grid(account, day, day) if each["id"] == form["doc_id"])
        shifts = [each for each in doctor["schedules"] if each["date"] == form["date"]]
        return any(slot["free"] for each in shifts for slot in each["intervals"] if slot["start"] == form["begintime"])

    assert free()
    talon = account.post("talons", **form).json()["id"]
    assert not free()
    account.put(f"talons/{talon}", status_id=4)
    assert free()


def test_who_never_set_a_reception_time_has_no_grid(account: Account) -> None:
    doctors = account.get("doctors")["data"]
    [without] = [row["id"] for row in doctors if row["max_time"] == 0]
    today = date.today()  # noqa: DTZ011  # a schedule of weeks
    shown = {doctor["id"]: doctor["schedules"] for doctor in grid(account, today, today + timedelta(days=13))}
    assert shown[without] == []
    assert all(shown[row["id"]] for row in doctors if row["id"] != without)


def test_branches_share_ids_and_nothing_else(start: Start) -> None:
    first = start(branches=2)
    second = first.other()
    assert first.get("medcards/1") != second.get("medcards/1")
    names = [
        {row["id"]: row["name"] for row in each.get("talonstatuses", limit=50)["data"]} for each in (first, second)
    ]
    assert names[0][4] == names[1][4]
    assert names[0][5] != names[1][5]


def test_an_installation_may_lack_methods(start: Start) -> None:
    first = start(branches=2)
    assert first.call("GET", "categories").status_code == 200
    assert first.other().call("GET", "categories").status_code == 404
    first.change(missing={"DELETE talons": 405, "buildings": 404})
    assert first.call("DELETE", "talons/1").status_code == 405
    assert first.call("GET", "talons/1").status_code == 200
    assert first.call("GET", "buildings").status_code == 404
    assert first.call("GET", "branches").status_code == 404
    assert first.call("PUT", "medcards/1", data={"phone": "1"}).status_code == 405


def test_departments_and_specialities_narrow_doctors_down(account: Account) -> None:
    doctors = account.get("doctors")["data"]
    speciality = doctors[0]["primary_type_id"]
    found = account.get("doctors", type_id=speciality)["data"]
    assert [row["id"] for row in found] == [
        row["id"] for row in doctors if speciality in [each["id"] for each in row["types"]]
    ]


def test_the_price_list_is_a_tree(account: Account) -> None:
    groups = {row["id"]: row for row in account.get("groupservices", limit=100)["data"]}
    services = account.get("services", limit=500)["data"]
    assert {row["group_id"] for row in services} <= set(groups)
    assert {row["owner"] for row in groups.values()} - {0} <= set(groups)
    inner = services[0]["group_id"]
    assert {row["group_id"] for row in account.get("services", group_id=inner)["data"]} == {inner}
    assert 0 in {row["duration"] for row in services}
