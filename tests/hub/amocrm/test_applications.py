"""A lead goes to IDENT as an application, its fate is told in it, and the visit that staff make from it is its own."""

import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jwt
import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from priem.booking import Refused
from priem.engine.bindings import bind
from priem.engine.kinds import Moved
from priem.engine.settings import StageName, StageTrigger, StageTriggers, Tickets
from priem.engine.sync import Clinic as Parts
from priem.hub.amocrm.access import note_account
from priem.hub.booking.receptions import reception
from priem.hub.clock import SystemClock
from priem.hub.ident.following import TicketWatch
from priem.hub.ident.handing import Handing
from priem.hub.ident.services import open_service
from priem.hub.models import IdentTicket
from priem.mis.ahead import ReadAhead
from priem.model import Lead
from priem.passes import one_pass
from tests.hub.amocrm.office import PIPELINE, SETTINGS, Office
from tests.mis.ident.clinic import IdentClinic, Sandbox
from tests.warm import ran

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

NUMBERS = itertools.count()
ACCEPTED, DISCARDED = "Подтверждён", "Закрыто и не реализовано"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox(patients=5, visits=2)
    yield sandbox
    sandbox.stop()


class Desk:
    """The clinic's IDENT, its amoCRM, and Priem between them."""

    def __init__(self, office: Office, sandbox: Sandbox, url: str) -> None:
        self.office = office
        tickets = Tickets(
            accepted_stage=StageName(pipeline=PIPELINE, stage=ACCEPTED),
            discarded_stage=StageName(pipeline=PIPELINE, stage=DISCARDED),
        )
        trigger = StageTrigger(pipeline=PIPELINE, stage="Пришёл", does="ticket")
        settings = replace(SETTINGS, tickets=tickets, triggers=StageTriggers(rules=(trigger,)))
        office.bound = bind(settings, office.account)
        self.service = open_service(office.clinic.pk, "ident", "Europe/Moscow")
        self.clinic = IdentClinic(sandbox, connection="ident")
        self.clinic.do("DELETE FROM OnlineTickets")  # an account's leads begin with the same id in every test
        self.source = ReadAhead(self.clinic.open())
        self.url = url + self.service.path
        self.handing = Handing(clinic=office.data, crm=office.crm, account=office.account, bound=office.bound)
        self.watch = TicketWatch(
            clinic_id=office.clinic.pk, crm=office.crm, store=office.store, bound=office.bound, clock=SystemClock()
        )

    def request(self, name: str, phone: str, lead_name: str = "Заявка с сайта") -> int:
        """A lead of the site's form, with its contact."""
        made = self.office.act("site_form_lead", name=name, phone=phone, lead_name=lead_name)
        return int(made["lead_id"])

    def ident_asks(self) -> None:
        command = ["-m", "priem.sandbox.ident_client", f"--url={self.url}", f"--key={self.service.key}"]
        command += ["--once", "--port", str(self.clinic.sandbox.facts["port"])]
        ran(command, check=True)

    def sync(self) -> None:
        self.office.wait_for_hooks()
        parts = Parts(
            crm=self.office.crm,
            store=self.office.store,
            bound=self.office.bound,
            clock=SystemClock(),
            ears=self.office.ears,
            reception=reception(self.office.clinic.pk, self.office.crm, self.office.bound, {}),
            acts={"ticket": self.handing},
            chores=(self.watch,),
        )
        for _ in one_pass((self.source,), parts):
            pass

    def notes(self, lead: int) -> list[str]:
        found = self.office.state("notes")["notes"]
        return [note["params"]["text"] for note in found if note["entity_id"] == lead and "text" in note["params"]]

    def stage_of(self, lead: int) -> str:
        stages = {stage.id: stage.name for each in self.office.account.pipelines for stage in each.stages}
        return stages[self.office.stages_there()[lead]]

    def moved(self, lead: int) -> Moved:
        trigger = StageTrigger(pipeline=PIPELINE, stage="Записан", does="ticket")
        return Moved(ref="move:1", trigger=trigger, lead=Lead(id=lead, name="", pipeline=1, stage=2))


@pytest.fixture
def desk(office: Office, sandbox: Sandbox, live_server: LiveServer) -> Iterator[Desk]:
    desk = Desk(office, sandbox, live_server.url)
    yield desk
    desk.clinic.close()


