"""Talons made, moved, changed and deleted, by the API and at the desk (docs/reference/archimed.md §1.4)."""

import threading
from typing import Any

import pytest

from .conftest import Account

pytestmark = pytest.mark.slow

Json = Any


def test_a_talon_is_made_from_a_form(account: Account) -> None:
    [form] = account.slot()
    answer = account.post("talons", **form, info="Отметка")
    assert answer.json()["status"] == "Ok"
    row = account.get(f"talons/{answer.json()['id']}")
    assert [row[name] for name in ("patient_id", "date", "status_id", "status", "info", "creator")] == [
        *(1, form["date"], 1, "Запись", "Отметка", "API"),
    ]
    assert (row["begintime"], row["endtime"]) == (f"{form['begintime']}:00", f"{form['endtime']}:00")
    assert [doctor["id"] for doctor in row["docs"]] == [form["doc_id"]]


def test_a_talon_is_made_from_json_as_well_and_ends_by_the_doctors_time(account: Account) -> None:
    account.version = "v5"
    [form] = account.slot()
    del form["endtime"]
    made = account.call("POST", "talons", json=form).json()["id"]
    assert isinstance(made, str)
    [doctor] = [row for row in account.get("doctors")["data"] if row["id"] == str(form["doc_id"])]
    row = account.get(f"talons/{made}")
    minutes = [int(row[name][:2]) * 60 + int(row[name][3:5]) for name in ("begintime", "endtime")]
    assert minutes[1] - minutes[0] == int(doctor["max_time"])


@pytest.mark.parametrize(
    ("collision", "status"), [("403", 403), ("409", 409), ("400", 400), ("200", 200), ("allowed", 200)]
)
def test_a_taken_time_is_refused_in_the_chosen_way(account: Account, collision: str, status: int) -> None:
    account.change(collision=collision)
    _talon, form = account.booked()
    answer = account.post("talons", **form)
    assert answer.status_code == status
    doubled = account.sandbox.state("double_bookings")["double_bookings"][account.api_id]
    assert (answer.json()["status"] == "Ok") is (collision == "allowed") is bool(doubled)


def test_part_of_a_taken_time_is_taken_too(account: Account) -> None:
    _talon, form = account.booked()
    hour, minute = form["begintime"].split(":")
    later = {**form, "begintime": f"{hour}:{int(minute) + 5:02d}"}
    del later["endtime"]
    assert account.post("talons", **later).status_code == 403


def test_a_doctor_without_a_reception_time_is_not_to_be_booked(account: Account) -> None:
    [form] = account.slot()
    without = max(row["id"] for row in account.get("doctors")["data"])
    answer = account.post("talons", **{**form, "doc_id": without})
    assert (answer.status_code, answer.json()["message"]) == (403, "Врач не указал время приема")
    account.change(errors="text")
    assert account.post("talons", **{**form, "doc_id": without}).text == "Врач не указал время приема"


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        pytest.param({"begintime": "03:00", "endtime": "03:30"}, 403, id="nobody works at night"),
        pytest.param({"doc_id": 99}, 404, id="no such doctor"),
        pytest.param({"patient_id": 9999}, 404, id="no such patient"),
        pytest.param({"date": "2026-01-01"}, 400, id="another date format"),
        pytest.param({"doc_id": ""}, 400, id="no doctor"),
        pytest.param({"patient_id": ""}, 400, id="nobody"),
        pytest.param({"endtime": "00:10"}, 400, id="ends before it begins"),
        pytest.param({"status_id": "77"}, 400, id="a status that the clinic does not have"),
    ],
)
def test_what_makes_no_sense_is_refused_and_leaves_nothing(account: Account, wrong: Json, status: int) -> None:
    [form] = account.slot()
    before = account.get("talons", withDeleted=1)["total"]
    assert account.post("talons", **{**form, **wrong}).status_code == status
    assert account.get("talons", withDeleted=1)["total"] == before


