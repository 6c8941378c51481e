"""What stands around the cards, and what clients at work send that no page of the docs shows."""

import socket
import ssl
import time
from urllib.parse import urlsplit

import httpx2
import pytest

from .conftest import Account, Start, errors_of, phone

pytestmark = pytest.mark.slow


def old(account: Account, path: str, body: object) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {account.token}"}
    return account.http.post(f"/api/v2/{path}", json=body, headers=headers)


def test_a_card_that_was_read_may_carry_its_fields_names_back(account: Account) -> None:
    contact = account.created("contacts", {"custom_fields_values": phone("+70000000001")})
    read = account.get(f"contacts/{contact}").json()["custom_fields_values"]
    read[0]["values"].append({"value": "+70000000002", "enum_code": "MOB"})
    assert account.patch(f"contacts/{contact}", {"custom_fields_values": read}).status_code == 200
    found = account.get(f"contacts/{contact}").json()["custom_fields_values"][0]["values"]
    assert [each["value"] for each in found] == ["+70000000001", "+70000000002"]


def test_fractions_of_a_second_are_cut_off(account: Account) -> None:
    now = time.time()
    task = account.created("tasks", {"text": "Позвонить", "complete_till": int(now) + 60.7, "_embedded": {}})
    assert account.get(f"tasks/{task}").json()["complete_till"] == int(now) + 60
    lead = account.created("leads", {"created_at": 1590830520.9})
    assert account.get(f"leads/{lead}").json()["created_at"] == 1590830520
    assert errors_of(account.post("leads", [{"price": 1.5}, {"created_at": "вчера"}])) == [
        ("InvalidType", "price"),
        ("InvalidType", "created_at"),
    ]


def test_a_chat_is_linked_with_a_lead_that_is_there_and_a_form_is_not(account: Account) -> None:
    form = account.act("site_form_lead", name="Анна", phone="1", unsorted=True)
    chat = account.act("site_form_lead", name="Вера", phone="2", unsorted=True, category="chats")
    lead = account.created("leads", {"name": "Приём"})
    link = {"link": {"entity_id": lead, "entity_type": "leads", "metadata": {"contact_id": chat["contact_id"]}}}
    assert account.post(f"leads/unsorted/{form['uid']}/link", link).status_code == 400
    answer = account.post(f"leads/unsorted/{chat['uid']}/link", link)
    assert answer.json()["_embedded"]["leads"][0]["id"] == lead
    [linked] = account.get(f"leads/{lead}?with=contacts").json()["_embedded"]["contacts"]
    assert linked["id"] == chat["contact_id"]
    assert account.get(f"leads/{chat['lead_id']}").status_code == 204
    summary = account.get("leads/unsorted/summary", params={"filter[uid]": chat["uid"]}).json()
    assert (summary["total"], summary["accepted"]) == (1, 1)


def test_talks_are_read_and_closed(account: Account) -> None:
    assert account.get("talks").status_code == 204
    contact = account.created("contacts", {"name": "Анна"})
    talk = account.act("talk", contact_id=contact)["talk_id"]
    assert account.get(f"talks/{talk}").json()["is_in_work"] is True
    assert account.post(f"talks/{talk}/close", {"force_close": True}).status_code == 202
    [shown] = account.get("talks").json()["_embedded"]["talks"]
    assert (shown["contact_id"], shown["is_in_work"]) == (contact, False)
    assert account.post("talks/99/close", {}).status_code == 404


def test_short_links_lead_to_a_contact(account: Account) -> None:
    contact = account.created("contacts", {"name": "Анна"})
    item = {"url": "https://example.org", "metadata": {"entity_type": "contacts", "entity_id": contact}}
    [made] = account.post("short_links", [item]).json()["_embedded"]["short_links"]
    assert made["url"].startswith("https://amo.sh/")
    assert (made["account_id"], made["metadata"]) == (account.about["account_id"], item["metadata"])
    assert errors_of(account.post("short_links", [{"url": "x"}])) == [("FieldMissing", "metadata")]


