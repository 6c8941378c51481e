"""The booking API on both sandboxes: what the window in a lead's card asks for, and what it is told."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from priem.booking import RefusalKind, Refused
from priem.cli.app import app
from priem.engine.booking_rights import of_user
from priem.engine.settings import UserBooking
from priem.hub.booking.receptions import RECEPTIONS, opened
from priem.hub.booking.window import Window
from priem.hub.clinics import ClinicData, load_clinic
from priem.hub.models import AccountCopy
from tests.engine.clinic import ANNA
from tests.hub.booking.clinic import KEY, ApiClinic

pytestmark = pytest.mark.slow


def told(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.content.decode()
    return answer.json()


def booking(api: ApiClinic, lead: int, time: dict[str, str], ref: str = "") -> Any:
    return api.post("book", ref=ref or f"click-{lead}", connection=KEY, lead=lead, time=time)


def booked(api: ApiClinic) -> tuple[int, str, dict[str, str]]:
    """A lead, its visit, and the time."""
    lead, (time,) = api.request(), api.free()
    return lead, str(told(booking(api, lead, time))["visit"]), time


def lead_in(api: ApiClinic, id_: int) -> Any:
    return next(row for row in api.crm("leads")["leads"] if row["id"] == id_)


def test_the_window_finds_what_it_needs(api: ApiClinic) -> None:
    (connection,) = told(api.get("dictionaries"))["connections"]

    assert connection["connection"] == KEY
    assert {"book", "cancel"} <= set(connection["abilities"])
    assert all(connection[name] for name in ("branches", "doctors", "services", "statuses", "cancel_reasons"))
    (time,) = api.free()
    day = time["starts_at"][:10]
    shifts = told(api.get("schedule", connection=KEY, first=day, last=day, doctor=time["doctor"]))["shifts"]
    free = {slot["starts_at"] for shift in shifts for slot in shift["slots"] if slot["free"]}
    assert {shift["doctor"] for shift in shifts} == {time["doctor"]}
    assert time["starts_at"] in free


def test_a_visit_is_booked_from_a_lead_and_the_next_pass_finds_its_lead(api: ApiClinic) -> None:
    api.run_pass()
    lead, visit, time = booked(api)

    before = len(api.crm("leads")["leads"])
    api.run_pass()
    api.run_pass()

    assert len(api.crm("leads")["leads"]) == before
    panel = told(api.get(f"leads/{lead}"))
    assert (panel["visit"]["id"], panel["visit"]["starts_at"]) == (visit, time["starts_at"])
    assert (panel["books"], panel["requests"]) == (True, [])
    assert panel["contact"]["last_name"] == "Белова"
    assert [one["phones"] for one in panel["patients"]] == [[ANNA]]
    tasks = [task for task in api.crm("tasks")["tasks"] if task["entity_id"] == lead]
    assert [task["text"] for task in tasks] == ["Позвонить: Белова Анна Игоревна"]


def test_a_double_click_books_once_and_another_lead_is_told_what_is_free(api: ApiClinic) -> None:
    lead, (time,) = api.request(), api.free()
    first = told(booking(api, lead, time, "one"))
    again = told(booking(api, lead, time, "one"))
    assert first == again
    assert told(api.get("requests/one")) == first

    other = told(booking(api, api.request("Иванов Иван", "+79217778899"), time, "two"), 409)

    assert (other["outcome"], other["kind"], other["reason"]) == ("refused", "busy", "Это время занято.")
    assert other["nearest"]
    assert all(free["starts_at"] != time["starts_at"] for free in other["nearest"])
    assert told(api.get("requests/nobody"), 404)["reason"]


def test_a_visit_is_moved_marked_changed_and_cancelled(api: ApiClinic) -> None:
    lead, visit, _ = booked(api)
    _, later = api.free(2)

    told(api.post("reschedule", ref="m", visit=visit, time=later))
    told(api.post("status", ref="s", visit=visit, status="confirmed"))
    told(api.post("update", ref="u", visit=visit, comment="Опоздает"))

    panel = told(api.get(f"leads/{lead}"))["visit"]
    assert (panel["starts_at"], panel["status"]) == (later["starts_at"], "confirmed")
    assert "Опоздает" in panel["comment"]
    told(api.post("cancel", ref="c", visit=visit))
    assert told(api.get(f"leads/{lead}"))["visit"]["status"] == "cancelled"
    assert told(api.post("cancel", ref="d", visit=visit))["outcome"] == "done"
    assert told(api.post("reschedule", ref="e", visit=visit, time=later), 409)["kind"] == "changed"


def test_a_lost_answer_is_no_second_booking(api: ApiClinic) -> None:
    lead, (time,) = api.request(), api.free()
    before = talons_at(api, time)  # a visit that was cancelled may have been there
    api.archimed.fault("lost_after_commit", method="POST", path="/talons")

    answer = told(booking(api, lead, time))

    (made,) = talons_at(api, time) - before
    assert answer["visit"] == f"{KEY}:{made}"


def talons_at(api: ApiClinic, time: dict[str, Any]) -> set[int]:
    (talons,) = api.archimed.state("talons")["talons"].values()
    place = (time["doctor"], time["starts_at"][:19])
    return {one["id"] for one in talons if (str(one["doctor_id"]), one["start"]) == place}


def test_a_lead_that_is_moved_confirms_its_visit(api: ApiClinic) -> None:
    api.run_pass()
    lead, _, _ = booked(api)
    api.run_pass()
    api.manager("move_stage", lead_id=lead, status="Подтверждён")

    api.run_pass()
    api.run_pass()

    assert told(api.get(f"leads/{lead}"))["visit"]["status"] == "confirmed"


@pytest.mark.parametrize(
    ("what", "sent", "places"),
    [
        ("book", {"ref": "x", "connection": KEY}, ["time"]),
        ("book", {"ref": "x", "connection": KEY, "tine": 1, "time": {"doctor": "8"}},
         ["time.ends_at", "time.starts_at", "tine"]),
        ("cancel", {}, ["ref", "visit"]),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(api: ApiClinic, what: str, sent: dict[str, Any], places: list[str]) -> None:
    answer = told(api.post(what, **sent), 400)

    assert answer["places"] == places
    assert answer["reason"].startswith("Запрос не читается")


def test_nobody_else_books_here(api: ApiClinic) -> None:
    api.client.logout()
    assert api.get("dictionaries").status_code == 302
    assert api.post("book").status_code == 302


def test_whoever_books_elsewhere_only_looks_up_nobody_here(api: ApiClinic) -> None:
    only_elsewhere = UserBooking(user="501", branches=("garden",))
    with opened(load_clinic(api.clinic.slug)) as found:
        bound = replace(found.reception.bound, booking_users={501: only_elsewhere})
        window = Window(replace(found.reception, bound=bound), of_user(501))
        with pytest.raises(Refused) as no:
            window.patients(KEY, ANNA)
    assert no.value.kind is RefusalKind.NOT_ALLOWED


def test_a_time_without_a_zone_is_refused(api: ApiClinic) -> None:
    naive = datetime(2030, 1, 1).isoformat()  # noqa: DTZ001 - that is the point
    time = {"doctor": "8", "starts_at": naive, "ends_at": naive}

    assert told(booking(api, 1, time), 400)["places"] == ["time.ends_at", "time.starts_at"]


def at_the_terminal(*arguments: str) -> tuple[int, str]:
    ran = CliRunner().invoke(app, ["visit", *arguments])
    return ran.exit_code, ran.output


def test_the_same_goes_at_the_terminal(api: ApiClinic) -> None:
    (time,) = api.free()
    when = time["starts_at"][:16].replace("T", " ")
    booking = ("book", "--doctor", time["doctor"], "--at", when, "--name", "Белова Анна", "--phone", ANNA, "--json")
    code, said = at_the_terminal(*booking, "--ref", "one")
    answer = json.loads(said.splitlines()[-1])
    assert (code, answer["outcome"]) == (0, "done"), said

    assert at_the_terminal(*booking, "--ref", "one")[0] == 0
    assert at_the_terminal(*booking, "--ref", "two")[0] == 1
    code, said = at_the_terminal("schedule", "--from", when[:10], "--days", "1", "--doctor", time["doctor"])
    assert (code, "Свободно" in said) == (0, True)
    assert f"{when[8:10]}.{when[5:7]}.{when[:4]}" in said
    assert at_the_terminal("status", answer["visit"], "confirmed")[0] == 0
    assert at_the_terminal("cancel", answer["visit"])[0] == 0
    assert at_the_terminal("outcome", "one")[0] == 0


def test_after_a_start_nobody_waits_until_the_account_is_read_again(api: ApiClinic) -> None:
    told(api.get("dictionaries"))
    RECEPTIONS.close()
    before = api.amocrm.sandbox.log.total

    told(api.get("dictionaries"))

    assert api.amocrm.sandbox.log.total == before


def test_a_changed_clinic_is_asked_anew_and_an_old_account_is_read_behind_whoever_asks(api: ApiClinic) -> None:
    told(api.get("dictionaries"))
    clinic = load_clinic(api.clinic.slug)
    with RECEPTIONS.of(clinic) as first, RECEPTIONS.of(clinic) as again:
        assert first is again
    with RECEPTIONS.of(replace(clinic, client_id="another")) as changed:
        assert changed is not first

    RECEPTIONS.close()
    AccountCopy.objects.of(clinic.id).update(taken_at=datetime.now(UTC) - timedelta(hours=1))
    with RECEPTIONS.of(clinic) as old:
        assert old.age > 3000
    with RECEPTIONS.of(clinic):
        pass  # whoever asks next sets the reading off
    deadline = time.monotonic() + 20
    while (left := newest_age(clinic)) > 3000:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


def newest_age(clinic: ClinicData) -> float:
    with RECEPTIONS.of(clinic) as office:
        return office.age