def test_somebody_unknown_gets_a_card_or_stays_without(account: Account) -> None:
    person = {"last_name": "Лунин", "first_name": "Пётр", "birthdate": "23.04.2000", "phone": "+79005556677"}
    one, other = account.slot(2)
    del one["patient_id"], other["patient_id"]
    row = account.get(f"talons/{account.post('talons', **one, **person).json()['id']}")
    assert account.get(f"medcards/{row['patient_id']}")["birthdate"] == "23.04.2000"
    account.change(makes_medcards=False)
    row = account.get(f"talons/{account.post('talons', **other, **person).json()['id']}")
    assert [row[name] for name in ("patient_id", "number", "patient_name", "patient_phone")] == [
        *(0, "", "Лунин Пётр", "+79005556677"),
    ]


def test_a_medcard_is_made_each_time_it_is_sent(account: Account) -> None:
    sent = {"last_name": "Лунин", "first_name": "Пётр", "phone": "8 (900) 555-66-77", "phone_alt": "222"}
    ids = [account.post("medcards", **sent).json()["id"] for _ in range(2)]
    assert ids[0] != ids[1]
    row = account.get(f"medcards/{ids[0]}")
    assert (row["phone"], row["phone1"], row["birthdate"]) == ("8 (900) 555-66-77", "222", "")
    assert account.post("medcards", first_name="Пётр").status_code == 400


def test_a_status_is_changed_and_so_is_the_moment_of_change(account: Account) -> None:
    talon, _form = account.booked()
    account.http.post("/_sandbox/clock", json={"advance": 600})
    assert account.put(f"talons/{talon}", status_id=2).json() == {"status": "Ok", "id": talon}
    row = account.get(f"talons/{talon}")
    assert (row["status"], row["deleted"]) == ("Подтвержден", False)
    assert row["update_datetime"] != row["creation_datetime"]


def test_a_cancelled_talon_is_deleted_only_where_the_clinic_has_it_so(account: Account) -> None:
    for deletes in (False, True):
        account.change(cancel_deletes=deletes)
        talon, _form = account.booked()
        account.put(f"talons/{talon}", status_id=4, delete_reason_id=1)
        row = account.get(f"talons/{talon}", withDeleted=1)
        assert (row["status_id"], row["delete_reason_id"], row["deleted"]) == (4, 1, deletes)


def test_a_cancelled_talon_does_not_come_back_to_a_time_that_was_given_away(account: Account) -> None:
    talon, form = account.booked()
    account.put(f"talons/{talon}", status_id=4)
    assert account.post("talons", **form).status_code == 200
    assert account.put(f"talons/{talon}", status_id=1).status_code == 403


def test_a_move_keeps_the_id_and_the_length(account: Account) -> None:
    talon, form = account.booked()
    target = account.slot(3)[-1]
    moved = account.put(f"talons/{talon}", date=target["date"], begintime=target["begintime"])
    assert moved.status_code == 200
    row = account.get(f"talons/{talon}")
    assert (row["date"], row["begintime"]) == (target["date"], f"{target['begintime']}:00")
    assert account.post("talons", **form).status_code == 200, "the old time is free"
    back = account.put(f"talons/{talon}", date=form["date"], begintime=form["begintime"])
    assert back.status_code == 403, "and taken again"


def test_writes_may_be_ignored_though_they_are_answered_ok(account: Account) -> None:
    account.change(ignored_fields=["date", "begintime", "endtime", "info"])
    talon, form = (account.act("book", medcard=1, **_slot(account))["talon"], account.slot()[0])
    before = account.get(f"talons/{talon}")
    assert account.put(f"talons/{talon}", date=form["date"], begintime=form["begintime"], info="!").status_code == 200
    assert account.get(f"talons/{talon}") == before


def _slot(account: Account) -> Json:
    [slot] = account.act("free", count=1)["slots"]
    return {"doctor": slot["doctor"], "start": slot["start"]}


def test_a_talon_is_deleted_with_a_reason(account: Account) -> None:
    talon, _form = account.booked()
    assert account.call("DELETE", f"talons/{talon}?delete_reason_id=2").status_code == 200
    assert account.get(f"talons/{talon}", withDeleted=1)["delete_reason"] == "Перенос на другую дату"
    assert account.call("DELETE", f"talons/{talon}").status_code == 404


