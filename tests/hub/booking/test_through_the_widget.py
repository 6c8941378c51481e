"""What the widget's frames ask, with a session of theirs: where it is answered, and what of."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from priem.configuration import settings_as_json
from priem.engine.booking_rights import of_user
from priem.engine.settings import Bookings, StageName, UserBooking
from priem.hub.booking.receptions import opened
from priem.hub.clinics import load_clinic, save_clinic
from priem.hub.models import VisitLink
from priem.hub.widget import sessions
from priem.hub.widget.window import SALT, to_be_moved
from tests.hub.booking.clinic import KEY, PIPELINE, SETTINGS, ApiClinic

pytestmark = pytest.mark.slow

USER = 501
OTHER_PIPELINE = "Повторные"


def asks(api: ApiClinic, question: str, *, lead: int = 0, pipeline: int = 0, **query: Any) -> Any:
    return Client().get(f"/widget/api/{question}", query, headers=shown_by(api, lead, pipeline))


def shown_by(api: ApiClinic, lead: int, pipeline: int = 0) -> dict[str, str]:
    session = sessions.Session(clinic=api.id, user=USER, lead=lead, pipeline=pipeline)
    return {"Authorization": f"Bearer {sessions.written(session)}"}


def booked(api: ApiClinic) -> tuple[int, str]:
    lead, (time,) = api.request(), api.free()
    answer = api.post("book", ref=f"widget-{lead}", connection=KEY, lead=lead, time=time)
    assert answer.status_code == 200, answer.content.decode()
    return lead, str(answer.json()["visit"])


def test_the_journal_is_answered_in_its_pipelines_alone(api: ApiClinic) -> None:
    shown_there = replace(SETTINGS, booking=Bookings(journal_in=(OTHER_PIPELINE,)))
    save_clinic(replace(load_clinic("smile"), settings=settings_as_json(shown_there)))
    pipelines = {each["name"]: each["id"] for each in api.crm("pipelines")["pipelines"]}
    lead = api.request()
    [place] = asks(api, "window", lead=lead).json()["places"]
    today = date.fromisoformat(place["today"])
    days = {"place": place["key"], "first": f"{today}", "last": f"{today}"}

    refused = [asks(api, "journal", lead=lead, **days), asks(api, "journal", pipeline=pipelines[PIPELINE], **days)]

    assert [answer.status_code for answer in refused] == [422, 422]
    assert refused[0].json()["said"] == "Журнал записей показывается в других воронках."
    assert asks(api, "window", lead=lead).json()["journal"] is False
    there = pipelines[OTHER_PIPELINE]
    assert asks(api, "journal", pipeline=there, **days).status_code == 200
    assert asks(api, "window", pipeline=there).json()["journal"] is True
    long = days | {"last": f"{today + timedelta(days=60)}"}
    assert asks(api, "journal", pipeline=there, **long).status_code == 422


def test_a_visit_that_the_mis_knows_no_more_leaves_the_way_to_another_one(api: ApiClinic) -> None:
    lead, visit = booked(api)
    assert asks(api, "panel", lead=lead).json()["state"] == "visit"
    VisitLink.objects.of(api.id).filter(visit=visit.partition(":")[2]).update(visit="99999999")

    panel = asks(api, "panel", lead=lead).json()

    assert (panel["state"], panel["books"]) == ("none", True)


def test_a_visit_in_a_branch_of_others_is_not_shown_to_be_moved(api: ApiClinic) -> None:
    lead, visit = booked(api)
    elsewhere = UserBooking(user=f"{USER}", branches=("garden",))
    with opened(load_clinic("smile")) as office:
        bound = replace(office.reception.bound, booking_users={USER: elsewhere})
        narrowed = replace(office, reception=replace(office.reception, bound=bound))

        assert to_be_moved(narrowed, of_user(USER), visit, lead) is None
        shown = to_be_moved(narrowed, of_user(USER + 1), visit, lead)

    assert shown
    assert shown["key"] == visit


def test_only_whom_the_leads_card_shows_may_be_asked_for_without_a_phone(api: ApiClinic) -> None:
    lead, visit = booked(api)
    said = asks(api, "window", lead=lead).json()
    known = said["patient"]["known"][KEY]
    wanted = {"place": said["places"][0]["key"], "name": "", "phone": ""}

    def told(asked_for: str) -> list[str]:
        return [one["id"] for one in asks(api, "people", lead=lead, **wanted, known=asked_for).json()["people"]]

    assert told(known["seal"]) == [known["id"]]
    assert told(known["id"]) == told(f"{KEY}:{known['id']}") == told(visit) == []
    assert told(signing.dumps([api.id + 1, f"{KEY}:{known['id']}"], salt=SALT)) == []
    assert told(signing.dumps([api.id, f"garden:{known['id']}"], salt=SALT)) == []


def test_no_application_goes_from_a_hidden_stage(api: ApiClinic) -> None:
    lead = api.request()
    api.manager("move_stage", lead_id=lead, status="Подтверждён")
    hidden = replace(SETTINGS, booking=Bookings(hidden_in=(StageName(pipeline=PIPELINE, stage="Подтверждён"),)))
    save_clinic(replace(load_clinic("smile"), settings=settings_as_json(hidden)))

    answer = Client().post(
        "/widget/api/apply", {"ref": f"apply-{lead}"}, content_type="application/json", headers=shown_by(api, lead)
    )

    assert asks(api, "panel", lead=lead).json()["state"] == "hidden"
    assert (answer.status_code, answer.json()["said"]) == (422, "Из сделок на этом этапе не записывают.")
