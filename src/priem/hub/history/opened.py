"""What stands inside an opened row: why it was sent, what became of each record, and how often it was tried."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from priem.hub import words
from priem.hub.audit.notes import note
from priem.hub.models import Clinic, ExchangeRecord, ExchangeSubject, StepRecord
from priem.hub.models.audit import Deed
from priem.hub.sentences import readable

MOST_CASES = 10
MOST_ATTEMPTS = 5
NAMES = {"patient": _("patient"), "visit": _("visit"), "contact": _("contact"), "lead": _("lead")}
ENTITIES = {"patient": "contact", "visit": "lead"}


@dataclass(frozen=True, slots=True)
class Case:
    """One record of a request."""

    kind: str
    name: str
    key: str
    why: str
    outcome: str
    step: StepRecord | None


def cases(clinic_id: int, row: ExchangeRecord) -> list[Case]:
    subjects = ExchangeSubject.objects.of(clinic_id).filter(exchange=row.pk).order_by("pk")[:MOST_CASES]
    return [case(clinic_id, row, subject) for subject in subjects]


def case(clinic_id: int, row: ExchangeRecord, subject: ExchangeSubject) -> Case:
    step = step_of(clinic_id, row, subject)
    return Case(
        kind=subject.kind,
        name=str(NAMES.get(subject.kind, "")),
        key=f"{subject.connection}:{subject.number}" if subject.connection else subject.number,
        why=words.because(step.why.get("rule", "")) if step else "",
        outcome=f"{step.get_state_display()}. {readable(step.reason)}".strip() if step else "",
        step=step,
    )


def step_of(clinic_id: int, row: ExchangeRecord, subject: ExchangeSubject) -> StepRecord | None:
    """The decision that this request carried out."""
    if subject.kind not in ENTITIES or row.system != "amocrm":
        return None
    steps = StepRecord.objects.of(clinic_id).filter(
        record=subject.number, connection=subject.connection, entity=ENTITIES[subject.kind]
    )
    if row.request_id and (exact := steps.filter(request_id=row.request_id).order_by("-id").first()):
        return exact
    return steps.filter(intended_at__lte=row.started_at).order_by("-id").first()


def attempts(clinic_id: int, row: ExchangeRecord) -> Sequence[ExchangeRecord]:
    """Other requests of the same sort about the same record, the latest first."""
    subject = ExchangeSubject.objects.of(clinic_id).filter(exchange=row.pk).order_by("pk").first()
    if subject is None:
        return ()
    others = ExchangeSubject.objects.of(clinic_id).filter(number=subject.number, kind=subject.kind)
    ids = others.exclude(exchange=row.pk).order_by("-exchange").values("exchange")[:200]
    rows = ExchangeRecord.objects.of(clinic_id).filter(
        pk__in=list(ids.values_list("exchange", flat=True)), sort=row.sort
    )
    return list(rows.order_by("-started_at")[:MOST_ATTEMPTS])


def note_look(clinic: Clinic, row: ExchangeRecord) -> None:
    note(clinic.pk, Deed.LOOKED, f"{row.what} {row.pk}")