def test_of_many_who_want_one_slot_one_gets_it(account: Account) -> None:
    [form] = account.slot()
    answers: list[int] = []

    def ask() -> None:
        answers.append(account.post("talons", **form).status_code)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, *[403] * 7]
    assert account.sandbox.state("double_bookings")["double_bookings"] == {account.api_id: []}


def test_the_partner_books_reads_and_cancels(account: Account) -> None:
    [form] = account.slot()
    about = account.sandbox.about
    token = {"access_token": about["branches"][0]["access_token"]}
    base = about["docdoc"]
    doctors = account.http.get(f"{base}doctors", params={**token, "buildid": 1}).json()
    assert {row["type"] for row in doctors}
    assert account.http.get(f"{base}doctors", params=token).status_code == 400
    slots = account.http.get(f"{base}slot/{form['doc_id']}/{form['date']}/{form['date']}", params=token).json()
    assert form["begintime"] in [slot["start"] for slot in slots if slot["free"]]
    made = account.http.post(f"{base}talons", params=token, data=form).json()["id"]
    assert account.http.get(f"{base}talons/{made}", params=token).json()["status"] == "Запись"
    assert account.http.delete(f"{base}talons/{made}", params=token).status_code == 200
    assert account.http.get(f"{base}talons/{made}", params=token).status_code == 404
    assert account.http.get(f"{base}talons", params=token).status_code == 404, "there is no list"


# --- what the clinic's people do -------------------------------------------------------------------


def test_the_front_desk_keeps_a_diary(account: Account) -> None:
    card = account.act("patient", last_name="Лунин", first_name="Пётр", phone="222", birthdate="1990-05-04")["medcard"]
    talon = account.act("book", medcard=card, **_slot(account))["talon"]
    account.act("status", talon=talon, means="arrived")
    account.act("note", talon=talon, info="Просит окно")
    target = _slot(account)
    account.act("move", talon=talon, **target)
    row = account.get(f"talons/{talon}")
    assert [row[name] for name in ("patient_id", "patient_phone", "status", "info")] == [
        *(card, "222", "Пациент пришел", "Просит окно"),
    ]
    assert row["datetime"][11:16] == target["start"][11:16]
    account.act("cancel", talon=talon, reason=3)
    assert account.get(f"talons/{talon}")["delete_reason"] == "Болезнь врача"


def test_the_front_desk_is_refused_as_anybody_unless_it_insists(account: Account) -> None:
    talon, _form = account.booked()
    [row] = [each for each in account.sandbox.state("talons")["talons"][account.api_id] if each["id"] == talon]
    wanted = {"act": "book", "medcard": 2, "doctor": row["doctor_id"], "start": row["start"]}
    answer = account.http.post("/_sandbox/act", json=wanted)
    assert (answer.status_code, "занято" in answer.json()["error"]) == (400, True)
    forced = account.http.post("/_sandbox/act", json={**wanted, "force": True}).json()["talon"]
    assert account.sandbox.state("double_bookings")["double_bookings"][account.api_id] == [[talon, forced]]


def test_a_clinic_makes_statuses_and_reasons_of_its_own(account: Account) -> None:
    account.act("name_status", status=33, name="В резерве")
    account.act("name_reason", reason=9, name="Дубль")
    talon, _form = account.booked()
    account.put(f"talons/{talon}", status_id=33)
    assert account.get(f"talons/{talon}")["status"] == "В резерве"
    assert {"id": 9, "name": "Дубль"} in account.get("talondeletereasons")["data"]


def test_a_doctor_works_when_the_schedule_says_so(account: Account) -> None:
    [slot] = account.act("free", count=1)["slots"]
    [shift] = [
        each
        for each in account.sandbox.state("shifts")["shifts"][account.api_id]
        if each["doctor_id"] == slot["doctor"] and each["start"] <= slot["start"] < each["end"]
    ]
    [form] = account.slot()
    account.act("drop_shift", shift=shift["id"])
    assert account.post("talons", **form).status_code == 403
    account.act("add_shift", doctor=slot["doctor"], start=shift["start"], end=shift["end"], hidden=True)
    assert account.post("talons", **form).status_code == 403
    account.act("add_shift", doctor=slot["doctor"], start=shift["start"], end=shift["end"])
    assert account.post("talons", **form).status_code == 200
