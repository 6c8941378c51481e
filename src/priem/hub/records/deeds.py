"""What a person does about a record: links it, unlinks it, has it decided anew."""

from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from priem.engine import by_hand
from priem.hub.audit.acting import actor
from priem.hub.audit.notes import note
from priem.hub.models import AuditEntry, Clinic, PatientLink, VisitLink, Work
from priem.hub.models.audit import Deed
from priem.hub.records import at_once
from priem.hub.records.at_once import about
from priem.hub.records.outside import outside
from priem.hub.records.sides import reading
from priem.hub.store import DjangoStore
from priem.hub.waking import wake
from priem.model import PatientKey, Told, VisitKey

AnyKey = PatientKey | VisitKey
LOOKED_ONCE_IN = timedelta(hours=1)


def link(clinic: Clinic, key: AnyKey, target: int) -> None:
    """Raises AskOperator when there is no such contact or lead, TryLater when a long pass is under way."""
    before = target_of(clinic, key)
    with reading(clinic) as opened, outside().between_passes(opened.clinic.store):
        by_hand.bind(key, target, opened.clinic)
    note(clinic.pk, Deed.LINK, about(key), [(card_of(key), before, str(target))])


def unlink(clinic: Clinic, key: AnyKey, told: Told = Told.APART) -> None:
    """`told`: whether the record is left alone from then on, or gets a contact or lead of its own."""
    before = target_of(clinic, key)
    with reading(clinic) as opened, outside().between_passes(opened.clinic.store):
        by_hand.undo(key, opened.clinic, told)
    note(clinic.pk, Deed.UNLINK, about(key), [(card_of(key), before, "new" if told is Told.NEW else "")])
    if told is Told.NEW:
        wake(clinic.pk)


@transaction.atomic
def answered(clinic: Clinic, key: PatientKey, choice: str) -> None:
    """`choice` is the number of one of those that are asked about, or `new`."""
    store = DjangoStore(clinic.pk)
    if choice == "new":
        store.tell(key, Told.NEW)
    else:
        store.bind(key, int(choice))
    note(clinic.pk, Deed.ANSWER, about(key), [("contact", "", choice)])
    wake(clinic.pk)


@transaction.atomic
def retry(clinic: Clinic, keys: Collection[AnyKey]) -> None:
    """The next pass decides on them anew."""
    if keys:
        DjangoStore(clinic.pk).recall(keys)
        note(clinic.pk, Deed.RETRY, len(keys))
        wake(clinic.pk)


def sync_now(clinic: Clinic, key: AnyKey) -> Work:
    """Raises AskOperator or TryLater when that cannot be now; the record is decided on with the next pass then."""
    with transaction.atomic():
        DjangoStore(clinic.pk).recall([key])
        note(clinic.pk, Deed.RETRY, about(key))
    return at_once.begin(clinic, key)


def looked(clinic: Clinic, key: AnyKey) -> None:
    """Noted once in a while of the same person and record."""
    person, since = actor(), timezone.now() - LOOKED_ONCE_IN
    before = AuditEntry.objects.of(clinic.pk).filter(deed=Deed.LOOKED, about=about(key), at__gt=since)
    if not before.filter(person_id=person.pk if person else None).exists():
        note(clinic.pk, Deed.LOOKED, about(key))


def card_of(key: AnyKey) -> str:
    return "contact" if isinstance(key, PatientKey) else "lead"


def target_of(clinic: Clinic, key: AnyKey) -> str:
    if isinstance(key, PatientKey):
        found = PatientLink.objects.of(clinic.pk).filter(connection=key.connection, patient=key.id)
        return str(found.values_list("contact", flat=True).first() or "")
    of_visit = VisitLink.objects.of(clinic.pk).filter(connection=key.connection, visit=key.id)
    return str(of_visit.values_list("lead", flat=True).first() or "")
