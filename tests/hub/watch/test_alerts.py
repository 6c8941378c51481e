"""Who is told of incidents: by mail and by webhook, once; and what Prometheus gets to see."""

import json
import socketserver
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from priem.configuration import parse
from priem.errors import AskOperator
from priem.hub.models import Clinic, Incident
from priem.hub.watch import alerts
from priem.texts import text

FILE = {"clinic": {"slug": "smile", "name": "Улыбка"}, "amocrm": {"url": "https://smile.amocrm.ru"}}
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class Post(socketserver.ThreadingTCPServer):
    """A mail server that takes every letter."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        self.letters: list[bytes] = []
        super().__init__(("127.0.0.1", 0), PostCounter)


class PostCounter(socketserver.StreamRequestHandler):
    server: Post

    def handle(self) -> None:
        self.say("220 here")
        for line in self.rfile:
            word = line.split()[0].upper()
            if word == b"DATA":
                self.say("354 go on")
                self.server.letters.append(b"".join(iter(self.rfile.readline, b".\r\n")))
            self.say("221 bye" if word == b"QUIT" else "250 fine")

    def say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


class Chat(ThreadingHTTPServer):
    """Takes what is posted, with the status that it is told to answer."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.status = 200
        super().__init__(("127.0.0.1", 0), ChatHandler)


class ChatHandler(BaseHTTPRequestHandler):
    server: Chat

    def do_POST(self) -> None:
        self.server.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    with Post() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        monkeypatch.setenv("PRIEM_SMTP", f"smtp://127.0.0.1:{server.server_address[1]}")
        monkeypatch.setenv("PRIEM_ALERT_MAIL", "head@clinic.example, engineer@clinic.example")
        yield server
        server.shutdown()


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    with Chat() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        monkeypatch.setenv("PRIEM_ALERT_WEBHOOK", f"http://127.0.0.1:{server.server_address[1]}/hook")
        yield server
        server.shutdown()


def incident(clinic: Clinic, kind: str = "stopped") -> Incident:
    return Incident.objects.create(
        clinic=clinic,
        kind=kind,
        what=text("amoCRM cannot be reached."),
        advice=text("Nothing needs to be done: Priem tries again by itself."),
        began_at=NOON,
    )


def test_an_incident_is_mailed_once_when_it_begins_and_once_when_it_is_over(clinic: Clinic, post: Post) -> None:
    row = incident(clinic)
    for minute in range(5):
        alerts.send_due(NOON + timedelta(minutes=minute))
    Incident.objects.of(clinic.pk).filter(pk=row.pk).update(over_at=NOON + timedelta(minutes=5))
    for minute in range(5, 9):
        alerts.send_due(NOON + timedelta(minutes=minute))

    first, last = map(message_from_bytes, post.letters)
    assert first["To"] == "head@clinic.example, engineer@clinic.example"
    body = first.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert "Ничего делать не нужно" in body.decode()
    assert first["Subject"] != last["Subject"]


def whole(letter: bytes) -> tuple[str, str, str]:
    """To whom, about what, and the words."""
    message = message_from_bytes(letter, policy=default)
    body = message.get_body()
    assert body
    return str(message["To"]), str(message["Subject"]), str(body.get_content())


def test_a_clinic_with_addresses_of_its_own_gets_its_own_incidents_and_no_others(clinic: Clinic, post: Post) -> None:
    Clinic.objects.filter(pk=clinic.pk).update(settings={"alerts": {"mail": ["anna@smile.example"]}})
    other = Clinic.objects.create(slug="mira", name="Мира")
    incident(Clinic.objects.get(pk=clinic.pk))
    incident(other)
    alerts.send_due(NOON)
    told = {to: about for to, about, _ in map(whole, post.letters)}
    assert set(told) == {"anna@smile.example", "head@clinic.example, engineer@clinic.example"}
    assert "Улыбка" in told["anna@smile.example"]
    assert "Мира" in told["head@clinic.example, engineer@clinic.example"]