def test_the_widget_is_installed_with_settings_and_taken_off(account: Account) -> None:
    [shown] = account.get("widgets").json()["_embedded"]["widgets"]
    assert shown["is_active_in_account"] is False
    path = f"widgets/{shown['code']}"
    assert account.post(path, {"login": "priem"}).json()["settings"] == {"login": "priem"}
    assert account.get(path).json()["is_active_in_account"] is True
    assert account.delete(path).status_code == 204
    assert "settings" not in account.get(path).json()
    assert account.get("widgets/other").status_code == 404


def test_bots_run_for_cards_that_are_there(account: Account) -> None:
    lead = account.created("leads", {"name": "Приём"})
    [bot] = account.get("bots").json()["_embedded"]["items"]
    one = {"entity_id": lead, "entity_type": "leads"}
    ran = account.post(f"bots/{bot['id']}/run", one)
    assert (ran.status_code, ran.content) == (202, b"")
    assert account.post("bots/run", [{"bot_id": bot["id"], **one}]).status_code == 202
    assert account.post("bots/99/run", one).status_code == 404
    assert errors_of(account.post("bots/run", [{"bot_id": bot["id"], **one, "entity_id": 5}])) == [
        ("NotSupportedChoice", "entity_id")
    ]
    before = old(account, "salesbot/run", [{"bot_id": bot["id"], "entity_id": lead, "entity_type": 2}])
    assert (before.status_code, before.json()) == (202, {"success": True})
    step = {"data": {"status": "ok"}, "execute_handlers": [{"handler": "show", "params": {}}] * 11}
    assert account.post("salesbot/1/continue/2", step).status_code == 400
    assert account.post("salesbot/1/continue/2", {"data": {}}).status_code == 202


def test_the_card_of_a_call_names_who_calls(account: Account) -> None:
    contact = account.created("contacts", {"custom_fields_values": phone("8 (000) 000-00-01")})
    call = {"type": "phone_call", "phone_number": "+70000000001", "users": [1]}
    [shown] = old(account, "events/", {"add": [call]}).json()["_embedded"]["items"]
    assert (shown["element_id"], shown["element_type"], shown["phone_number"]) == (contact, 1, "+70000000001")
    assert account.http.post("/api/v2/events/", json={"add": [call]}).status_code == 401


def test_whoever_is_responsible_hears_of_a_lead_and_customers_are_not_for_this_account(account: Account) -> None:
    lead = account.created("leads", {"name": "Приём"})
    body = account.get(f"leads/{lead}/subscriptions").json()
    responsible = account.get(f"leads/{lead}").json()["responsible_user_id"]
    assert body["_embedded"]["subscriptions"] == [{"subscriber_id": responsible, "type": "user"}]
    assert account.get("customers").status_code == 402


def test_loss_reasons_are_changed_together_and_notes_pinned_by_their_card(account: Account) -> None:
    [first, second] = account.get("leads/loss_reasons").json()["_embedded"]["loss_reasons"][:2]
    changed = account.patch("leads/loss_reasons", [{"id": first["id"], "name": "А"}, {"id": second["id"], "sort": 9}])
    assert [each["id"] for each in changed.json()["_embedded"]["loss_reasons"]] == [first["id"], second["id"]]
    assert account.get(f"leads/loss_reasons/{first['id']}").json()["name"] == "А"
    assert errors_of(account.patch("leads/loss_reasons", [{"id": 5}])) == [("NotSupportedChoice", "id")]
    lead = account.created("leads", {"name": "Приём"})
    note = account.created(f"leads/{lead}/notes", {"note_type": "common", "params": {"text": "Важно"}})
    assert account.post(f"leads/{lead}/notes/{note}/pin", None).status_code == 204
    assert account.get(f"leads/{lead}/notes/{note}?with=is_pinned").json()["is_pinned"] is True
    assert account.post(f"leads/{lead + 2}/notes/{note}/unpin", None).status_code == 404


def test_clients_that_insist_on_amocrm_s_own_names_find_them_in_the_certificate(start: Start) -> None:
    about = start(tls=True).about
    trusting = ssl.create_default_context(cafile=about["ca_file"])
    address = urlsplit(about["url"])
    for name in ("ulybka.amocrm.ru", "www.amocrm.ru", "ulybka.kommo.com"):
        with (
            socket.create_connection((address.hostname, address.port or 0), 5) as plain,
            trusting.wrap_socket(plain, server_hostname=name) as led,
        ):
            assert led.getpeercert()
