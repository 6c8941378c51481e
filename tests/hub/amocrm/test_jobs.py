"""IDENT's CRM jobs as tasks of amoCRM: once each whatever becomes of answers, closed when IDENT closes them."""

# ruff: noqa: S608 - the SQL of a test is put together of its own values

from collections.abc import Iterator
from dataclasses import replace

import pytest

from priem.engine.bindings import bind
from priem.engine.settings import Jobs
from priem.hub.ident.jobs import JobWatch
from priem.hub.models import CopiedJob
from priem.mis.ahead import ReadAhead
from priem.model import PatientKey
from priem.tasks import TaskDraft
from tests.hub.amocrm.office import SETTINGS, Office
from tests.mis.ident.clinic import IdentClinic, Sandbox, Watch

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox(patients=5, visits=2)
    yield sandbox
    sandbox.stop()


class Copying:
    """A clinic's IDENT with one patient, who is a contact, and whoever copies its jobs."""

    def __init__(self, office: Office, sandbox: Sandbox, *, copy: bool = True) -> None:
        self.office, self.clock = office, Watch()
        self.clinic = IdentClinic(sandbox, connection="ident")
        self.clinic.do("DELETE FROM ScheduledReceptions")
        self.patient = self.clinic.register("Заданцева")
        self.contact = int(office.act("contact", name="Заданцева Вера", phone="+79121112233")["contact_id"])
        office.store.bind(PatientKey("ident", self.patient), self.contact)
        self.source = ReadAhead(self.clinic.open_by(self.clock))
        bound = bind(replace(SETTINGS, jobs=Jobs(copy=copy)), office.account)
        self.watch = JobWatch(
            clinic_id=office.clinic.pk,
            crm=office.crm,
            store=office.store,
            bound=bound,
            clock=self.clock,
            settle_seconds=15,
        )

    def job(self, comment: str = "Профосмотр") -> int:
        self.clinic.do(
            "INSERT INTO ScheduledReceptions (ID_Patients, ID_CRMJobTypes, Comment)"
            f" VALUES ({self.patient}, 1, N'{comment}')"
        )
        return self.clinic.newest("ScheduledReceptions")

    def look(self) -> None:
        self.watch(self.source)
        self.clock.advance(61)

    def tasks(self) -> dict[str, bool]:
        """Texts, and whether they are done."""
        found = self.office.crm.tasks_of_contacts([self.contact])
        texts = {task.text: task.is_done for task in found}
        assert len(texts) == len(found), "the same task twice"
        return texts


@pytest.fixture
def copying(office: Office, sandbox: Sandbox) -> Iterator[Copying]:
    copying = Copying(office, sandbox)
    yield copying
    copying.clinic.close()


def text_of(job: int, comment: str = "Профосмотр") -> str:
    return f"Пригласить на приём: {comment} (IDENT, ident, № {job})"


def test_an_open_job_is_a_task_of_its_contact_once(copying: Copying) -> None:
    one, other = copying.job(), copying.job()

    for _ in range(3):
        copying.look()

    assert copying.tasks() == {text_of(one): False, text_of(other): False}


def test_nothing_is_asked_nor_written_until_a_person_switches_it_on(office: Office, sandbox: Sandbox) -> None:
    copying = Copying(office, sandbox, copy=False)
    copying.job()

    copying.look()

    assert copying.tasks() == {}
    assert not copying.clinic.asked_for("ScheduledReceptions")


def test_what_is_closed_or_told_otherwise_in_ident_is_so_in_amocrm(copying: Copying) -> None:
    closed, told, gone = copying.job(), copying.job(), copying.job("Ошибка")
    copying.look()

    copying.clinic.do(
        f"UPDATE ScheduledReceptions SET ID_CrmJobCommunicationCommentsClose = 5 WHERE ID = {closed}",
        f"UPDATE ScheduledReceptions SET Comment = N'Гигиена' WHERE ID = {told}",
        f"DELETE FROM ScheduledReceptions WHERE ID = {gone}",
    )
    copying.look()

    assert copying.tasks() == {text_of(closed): True, text_of(told, "Гигиена"): False, text_of(gone, "Ошибка"): True}
    assert sorted(CopiedJob.objects.of_all().values_list("job", "state")) == [
        (closed, "over"),
        (told, "there"),
        (gone, "over"),
    ]


def test_what_a_person_has_closed_in_amocrm_keeps_its_result(copying: Copying) -> None:
    job = copying.job()
    copying.look()
    [row] = CopiedJob.objects.of_all()
    for outcomes in copying.office.crm.write_tasks([TaskDraft(ref="1", id=row.task, result="Дозвонилась")]):
        assert [outcome.reason for outcome in outcomes] == [None]

    copying.clinic.do(f"UPDATE ScheduledReceptions SET ID_ReceptionsClose = 7 WHERE ID = {job}")
    copying.look()

    assert copying.tasks() == {text_of(job): True}
    [task] = copying.office.crm.client.get("/api/v4/tasks").rows("tasks")
    assert task["result"]["text"] == "Дозвонилась"
    assert [row.state for row in CopiedJob.objects.of_all()] == ["over"]


def test_a_task_whose_answer_was_lost_is_found_and_not_made_again(copying: Copying) -> None:
    job = copying.job()
    copying.office.fault("lost_after_commit", method="POST", path="/api/v4/tasks")

    copying.look()
    assert [row.state for row in CopiedJob.objects.of_all()] == ["sent"]
    copying.look()

    assert copying.tasks() == {text_of(job): False}
    assert [row.state for row in CopiedJob.objects.of_all()] == ["there"]


def test_a_job_waits_until_its_patient_has_a_contact(copying: Copying) -> None:
    stranger = copying.clinic.register("Незнакомцева")
    copying.clinic.do(f"INSERT INTO ScheduledReceptions (ID_Patients) VALUES ({stranger})")
    job = copying.clinic.newest("ScheduledReceptions")
    copying.look()
    assert copying.tasks() == {}

    copying.office.store.bind(PatientKey("ident", stranger), copying.contact)
    copying.look()

    assert copying.tasks() == {f"Задание (IDENT, ident, № {job})": False}


def test_a_job_that_is_opened_again_is_a_new_task_once(copying: Copying) -> None:
    job = copying.job()
    copying.look()
    copying.clinic.do(f"UPDATE ScheduledReceptions SET ID_ReceptionsClose = 7 WHERE ID = {job}")
    copying.look()
    copying.clinic.do(f"UPDATE ScheduledReceptions SET ID_ReceptionsClose = NULL WHERE ID = {job}")
    copying.office.fault("lost_after_commit", method="POST", path="/api/v4/tasks")

    for _ in range(4):
        copying.look()

    found = copying.office.crm.tasks_of_contacts([copying.contact])
    assert sorted((task.text, task.is_done) for task in found) == [(text_of(job), False), (text_of(job), True)]
    assert [row.state for row in CopiedJob.objects.of_all()] == ["there"]


def test_a_task_whose_answer_was_lost_is_found_though_its_contact_was_merged_meanwhile(copying: Copying) -> None:
    job = copying.job()
    copying.office.fault("lost_after_commit", method="POST", path="/api/v4/tasks")
    copying.look()
    winner = int(copying.office.act("contact", name="Заданцева В.", phone="+79121112244")["contact_id"])
    copying.office.act("merge_contacts", winner=winner, loser=copying.contact)
    copying.office.store.merged({copying.contact: winner})
    copying.contact = winner

    for _ in range(2):
        copying.look()

    assert copying.tasks() == {text_of(job): False}
    assert [row.contact for row in CopiedJob.objects.of_all()] == [winner]
