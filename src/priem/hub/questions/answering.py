"""The answers of persons, with whoever gave them."""

from dataclasses import fields
from importlib import import_module

from django.db import transaction

from priem.errors import AskOperator
from priem.hub.audit.notes import note
from priem.hub.models import Clinic, Connection, Question, UnmappedStatus, VisitLink
from priem.hub.models.audit import Deed
from priem.hub.records.deeds import answered
from priem.hub.store import DjangoStore
from priem.hub.waking import wake
from priem.mis import CONNECTORS
from priem.model import PatientKey, VisitKey, VisitStatus
from priem.texts import text

ANSWERED = AskOperator(text("Somebody has answered this question already."), text("Here is the next one."))
MOST_RECALLED = 5000
"""Visits that are read anew at once; the rest comes with the nightly comparison."""


@transaction.atomic
def answer(clinic: Clinic, question_id: int, choice: str) -> None:
    """`choice` is the contact's number, or `new`. Raises AskOperator when the question is not there any more."""
    row = Question.objects.of(clinic.pk).select_for_update().filter(pk=question_id).first()
    if row is None:
        raise ANSWERED
    known = {str(id_) for id_, _because in row.candidates}
    if choice != "new" and choice not in known:
        raise AskOperator(text("This contact is none of those that are asked about."), text("Choose one of them."))
    answered(clinic, PatientKey(row.connection, row.patient), choice)


def takes_statuses(kind: str) -> bool:
    """Has the connector a setting that gives statuses a meaning?"""
    path = CONNECTORS.get(kind, "").partition(":")[0]
    return bool(path) and any(field.name == "statuses" for field in fields(import_module(path).Config))


@transaction.atomic
def give_meaning(clinic: Clinic, status_id: int, meaning: VisitStatus) -> int:
    """From now on the МИС's status means that. Its visits are decided on anew; gives how many.

    Raises AskOperator when somebody was faster, or the system's statuses are not settings.
    """
    row = UnmappedStatus.objects.of(clinic.pk).filter(pk=status_id).first()
    if row is None:
        raise AskOperator(text("This status has a meaning already."), text("Look at the list below."))
    connection = Connection.objects.of(clinic.pk).select_for_update().filter(key=row.connection).first()
    if connection is None or not takes_statuses(connection.kind):
        raise AskOperator(
            text("The statuses of this system cannot be given a meaning here."), text("Write to Priem's developers.")
        )
    connection.config = {
        **connection.config,
        "statuses": {**connection.config.get("statuses", {}), row.raw: meaning.value},
    }
    connection.save(update_fields=["config"])
    links = VisitLink.objects.of(clinic.pk).filter(connection=row.connection, status=row.raw)
    visits = list(links.values_list("visit", flat=True)[:MOST_RECALLED])
    DjangoStore(clinic.pk).recall([VisitKey(row.connection, visit) for visit in visits])
    note(clinic.pk, Deed.STATUS, f"{row.connection}: {row.raw}", [("status", "", meaning.value)])
    row.delete()
    wake(clinic.pk)
    return len(visits)


def read_again(clinic: Clinic, key: PatientKey | VisitKey) -> None:
    with transaction.atomic():
        DjangoStore(clinic.pk).recall([key])
        note(clinic.pk, Deed.RETRY, f"{'patient' if isinstance(key, PatientKey) else 'visit'} {key}")
        wake(clinic.pk)