def test_what_only_the_engineer_can_mend_is_told_to_the_hub_too_in_a_letter_of_its_own(
    clinic: Clinic, post: Post
) -> None:
    Clinic.objects.filter(pk=clinic.pk).update(settings={"alerts": {"mail": ["anna@smile.example"]}})
    incident(Clinic.objects.get(pk=clinic.pk), "disk")
    alerts.send_due(NOON)
    alerts.send_due(NOON)
    assert sorted(to for to, _, _ in map(whole, post.letters)) == [
        "anna@smile.example",
        "head@clinic.example, engineer@clinic.example",
    ]


def test_a_clinic_alone_may_have_addresses(clinic: Clinic, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PRIEM_ALERT_MAIL")
    incident(clinic)
    alerts.send_due(NOON)
    assert not post.letters
    Clinic.objects.filter(pk=clinic.pk).update(settings={"alerts": {"mail": ["anna@smile.example"]}})
    alerts.send_due(NOON)
    assert len(post.letters) == 1


def test_the_letter_that_it_is_over_says_how_long_it_was_and_what_was_made_up_for(clinic: Clinic, post: Post) -> None:
    row = incident(clinic)
    alerts.send_due(NOON)
    Incident.objects.of(clinic.pk).filter(pk=row.pk).update(over_at=NOON + timedelta(minutes=50), caught_up=12)
    alerts.send_due(NOON + timedelta(minutes=51))
    _, about, words = whole(post.letters[-1])
    assert about == "Priem: Улыбка: закончилось: amoCRM закрыта для Priem"
    assert "вдогонку: 12" in words
    assert "Ничего делать не нужно" not in words


def test_what_is_no_address_is_said_beside_its_field_and_in_the_file(admin_client: Client, clinic: Clinic) -> None:
    url = reverse("settings_section", args=[clinic.slug, "alerts"])
    russian = {"accept-language": "ru"}
    shown = admin_client.post(url, {"alerts_mail": "anna@smile.example\nанна"}, headers=russian).content.decode()
    assert "«анна» — не почтовый адрес." in shown
    assert Clinic.objects.get(pk=clinic.pk).settings == {}
    admin_client.post(url, {"alerts_mail": "anna@smile.example\n"}, headers=russian)
    assert Clinic.objects.get(pk=clinic.pk).settings == {"alerts": {"mail": ["anna@smile.example"]}}
    with pytest.raises(AskOperator) as refused:
        parse({**FILE, "alerts": {"mail": ["a@b.example, c@d.example"]}})
    assert "alerts.mail" in refused.value.what.read("ru")


def test_a_webhook_gets_it_as_data(clinic: Clinic, chat: Chat) -> None:
    incident(clinic)
    alerts.send_due(NOON)
    alerts.send_due(NOON)
    [told] = chat.told
    assert {name: told[name] for name in ("event", "clinic", "kind")} == {
        "event": "began",
        "clinic": "smile",
        "kind": "stopped",
    }


def test_what_mends_itself_within_two_minutes_wakes_nobody(clinic: Clinic, chat: Chat) -> None:
    incident(clinic, "away")
    alerts.send_due(NOON + timedelta(minutes=1))
    assert chat.told == []
    alerts.send_due(NOON + timedelta(minutes=3))
    assert len(chat.told) == 1


def test_who_could_not_be_told_is_told_later(clinic: Clinic, chat: Chat) -> None:
    incident(clinic)
    chat.status = 503
    alerts.send_due(NOON)
    chat.status = 200
    alerts.send_due(NOON)
    alerts.send_due(NOON)
    assert len(chat.told) == 2


def test_healthz_counts_kinds_and_names_nobody(client: Client, clinic: Clinic) -> None:
    incident(clinic)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["state"], answer.json()["incidents"]) == (200, "degraded", {"stopped": 1})
    assert "smile" not in answer.content.decode()


def test_metrics_are_for_this_machine_or_whoever_has_the_token(
    client: Client, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident(clinic)
    written = client.get("/metrics").content.decode()
    assert 'priem_incidents{clinic="smile",kind="stopped"} 1.0' in written
    assert client.get("/metrics", headers={"x-forwarded-for": "1.2.3.4"}).status_code == 403
    assert client.get("/metrics", REMOTE_ADDR="1.2.3.4").status_code == 403

    monkeypatch.setenv("PRIEM_METRICS_TOKEN", "a-token")
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"authorization": "Bearer a-token"}).status_code == 200
