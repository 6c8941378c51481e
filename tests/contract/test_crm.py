"""The contract of Crm, by the in-memory amoCRM and by the adapter on the sandbox."""

import time
from collections.abc import Iterator

import pytest

from priem.amocrm import unsorted
from priem.amocrm.crm import AmoCrm
from priem.errors import AskOperator
from priem.ports import Crm
from priem.texts import text
from tests.amocrm.kit import SandboxProcess, connected
from tests.contract.crm_contract import CrmContract, Desk
from tests.contract.fake_crm import FakeCrm
from tests.contract.writing_contract import WritingContract


class FakeDesk:
    def __init__(self) -> None:
        self.fake = FakeCrm()
        self.crm: Crm = self.fake
        self.fake.prepare()

    def add_contact(self, name: str, phone: str) -> int:
        return self.fake.add_contact(name, phone)

    def add_unsorted(self, name: str, phone: str) -> int:
        return self.fake.add_unsorted(self.fake.add_contact(name, phone))

    def unsorted(self) -> set[int]:
        return self.fake.unsorted

    def rename_contact(self, contact: int, name: str) -> None:
        self.fake.edit_contact(contact, name=name)

    def delete_contact(self, contact: int) -> None:
        self.fake.delete_contact(contact)

    def delete_lead(self, lead: int) -> None:
        self.fake.delete_lead(lead)

    def merge_contacts(self, winner: int, loser: int) -> None:
        self.fake.merge_contacts(winner, loser)

    def move_lead(self, lead: int, pipeline: int, stage: int) -> None:
        self.fake.edit_lead(lead, pipeline=pipeline, stage=stage)

    def text_field(self, entity: str) -> int:
        return self.fake.create_fields(entity, [("Проба", "text", (), "")])[0].id

    def requests(self) -> int:
        return self.fake.requests

    def now(self) -> int:
        return self.fake.now

    def pass_a_second(self) -> None:
        self.fake.now += 1

    def lose_next_answer(self) -> None:
        self.fake.lose_next_answers(1)

    def stop(self) -> None:
        self.fake.stop(AskOperator(text("The account is blocked.")))


class TestFakeCrm(CrmContract, WritingContract):
    @pytest.fixture
    def desk(self) -> Desk:
        return FakeDesk()


class SandboxDesk:
    def __init__(self, sandbox: SandboxProcess, crm: AmoCrm) -> None:
        self._sandbox = sandbox
        self._amocrm = crm
        self.crm: Crm = crm
        crm.prepare()

    def add_contact(self, name: str, phone: str) -> int:
        return int(self._sandbox.act("contact", name=name, phone=phone)["contact_id"])

    def add_unsorted(self, name: str, phone: str) -> int:
        return int(self._sandbox.act("site_form_lead", name=name, phone=phone, unsorted=True)["lead_id"])

    def unsorted(self) -> set[int]:
        return {lead for lead, _ in unsorted.waiting(self._amocrm.client)}

    def rename_contact(self, contact: int, name: str) -> None:
        self._sandbox.act("edit_contact", contact_id=contact, name=name)

    def delete_contact(self, contact: int) -> None:
        self._sandbox.act("delete_contact", contact_id=contact)

    def delete_lead(self, lead: int) -> None:
        self._sandbox.act("delete_lead", lead_id=lead)

    def merge_contacts(self, winner: int, loser: int) -> None:
        self._sandbox.act("merge_contacts", winner=winner, loser=loser)

    def move_lead(self, lead: int, pipeline: int, stage: int) -> None:
        self._sandbox.act("move_stage", lead_id=lead, pipeline_id=pipeline, status_id=stage)

    def text_field(self, entity: str) -> int:
        made = self._amocrm.create_fields("leads" if entity == "leads" else "contacts", [("Проба", "text", (), "")])[0]
        return made.id

    def requests(self) -> int:
        by_path = self._sandbox.state()["requests"]["by_path"]
        return sum(times for path, times in by_path.items() if "/_sandbox" not in path)

    def now(self) -> int:
        return int(time.time())

    def pass_a_second(self) -> None:
        began = self.now()
        while self.now() == began:
            time.sleep(0.01)

    def lose_next_answer(self) -> None:
        self._sandbox.fault("lost_after_commit", method="POST", path="/api/v4/contacts")

    def stop(self) -> None:
        self._sandbox.act("block")


@pytest.mark.slow
class TestAmoCrm(CrmContract, WritingContract):
    @pytest.fixture
    def desk(self) -> Iterator[Desk]:
        sandbox = SandboxProcess("--rate-limit", "0", "--account-rate-limit", "0")
        with connected(sandbox.config(requests_per_second=1000), sandbox.long_lived()) as crm:
            yield SandboxDesk(sandbox, crm)
        sandbox.close()


@pytest.mark.slow
class TestAmoCrmWithoutFilters(TestAmoCrm):
    """The account's alpha flag is off: amoCRM ignores filters without a word."""

    @pytest.fixture
    def desk(self) -> Iterator[Desk]:
        sandbox = SandboxProcess("--rate-limit", "0", "--account-rate-limit", "0", "--no-filters")
        with connected(sandbox.config(requests_per_second=1000), sandbox.long_lived()) as crm:
            assert not crm.account().filters_work
            yield SandboxDesk(sandbox, crm)
        sandbox.close()
