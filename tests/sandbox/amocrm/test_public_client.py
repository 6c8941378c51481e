"""A client from PyPI that knows nothing of this sandbox works against it as it is."""

import asyncio
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from aioamocrm import (
    AmoCRMClient,
    AuthError,
    Contact,
    JsonFileTokenStorage,
    Lead,
    LongLivedToken,
    Note,
    NotFoundError,
    OAuth2,
    Task,
    ValidationError,
    parse_webhook,
)
from aioamocrm import Embedded as EmbeddedOf

from .conftest import Account
from .test_webhooks import Receiver, receiver, until

pytestmark = pytest.mark.slow
__all__ = ["receiver"]


def client(account: Account) -> AmoCRMClient:
    """With the long-lived token."""
    return AmoCRMClient(base_url=account.sandbox.url, auth=LongLivedToken(account.token), rate_limit=None)


def oauth(account: Account, file: Path) -> OAuth2:
    """With a pair that is kept in a file."""
    about = account.about
    storage = JsonFileTokenStorage(str(file))
    return OAuth2(about["client_id"], about["client_secret"], about["redirect_uri"], storage)


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def test_tokens_are_exchanged_and_rotated(account: Account, tmp_path: Path) -> None:
    async def work() -> None:
        auth = oauth(account, tmp_path / "tokens.json")
        async with AmoCRMClient(base_url=account.sandbox.url, auth=auth, rate_limit=None) as amo:
            first = await amo.exchange_code(account.about["code"])
            assert (await amo.account.get()).id == account.about["account_id"]
            account.act("expire_access_tokens")
            answers = await asyncio.gather(*(amo.account.get() for _ in range(5)))
            assert {each.id for each in answers} == {account.about["account_id"]}
            kept = await auth.storage.load()
            assert kept is not None
            assert kept.refresh_token != first.refresh_token
            with pytest.raises(AuthError):
                await amo.exchange_code(account.about["code"])

    run(work())
    assert account.state("tokens")["tokens"]["refresh_issued"] == 2


def test_contacts_and_leads_are_made_read_changed_and_paged(account: Account) -> None:
    async def work() -> None:
        async with client(account) as amo:
            items = []
            for index in range(120):
                contact = Contact(first_name="Анна", last_name=f"№ {index}")
                contact.set_field("PHONE", f"+7000{index:07d}", enum_code="WORK")
                items.append(contact)
            made = await amo.contacts.create(items)
            assert len({ref.id for ref in made}) == 120
            read = [contact async for contact in amo.contacts.iterate(limit=50, with_=["leads"])]
            assert [contact.id for contact in read] == [ref.id for ref in made]
            assert read[5].field_value("PHONE") == "+70000000005"
            [lead] = await amo.leads.create([Lead(name="Приём", price=500)])
            assert lead.id is not None
            await amo.leads.link(lead.id, "contacts", made[0].id or 0, metadata={"is_main": True})
            found = await amo.leads.get(lead.id, with_="contacts")
            assert found.price == 500
            await amo.leads.update([Lead(id=lead.id, status_id=142)])
            assert (await amo.leads.get(lead.id)).status_id == 142
            changed = [each async for each in amo.leads.iterate(filter={"updated_at": {"from": int(time.time()) - 60}})]
            assert [each.id for each in changed] == [lead.id]
            with pytest.raises(NotFoundError):
                await amo.leads.get(1)

    run(work())


def test_complex_leads_fields_pipelines_users_tasks_and_notes(account: Account) -> None:
    async def work() -> None:
        async with client(account) as amo:
            contact = Contact(first_name="Екатерина")
            contact.set_field("PHONE", "+70000000001", enum_code="WORK")
            [made] = await amo.leads.create_complex([Lead(name="С сайта", embedded=EmbeddedOf(contacts=[contact]))])
            assert made.id is not None
            assert made.contact_id is not None
            fields = [each async for each in amo.contacts.custom_fields.iterate()]
            assert "PHONE" in {field.code for field in fields}
            pipelines = await amo.pipelines.list()
            assert [each.name for each in pipelines] == ["Записи", "Повторные"]
            users = [each async for each in amo.users.iterate()]
            assert any(user.name == "Ирина Владимировна" for user in users)
            task = Task(text="Позвонить", complete_till=int(time.time()) + 60, entity_id=made.id, entity_type="leads")
            [ref] = await amo.tasks.create([task])
            await amo.tasks.complete(ref.id or 0, result="Готово")
            assert (await amo.tasks.get(ref.id or 0)).is_completed is True
            [note] = await amo.leads.notes.create([Note.common(made.id, "Боится уколов")])
            assert (await amo.leads.notes.get(note.id or 0, entity_id=made.id)).note_type == "common"
            assert [link.to_entity_id for link in await amo.leads.links(made.id)] == [made.contact_id]

    run(work())


def test_a_refusal_is_read_with_its_issues(account: Account) -> None:
    async def work() -> None:
        async with client(account) as amo:
            with pytest.raises(ValidationError) as caught:
                await amo.leads.create([{"name": "хорошая"}, {"nonsense": 1}])
            [issue] = caught.value.errors
            assert (issue.request_id, issue.code, issue.path) == ("1", "FieldNotExpected", "nonsense")

    run(work())
    assert account.state("counts")["counts"]["leads"] == 0


def test_its_parser_reads_our_webhooks(account: Account, receiver: Receiver) -> None:
    item = {"destination": f"{receiver.url}/hook", "settings": ["status_lead", "add_contact", "note_lead"]}
    assert account.post("webhooks", item).status_code == 201
    made = account.act("site_form_lead", name="Анна Белова", phone="+70000000001", price=100)
    account.act("move_stage", lead_id=made["lead_id"], status="Записан")
    until(lambda: len(receiver.raw) == 2)
    hooks = [parse_webhook(raw) for raw in receiver.raw]
    events = {(event.entity, event.action): event for hook in hooks for event in hook.events}
    assert events["contacts", "add"].field_value("PHONE") == "+70000000001"
    assert events["leads", "status"].id == made["lead_id"]
    assert events["leads", "status"].payload["status_id"] == str(account.stages()["Записан"])
    assert {hook.account_id for hook in hooks} == {account.about["account_id"]}
