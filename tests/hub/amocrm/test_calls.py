"""Calls that amoCRM's telephony has noted reach IDENT, as IDENT's own program asks for them."""

import json
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from priem.amocrm.calls import CallDraft
from priem.engine.settings import Calls
from priem.hub.clock import SystemClock
from priem.hub.ident.listening import CallWatch
from priem.hub.ident.services import open_service
from tests.engine.clinic import ANNA, Mis
from tests.hub.amocrm.office import Office
from tests.hub.ident_program import Ident
from tests.mis.ident.clinic import Sandbox, Watch
from tests.warm import ran

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
OWN = "+78122223344"


def watch(office: Office, *, clock: Watch | None = None, give: bool = True) -> CallWatch:
    settings = Calls(give=give, number=OWN)
    clock = clock or Watch()
    return CallWatch(clinic_id=office.clinic.pk, client=office.crm.client, clock=clock, settings=settings)


def note_calls(office: Office, *calls: CallDraft) -> None:
    for outcomes in office.crm.write_calls(calls):
        assert [outcome.reason for outcome in outcomes] == [None] * len(outcomes)


def heard(ident: Ident) -> Sequence[Any]:
    rows = ident.rows("GetFinishedCalls")
    return [
        (row["Direction"], row["PhoneFrom"], row["PhoneTo"], row["TalkInSeconds"], row["RecordUrl"]) for row in rows
    ]


def test_calls_of_amocrm_are_in_idents_history_once_each(office: Office) -> None:
    office.act("contact", name="Анна Белова", phone=ANNA)
    lately = int(time.time()) - 600
    link = "https://records.example.org/1.mp3"
    note_calls(
        office,
        CallDraft(
            ref="1", direction="inbound", phone=ANNA, seconds=75, source="АТС", unique="u-1", at=lately, link=link
        ),
        CallDraft(ref="2", direction="outbound", phone=ANNA, seconds=0, source="АТС", unique="u-2", at=lately + 60),
    )
    ident, clock = Ident(open_service(office.clinic.pk, "ident", "Europe/Moscow")), Watch()
    ears = watch(office, clock=clock)

    for _ in range(2):
        ears(Mis("ident"))
        clock.advance(120)

    assert heard(ident) == [("in", ANNA, OWN, 75, link), ("out", OWN, ANNA, None, None)]
    note_calls(
        office, CallDraft(ref="3", direction="inbound", phone=ANNA, seconds=5, source="АТС", at=int(time.time()))
    )
    ears(Mis("ident"))
    assert len(heard(ident)) == 3
    assert ident.rows("GetOngoingCalls", "") == []


def test_without_the_setting_nobody_asks_for_calls(office: Office) -> None:
    open_service(office.clinic.pk, "ident", "Europe/Moscow")
    asked = len(office.requests)

    watch(office, give=False)(Mis("ident"))

    assert len(office.requests) == asked


def test_idents_own_program_takes_a_call_that_goes_on_and_then_the_finished_one(
    office: Office, live_server: LiveServer
) -> None:
    service = open_service(office.clinic.pk, "ident", "Europe/Moscow")
    telephony, now = Ident(service), SystemClock().now().replace(microsecond=0)
    rings = {"Id": "u-9", "DateAndTime": now.isoformat(), "Direction": "in", "PhoneFrom": ANNA, "PhoneTo": OWN}
    sandbox = Sandbox(patients=5, visits=2)
    try:
        told = []
        for news in (
            {},
            {
                "AnsweredAt": (now + timedelta(seconds=3)).isoformat(),
                "EndedAt": (now + timedelta(seconds=9)).isoformat(),
            },
        ):
            answer = telephony.post({**rings, **news}, "calls", Authorization=f"Bearer {service.applications_key}")
            assert answer.status_code == 200, answer.content
            told.append(program(live_server.url + service.path, service.key, sandbox))
    finally:
        sandbox.stop()

    assert [(said["GetOngoingCalls"], said["GetFinishedCalls"]) for said in told] == [(1, 0), (0, 1)]


def program(url: str, key: str, sandbox: Sandbox) -> dict[str, int]:
    """IDENT asks for everything once; how many rows each method gave."""
    command = ["-m", "priem.sandbox.ident_client", f"--url={url}", f"--key={key}", "--once"]
    done = ran([*command, "--port", str(sandbox.facts["port"])], check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {said["method"]: said["rows"] for said in lines}
