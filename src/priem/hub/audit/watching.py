"""Every saved set-up is noted, whoever saves it: a page, `priem configure`, a return to an earlier one."""

from typing import Any

from django.db.models.signals import post_delete, post_save, pre_delete, pre_save

from priem.hub.audit.acting import actors_name
from priem.hub.audit.document import SetUp, changes, set_up_of
from priem.hub.audit.notes import note
from priem.hub.models import Clinic, Connection, Revision
from priem.hub.models.audit import Deed

BEFORE = "_priem_set_up_before"
NEVER = SetUp({})
UNINTERESTING = frozenset({"seen", "account", "live"})
"""Columns that are no set-up. A save of nothing else is not looked at."""


def start() -> None:
    for model in (Clinic, Connection):
        pre_save.connect(remember, sender=model, dispatch_uid=f"remember {model.__name__}")
        post_save.connect(compare, sender=model, dispatch_uid=f"compare {model.__name__}")
    pre_delete.connect(remember, sender=Connection, dispatch_uid="remember deleted")
    post_delete.connect(compare, sender=Connection, dispatch_uid="compare deleted")


def remember(instance: Clinic | Connection, **signal: Any) -> None:  # noqa: ANN401  # Django's
    if is_interesting(signal.get("update_fields")):
        clinic = Clinic.objects.filter(pk=clinic_id_of(instance)).first()
        setattr(instance, BEFORE, set_up_of(clinic) if clinic else NEVER)


def compare(instance: Clinic | Connection, **signal: Any) -> None:  # noqa: ANN401  # Django's
    before = instance.__dict__.pop(BEFORE, None)
    clinic = Clinic.objects.filter(pk=clinic_id_of(instance)).first()
    if before is None or clinic is None or signal.get("raw") or goes_along(signal.get("origin")):
        return
    after = set_up_of(clinic)
    if found := changes(before, after):
        note(clinic.pk, Deed.SETTINGS, changes=found)
        Revision.objects.create(clinic=clinic, name=actors_name()[:150], document=after.document, changes=found)


def goes_along(origin: object) -> bool:
    """Is it the clinic itself that is deleted?"""
    return getattr(origin, "model", type(origin)) is Clinic


def clinic_id_of(instance: Clinic | Connection) -> int:
    return instance.clinic_id if isinstance(instance, Connection) else instance.pk


def is_interesting(columns: frozenset[str] | None) -> bool:
    return columns is None or bool(columns - UNINTERESTING)