def test_a_lead_goes_to_ident_and_the_visit_made_from_it_on_another_phone_is_its_own(desk: Desk) -> None:
    lead = desk.request("Вера Ершова", "+7 921 333-44-66")
    other = desk.request("Вера Ершова", "+7 921 333-44-66", "Ещё одна")
    desk.handing(desk.moved(lead))
    desk.handing(desk.moved(lead))
    desk.ident_asks()
    desk.sync()

    assert [row[0] for row in desk.clinic.ask("SELECT SourceProviderUid FROM OnlineTickets")] == [f"amo-{lead}"]
    [note] = desk.notes(lead)
    assert note.startswith("Заявка в IDENT: принята")
    assert desk.stage_of(lead) == ACCEPTED

    visit = desk.clinic.book(desk.clinic.register("Ершова", "+7 921 777-00-11"))
    desk.sync()

    keys = {row["id"]: json.dumps(row, ensure_ascii=False) for row in desk.office.state("leads")["leads"]}
    assert [id_ for id_, written in keys.items() if f'"ident:{visit}"' in written] == [lead]
    assert f'"ident:{visit}"' not in keys[other]
    assert desk.notes(lead) == [note]
    assert desk.clinic.writes() == []


def test_moving_a_lead_to_the_chosen_stage_hands_it_over_by_itself(desk: Desk) -> None:
    lead = desk.request("Анна Белова", "+79213334455")
    desk.sync()
    desk.office.act("move_stage", lead_id=lead, status="Пришёл", pipeline_id=desk.office.bound.first_stage[0])
    desk.sync()
    desk.sync()

    rows = IdentTicket.objects.of(desk.office.clinic.pk)
    assert [(row.ticket, row.lead) for row in rows] == [(f"amo-{lead}", lead)]


def test_an_application_thrown_away_is_told_once_and_a_lead_that_a_manager_moved_stays(desk: Desk) -> None:
    thrown, moved = desk.request("Анна Белова", "+79213334455"), desk.request("Борис Белов", "+79217778899")
    for lead in (thrown, moved):
        desk.handing.hand_over(lead)
    desk.ident_asks()
    desk.office.act("move_stage", lead_id=moved, status="Пришёл", pipeline_id=desk.office.bound.first_stage[0])
    desk.clinic.do(f"UPDATE OnlineTickets SET IsTrash = 1 WHERE SourceProviderUid = N'amo-{thrown}'")  # noqa: S608  # ours
    desk.sync()
    desk.sync()

    assert desk.notes(thrown) == ["Заявка в IDENT: отклонена там."]
    assert desk.stage_of(thrown) == DISCARDED
    assert desk.stage_of(moved) == "Пришёл"
    assert len(desk.notes(moved)) == 1


def press(desk: Desk, client: Client, lead: int, user: int = 87, **changed: Any) -> HttpResponse:
    """The button in the lead's card, as the widget presses it for a user of amoCRM."""
    clinic, now = desk.office.data, int(time.time())
    claims: dict[str, Any] = {
        "iss": clinic.base_url,
        "aud": "https://priem.example.org",
        "client_uuid": clinic.client_id,
        "jti": str(next(NUMBERS)),
        "nbf": now,
        "exp": now + 600,
        "account_id": desk.office.account.id,
        "user_id": user,
        **changed,
    }
    token = jwt.encode(claims, clinic.client_secret, "HS256")
    answer = client.post(f"/amocrm/tickets/{lead}", headers={"X-Auth-Token": token})
    assert isinstance(answer, HttpResponse)
    return answer


def test_the_button_in_the_card_hands_a_lead_over_once_for_those_who_may(desk: Desk, client: Client) -> None:
    note_account(desk.office.clinic.pk, desk.office.account.id)
    lead = desk.request("Анна Белова", "+79213334455")
    first, again = press(desk, client, lead), press(desk, client, lead)

    assert (first.status_code, again.status_code) == (201, 200)
    assert json.loads(again.content)["state"] == "Заявка в IDENT: ждёт, пока IDENT её запросит."
    assert press(desk, client, lead, account_id=1).status_code == 403

    nobody = {"booking": {"others": False}}
    type(desk.office.clinic).objects.filter(pk=desk.office.clinic.pk).update(settings=nobody)
    refused = press(desk, client, desk.request("Борис Белов", "+79217778899"))
    assert refused.status_code == 403
    assert "error" in json.loads(refused.content)


@pytest.mark.parametrize(
    ("contact", "said"),
    [
        ({"name": "Анна", "phone": "спросить у мужа"}, "ClientPhone"),
        (None, "нет контакта"),
    ],
)
def test_what_ident_would_not_take_is_refused_in_words(desk: Desk, contact: dict[str, Any] | None, said: str) -> None:
    lead = desk.request(**contact) if contact else int(desk.office.act("lead", name="Пустая")["lead_id"])

    with pytest.raises(Refused) as refused:
        desk.handing(desk.moved(lead))

    assert said in refused.value.what.read("ru")
    assert not IdentTicket.objects.of(desk.office.clinic.pk).exists()
