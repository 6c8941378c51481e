"""Looking around: the amoCRM account and every МИС, as they are now."""

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from priem.errors import AskOperator, PriemError
from priem.hub.agents.choosing import source_of
from priem.hub.amocrm.access import connected, note_account
from priem.hub.clinics import ClinicData, ConnectionData, load_clinic
from priem.hub.clock import SystemClock
from priem.hub.exchanges import DjangoExchanges
from priem.hub.references import resolved
from priem.hub.setup.pictures import SourceLook, keep_account, keep_source
from priem.hub.setup.work import Do, Report
from priem.mis import open_desk
from priem.model import Account, Finding, Page, Patient, PatientKey, Severity, Visit
from priem.ports import Source
from priem.showing import Directory, Showing
from priem.texts import text

SAMPLES = 40
LONGEST_LOOK = 15.0
"""Seconds of reading in a МИС that cannot show examples by itself."""
AMOCRM = text("amoCRM: pipelines, stages, fields, users")


def look_around(slug: str) -> Do:
    """Both sides. A МИС that cannot be read is a finding, amoCRM without access ends the work."""

    def do(report: Report) -> Mapping[str, Any]:
        clinic = load_clinic(slug)
        report.expect("amocrm", AMOCRM, 1)
        for row in clinic.connections:
            report.expect(row.key, text("{connection}: branches, doctors, examples", connection=row.key), 1)
        report.note(now=True)
        account = ask_account(clinic)
        keep_account(clinic.id, account)
        report.advance("amocrm", 1)
        for row in clinic.connections:
            keep_source(clinic.id, look_at(clinic.id, row))
            report.advance(row.key, 1)
        return {}

    return do


def ask_account(clinic: ClinicData) -> Account:
    """Raises AskOperator for an account that is not the one whose links the clinic has."""
    with connected(clinic, lane="interactive") as crm:
        crm.try_now()
        account = crm.account()
    if clinic.account and clinic.account != account.id:
        raise AskOperator(
            text("The clinic «{slug}» belongs to another account of amoCRM.", slug=clinic.slug),
            text("Connect the other account as a clinic of its own."),
            beside={"base_url": text("This is another account than the one that the clinic was connected with.")},
        )
    note_account(clinic.id, account.id)
    return account


@contextlib.contextmanager
def opened_source(clinic_id: int, row: ConnectionData) -> Iterator[Source]:
    """Raises AskOperator for settings that the connector does not take."""
    exchanges = DjangoExchanges(clinic_id)
    source = source_of(clinic_id, row, exchanges)
    try:
        yield source
    finally:
        getattr(source, "close", lambda: None)()
        exchanges.flush()


def look_at(clinic_id: int, row: ConnectionData) -> SourceLook:
    """What is wrong is among the findings; nothing is raised."""
    findings: tuple[Finding, ...] = ()
    try:
        with opened_source(clinic_id, row) as source:
            findings = tuple(source.check())
            if any(finding.severity is Severity.BROKEN for finding in findings):
                return SourceLook(connection=row.key, findings=findings)
            directory, samples = shown_by(source, clinic_id, row)
    except PriemError as error:
        broken = Finding(Severity.BROKEN, error.what, error.advice, error.beside)
        return SourceLook(connection=row.key, findings=(*findings, broken))
    return SourceLook(connection=row.key, directory=directory, samples=samples, findings=findings)


def shown_by(source: Source, clinic_id: int, row: ConnectionData) -> tuple[Directory, Page]:
    if isinstance(source, Showing):
        return source.directory(), source.samples(SAMPLES)
    samples = gathered(source)
    return directory_of_desk(clinic_id, row) or directory_of(samples), samples


def gathered(source: Source) -> Page:
    """From the first pages of a reading, as long as it takes until there are enough visits."""
    until = time.monotonic() + LONGEST_LOOK
    visits: list[Visit] = []
    patients: dict[PatientKey, Patient] = {}
    pages = source.changes(None)
    for page in pages:
        patients.update({patient.key: patient for patient in page.patients})
        visits += page.visits
        if len(visits) >= SAMPLES or time.monotonic() > until:
            break
    getattr(pages, "close", lambda: None)()
    chosen = visits[:SAMPLES]
    theirs = [patients[visit.patient] for visit in chosen if visit.patient in patients]
    return Page(patients=tuple(theirs), visits=tuple(chosen), cursor="")


def directory_of(page: Page) -> Directory:
    services = [service for visit in page.visits for service in visit.services]
    return Directory(
        branches={visit.branch: visit.branch_name for visit in page.visits if visit.branch},
        doctors={visit.doctor: visit.doctor_name for visit in page.visits if visit.doctor},
        services=names(service.name for service in services),
        categories=names(service.category for service in services),
    )


def directory_of_desk(clinic_id: int, row: ConnectionData) -> Directory | None:
    """Whoever can be booked in says what there is to book."""
    exchanges = DjangoExchanges(clinic_id)
    desk = open_desk(row.kind, row.key, {**row.config, **resolved(row.secrets)}, exchanges, SystemClock())
    if desk is None:
        return None
    services = desk.services()
    return Directory(
        branches={branch.id: branch.name for branch in desk.branches()},
        doctors={doctor.id: doctor.name for doctor in desk.doctors()},
        services=names(service.name for service in services),
        categories=names(service.category for service in services),
    )


def names(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(found) - {""}))
