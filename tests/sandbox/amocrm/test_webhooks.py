"""Webhooks: who is told what, in which form, and how patiently."""

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from .conftest import Account, Json, Start, errors_of, phone

pytestmark = pytest.mark.slow


class Receiver:
    """A server that keeps what comes; `status` is what it answers, `delay` how long it thinks."""

    def __init__(self) -> None:
        self.raw: list[str] = []
        self.bodies: list[dict[str, str]] = []
        self.gets: list[str] = []
        self.status = 200
        self.delay = 0.0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["content-length"])).decode()
                assert self.headers["content-type"] == "application/x-www-form-urlencoded"
                outer.raw.append(raw)
                outer.bodies.append(dict(parse_qsl(raw, keep_blank_values=True)))
                self._reply()

            def do_GET(self) -> None:
                outer.gets.append(self.path)
                self._reply()

            def _reply(self) -> None:
                time.sleep(outer.delay)
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            request_queue_size = 256

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


def until(true: Callable[[], object], seconds: float = 10) -> None:
    """Wait for a condition; fail when it does not come."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def subscribe(account: Account, receiver: Receiver, *settings: str, path: str = "/hook") -> Json:
    answer = account.post("webhooks", {"destination": receiver.url + path, "settings": list(settings)})
    assert answer.status_code == 201, answer.text
    return answer.json()


def outcomes(account: Account) -> Json:
    return account.state("deliveries")["deliveries"]["outcomes"]


def test_the_same_destination_is_updated(account: Account, receiver: Receiver) -> None:
    assert account.get("webhooks").status_code == 204
    first = subscribe(account, receiver, "add_lead")
    second = subscribe(account, receiver, "add_lead", "update_lead")
    assert (first["id"], second["settings"]) == (second["id"], ["add_lead", "update_lead"])
    [listed] = account.get("webhooks", params={"filter[destination]": second["destination"]}).json()["_embedded"][
        "webhooks"
    ]
    assert listed["disabled"] is False
    assert account.delete("webhooks", {"destination": second["destination"]}).status_code == 204
    assert account.delete("webhooks", {"destination": second["destination"]}).status_code == 404


@pytest.mark.parametrize(
    "item",
    [
        {"destination": "not a url", "settings": ["add_lead"]},
        {"destination": "https://пример.рф/", "settings": ["add_lead"]},
        {"destination": "https://example.org/", "settings": []},
        {"destination": "https://example.org/", "settings": ["add_everything"]},
        {"settings": ["add_lead"]},
    ],
)
def test_bad_subscriptions_are_refused(account: Account, item: Json) -> None:
    assert account.post("webhooks", item).status_code == 400


def test_at_most_a_hundred_subscriptions(account: Account) -> None:
    for index in range(100):
        item = {"destination": f"http://127.0.0.1:9/{index}", "settings": ["add_lead"]}
        assert account.post("webhooks", item).status_code == 201
    assert (
        account.post("webhooks", {"destination": "http://127.0.0.1:9/x", "settings": ["add_lead"]}).status_code == 400
    )
    assert errors_of(account.post("webhooks", {"destination": "http://127.0.0.1:9/y", "settings": ["x"]}))


def test_a_stage_change_is_told_in_brackets_and_strings(account: Account, receiver: Receiver) -> None:
    subscribe(account, receiver, "status_lead")
    field = account.created("leads/custom_fields", {"type": "date", "name": "Дата"})
    values = [{"field_id": field, "values": [{"value": 1542067200}]}]
    lead = account.created(
        "leads", {"name": "Приём", "tags_to_add": [{"name": "Сайт"}], "custom_fields_values": values}
    )
    stages = account.stages()
    account.patch(f"leads/{lead}", {"status_id": stages["Записан"]})
    until(lambda: receiver.bodies)
    [body] = receiver.bodies
    assert body["leads[status][0][id]"] == str(lead)
    assert body["leads[status][0][status_id]"] == str(stages["Записан"])
    assert body["leads[status][0][old_status_id]"] == str(stages["Новая заявка"])
    assert body["leads[status][0][tags][0][name]"] == "Сайт"
    assert body["leads[status][0][custom_fields][0][values][0]"] == "1542067200"
    assert body["account[subdomain]"] == account.about["subdomain"]
    assert body["account[id]"] == str(account.about["account_id"])


def test_companies_come_under_contacts_with_their_type(account: Account, receiver: Receiver) -> None:
    subscribe(account, receiver, "add_contact", "update_company")
    account.created("contacts", {"name": "Анна", "custom_fields_values": phone("8903")})
    company = account.created("companies", {"name": "ООО"})
    account.patch(f"companies/{company}", {"name": "АО"})
    until(lambda: len(receiver.bodies) == 2)
    person = next(body for body in receiver.bodies if "contacts[add][0][id]" in body)
    assert person["contacts[add][0][type]"] == "contact"
    assert person["contacts[add][0][custom_fields][0][code]"] == "PHONE"
    assert person["contacts[add][0][custom_fields][0][values][0][value]"] == "8903"
    assert person["contacts[add][0][custom_fields][0][values][0][enum]"].isdecimal()
    other = next(body for body in receiver.bodies if "contacts[update][0][id]" in body)
    assert (other["contacts[update][0][type]"], other["contacts[update][0][id]"]) == ("company", str(company))


def test_notes_tasks_deletions_and_responsible_people_are_told(account: Account, receiver: Receiver) -> None:
    subscribe(account, receiver, "note_lead", "add_task", "delete_lead", "responsible_lead")
    lead = account.created("leads", {})
    account.post("leads/notes", [{"entity_id": lead, "note_type": "common", "params": {"text": "Боится"}}])
    account.post(
        "tasks", [{"text": "Позвонить", "complete_till": 1577836800, "entity_id": lead, "entity_type": "leads"}]
    )
    users = [user["id"] for user in account.state("users")["users"] if user["is_active"]]
    account.patch(f"leads/{lead}", {"responsible_user_id": users[1]})
    account.act("delete_lead", lead_id=lead)
    until(lambda: len(receiver.bodies) == 4)
    merged = {key: value for body in receiver.bodies for key, value in body.items()}
    assert merged["leads[note][0][note][text]"] == "Боится"
    assert merged["leads[note][0][note][element_id]"] == str(lead)
    assert merged["task[add][0][complete_till]"] == "2020-01-01 03:00:00"
    assert merged["leads[responsible][0][old_responsible_user_id]"] == str(users[0])
    assert merged["leads[delete][0][id]"] == str(lead)


def test_a_bad_reply_is_tried_again_by_the_table(start: Start, receiver: Receiver) -> None:
    account = start(webhook_time_scale=100_000)
    receiver.status = 404
    subscribe(account, receiver, "add_lead")
    account.post("leads", [{}])
    until(lambda: outcomes(account).get("given_up") == 1)
    assert len(receiver.bodies) == 3
    receiver.status = 500
    account.post("leads", [{}])
    until(lambda: outcomes(account).get("given_up") == 2)
    assert len(receiver.bodies) == 3 + 5


def test_a_reply_after_two_seconds_is_no_reply(start: Start, receiver: Receiver) -> None:
    account = start(webhook_time_scale=100)
    receiver.delay = 2.3
    subscribe(account, receiver, "add_lead")
    account.post("leads", [{}])
    until(lambda: account.state("deliveries")["deliveries"]["latest"][0]["replies"] == [499])
    receiver.delay = 0
    until(lambda: outcomes(account).get("delivered") == 1)
    assert len(receiver.bodies) == 2


def test_a_hundred_bad_replies_switch_it_off_and_subscribing_again_switches_it_on(
    start: Start, receiver: Receiver
) -> None:
    account = start()
    receiver.status = 500
    subscribe(account, receiver, "add_lead")
    account.post("leads", [{} for _ in range(101)])
    until(lambda: account.state("webhooks")["webhooks"][0]["disabled"])
    account.post("leads", [{}])
    assert len(receiver.bodies) == 101
    receiver.status = 200
    assert subscribe(account, receiver, "add_lead")["disabled"] is False
    account.post("leads", [{}])
    until(lambda: len(receiver.bodies) == 102)


def test_hooks_are_lost_doubled_late_and_reordered_on_order(account: Account, receiver: Receiver) -> None:
    subscribe(account, receiver, "add_lead")
    names = "leads[add][0][name]"
    account.fault("webhook_lost")
    account.post("leads", [{"name": "потерян"}])
    account.fault("webhook_doubled")
    account.post("leads", [{"name": "дважды"}])
    until(lambda: len(receiver.bodies) == 2)
    account.fault("webhook_reordered", seconds=5)
    account.post("leads", [{"name": "первый"}])
    account.post("leads", [{"name": "второй"}])
    until(lambda: len(receiver.bodies) == 4)
    assert [body[names] for body in receiver.bodies] == ["дважды", "дважды", "второй", "первый"]
    account.fault("webhook_late", seconds=0.3)
    begun = time.monotonic()
    account.post("leads", [{"name": "поздно"}])
    until(lambda: len(receiver.bodies) == 5)
    assert time.monotonic() - begun >= 0.3


def test_nothing_is_sent_beyond_this_machine(start: Start) -> None:
    account = start(webhook_time_scale=1_000_000)
    assert account.post("webhooks", {"destination": "http://192.0.2.1/x", "settings": ["add_lead"]}).status_code == 201
    account.post("leads", [{}])
    until(lambda: outcomes(account).get("given_up") == 1, 3)


def test_switching_the_integration_off_calls_the_uninstall_hook(account: Account, receiver: Receiver) -> None:
    account.act("set", uninstall_url=f"{receiver.url}/uninstall")
    account.act("uninstall")
    until(lambda: receiver.gets)
    query = parse_qs(urlsplit(receiver.gets[0]).query)
    assert query["client_uuid"] == [account.about["client_id"]]
    assert len(query["signature"][0]) == 64
    assert account.get("account").status_code == 401


def test_installing_the_widget_calls_the_redirect_uri_without_a_state(start: Start, receiver: Receiver) -> None:
    account = start(redirect_uri=f"{receiver.url}/callback")
    code = account.act("install_widget")["code"]
    until(lambda: receiver.gets)
    query = parse_qs(urlsplit(receiver.gets[0]).query)
    assert (query["code"], query["from_widget"], query["platform"]) == ([code], ["1"], ["1"])
    assert "state" not in query
