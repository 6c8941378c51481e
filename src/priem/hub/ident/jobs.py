"""IDENT's CRM jobs as tasks of amoCRM, where a clinic wants that. One way: what is closed here stays open in IDENT.

A task carries no key, so each has its job's number in its text: one whose answer was lost is known again by it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b

from django.db import transaction

from priem.amocrm.crm import AmoCrm
from priem.engine.bindings import Bound
from priem.engine.errands import KINDS
from priem.hub.merges import swallowers
from priem.hub.models import CopiedJob
from priem.hub.models.journal import Entity
from priem.hub.models.owned import OwnedRows
from priem.mis.ahead import ReadAhead
from priem.mis.ident.jobs import Job, Seen, TellsOfJobs
from priem.mis.ident.known import is_suspicious
from priem.model import Outcome, PatientKey, Rejected, State
from priem.ports import Clock, Source, Store
from priem.tasks import TaskDraft

BETWEEN_LOOKS = timedelta(minutes=1)
SENT, THERE, OVER = "sent", "there", "over"
"""Written down before it is sent; a task that is to be kept in step; one that nobody looks at any more."""
MOST_GONE = 20
"""Per cent of the jobs that are tasks."""
DEFAULT_KIND = "Задание"
CLOSED: Mapping[str, str] = {
    "visit": "Закрыто в IDENT: пациент записан",
    "delay": "Закрыто в IDENT: отложено",
    "refusal": "Закрыто в IDENT: отказ",
    "talk": "Закрыто в IDENT: связались с пациентом",
    "": "Удалено в IDENT",
}
"""What clinics read in their own tasks: their data, hence Russian."""


@dataclass(slots=True, kw_only=True)
class JobWatch:
    """A chore of one clinic's passes."""

    clinic_id: int
    crm: AmoCrm
    store: Store
    bound: Bound
    clock: Clock
    settle_seconds: float
    _next: dict[str, datetime] = field(default_factory=dict)

    def __call__(self, source: Source) -> None:
        now = self.clock.now()
        if not self.bound.settings.jobs.copy or now < self._next.get(source.connection, now):
            return
        self._next[source.connection] = now + BETWEEN_LOOKS
        held = {row.job: row for row in self._rows(source.connection).exclude(state=OVER)}
        seen = jobs_in(source, held, self.bound.settings.jobs.days)
        if seen is None:
            return
        there = {job.id: job for job in seen.jobs}
        self._follow_merges(held.values())
        self._look_up([row for row in held.values() if row.state == SENT])
        copied = [row for row in held.values() if row.state == THERE and row.job in seen.asked | there.keys()]
        if is_suspicious([row.job for row in copied if row.job not in there], held, MOST_GONE):
            copied = [row for row in copied if row.job in there]  # rather another database than so many deletions
        self._keep_in_step(copied, there)
        self._copy(source.connection, [job for job in seen.jobs if not job.closed_by])

    def _rows(self, connection: str) -> OwnedRows[CopiedJob]:
        return CopiedJob.objects.of(self.clinic_id).filter(connection=connection)

    def _follow_merges(self, rows: Collection[CopiedJob]) -> None:
        """A contact that was merged takes its tasks along: they are found with the contact that is left."""
        winners = swallowers(self.clinic_id, Entity.CONTACT, {row.contact for row in rows})
        for row in rows:
            if winner := winners.get(row.contact):
                row.contact = winner
                row.save(update_fields=["contact"])

    def _look_up(self, unsure: Sequence[CopiedJob]) -> None:
        """Tasks whose answer was lost: there by now, or to be made once more."""
        settled = self.clock.now() - timedelta(seconds=self.settle_seconds)
        due = [row for row in unsure if row.changed_at <= settled]
        if not due:
            return
        tasks = self.crm.tasks_of_contacts(sorted({row.contact for row in due}))
        for row in due:
            own = (task for task in tasks if task.lead == row.contact and task.text.endswith(number_of(row)))
            if task := next((task for task in own if row.task is None or task.id > row.task), None):
                self._mark([row], THERE, task=task.id)
            else:
                self._not_made(row)

    def _not_made(self, row: CopiedJob) -> None:
        """To be made at the next look. The task of a job that was opened again is remembered: it is not the new one."""
        if row.task is None:
            row.delete()
        else:
            self._mark([row], OVER)

    def _keep_in_step(self, rows: Sequence[CopiedJob], there: Mapping[int, Job]) -> None:
        changes = {row.pk: change_of(row, there.get(row.job)) for row in rows}
        changed = [row for row in rows if changes[row.pk]]
        if not changed:
            return
        # What a person has closed here already keeps the result that the person wrote.
        tasks = {task.id: task for task in self.crm.tasks_of_contacts(sorted({row.contact for row in changed}))}
        done = [row for row in changed if row.task not in tasks or tasks[row.task].is_done]
        self._mark([row for row in done if is_closed(there.get(row.job))], OVER)
        by_ref = {str(row.pk): row for row in changed if row not in done}
        drafts = [draft for ref in by_ref if (draft := changes[int(ref)])]
        for outcome in self._written(drafts):
            row = by_ref[outcome.ref]
            if outcome.state in (State.DONE, State.REFUSED):
                job = there.get(row.job)
                self._mark([row], OVER if is_closed(job) else THERE, said=mark_of(text_of(row, job)) if job else "")

    def _copy(self, connection: str, found: Sequence[Job]) -> None:
        """Those that are no task yet and whose patients have a contact; and those that were opened again, since a task
        that is done keeps its result: they become a new one."""
        known = {row.job: row for row in self._rows(connection).filter(job__in=[job.id for job in found])}
        over = {id_: row for id_, row in known.items() if row.state == OVER and row.task is not None}
        new = [job for job in found if job.id not in known or job.id in over]
        contacts = self._contacts({PatientKey(connection, job.patient) for job in new})
        rows = [
            self._row(connection, job, contact, over.get(job.id))
            for job in new
            if (contact := contacts.get(PatientKey(connection, job.patient)))
        ]
        with transaction.atomic():  # written down before anything is sent
            for row in rows:
                row.save()
        jobs = {job.id: job for job in new}
        owners = self._responsible({row.contact for row in rows})
        by_ref = {str(row.pk): row for row in rows}
        for outcome in self._written([self._draft(row, jobs[row.job], owners) for row in rows]):
            row = by_ref[outcome.ref]
            self._note(row, outcome, PatientKey(connection, jobs[row.job].patient))

    def _row(self, connection: str, job: Job, contact: int, over: CopiedJob | None) -> CopiedJob:
        row = over or CopiedJob(clinic_id=self.clinic_id, connection=connection, job=job.id)
        row.contact, row.state = contact, SENT
        row.said, row.changed_at = mark_of(text_of(row, job)), self.clock.now()
        return row

    def _note(self, row: CopiedJob, outcome: Outcome, patient: PatientKey) -> None:
        if outcome.state is State.DONE:
            self._mark([row], THERE, task=outcome.id)
        elif outcome.state is State.POSTPONED:
            self._not_made(row)
        elif outcome.state is State.REFUSED:
            self._mark([row], OVER, task=None)
            if outcome.reason:
                shown = Rejected(kind="patient", id=patient.id, reason=outcome.reason)
                self.store.reject(patient.connection, [shown])

    def _draft(self, row: CopiedJob, job: Job, owners: Mapping[int, int]) -> TaskDraft:
        settings = self.bound.settings.jobs
        until = self.clock.now() + timedelta(minutes=settings.deadline_minutes)
        return TaskDraft(
            ref=str(row.pk),
            text=text_of(row, job),
            until=int(until.timestamp()),
            kind=settings.type if isinstance(settings.type, int) else KINDS[settings.type],
            responsible=self.bound.job_responsible or owners.get(row.contact),
            entity="contacts",
            entity_id=row.contact,
        )

    def _written(self, drafts: Sequence[TaskDraft]) -> Iterable[Outcome]:
        for outcomes in self.crm.write_tasks(drafts):
            yield from outcomes

    def _contacts(self, patients: set[PatientKey]) -> Mapping[PatientKey, int]:
        if not patients:
            return {}
        around = self.store.around_visits({}, patients)
        linked = ((key, around.patient_links.get(key)) for key in patients)
        return {key: around.merged_contacts.get(link.contact, link.contact) for key, link in linked if link}

    def _responsible(self, contacts: set[int]) -> Mapping[int, int]:
        """Whoever the contacts belong to: a task of nobody in particular is the integration's own."""
        if not contacts or self.bound.job_responsible:
            return {}
        return {one.id: one.responsible for one in self.crm.some_contacts(sorted(contacts), ()) if one.responsible}

    def _mark(self, rows: Sequence[CopiedJob], state: str, **also: object) -> None:
        ids = [row.pk for row in rows]
        if ids:
            CopiedJob.objects.of(self.clinic_id).filter(pk__in=ids).update(
                state=state, changed_at=self.clock.now(), **also
            )


def jobs_in(source: Source, held: Iterable[int], days: int) -> Seen | None:
    """None where the connection is not IDENT's, or its database has none."""
    with source.alone() if isinstance(source, ReadAhead) else nullcontext(source) as inner:
        return inner.jobs(tuple(held), days) if isinstance(inner, TellsOfJobs) else None


def change_of(row: CopiedJob, job: Job | None) -> TaskDraft | None:
    if is_closed(job):
        return TaskDraft(ref=str(row.pk), id=row.task, result=CLOSED[job.closed_by if job else ""])
    assert job is not None, "what is not there counts as closed"  # noqa: S101 - says what holds
    text = text_of(row, job)
    return None if mark_of(text) == row.said else TaskDraft(ref=str(row.pk), id=row.task, text=text)


def is_closed(job: Job | None) -> bool:
    return job is None or bool(job.closed_by)


def text_of(row: CopiedJob, job: Job) -> str:
    said = f"{job.kind or DEFAULT_KIND}: {job.comment}" if job.comment else job.kind or DEFAULT_KIND
    return f"{said} {number_of(row)}"


def number_of(row: CopiedJob) -> str:
    return f"(IDENT, {row.connection}, № {row.job})"


def mark_of(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()
