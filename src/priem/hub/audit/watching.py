"""Every saved set-up is noted, whoever saves it: a page, `priem configure`, a return to an earlier one."""

from typing import Any

from django.db.models.signals import post_delete, post_save, pre_delete, pre_save

from priem.hub.audit.acting import actors_name
from priem.hub.audit.document import SetUp, changes, set_up_of
from priem.hub.audit.notes import Change, note
from priem.hub.models import Clinic, Connection, IdentService, Membership, Revision
from priem.hub.models.audit import Deed

Watched = Clinic | Connection | IdentService | Membership
BEFORE = "_priem_set_up_before"
NEVER = SetUp({})
UNINTERESTING = frozenset({"seen", "account", "live"})
"""Columns that are no set-up. A save of nothing else is not looked at."""


def start() -> None:
    for model in (Clinic, Connection, IdentService, Membership):
        pre_save.connect(remember, sender=model, dispatch_uid=f"remember {model.__name__}")
        post_save.connect(compare, sender=model, dispatch_uid=f"compare {model.__name__}")
    for model in (Connection, IdentService, Membership):
        pre_delete.connect(remember, sender=model, dispatch_uid=f"remember deleted {model.__name__}")
        post_delete.connect(compare, sender=model, dispatch_uid=f"compare deleted {model.__name__}")


def remember(instance: Watched, **signal: Any) -> None:  # noqa: ANN401  # Django's
    if is_interesting(signal.get("update_fields")) and not goes_along(signal.get("origin")):
        clinic = Clinic.objects.filter(pk=clinic_id_of(instance)).first()
        setattr(instance, BEFORE, (set_up_of(clinic) if clinic else NEVER, place_of(instance)))


def compare(instance: Watched, **signal: Any) -> None:  # noqa: ANN401  # Django's
    before, place = instance.__dict__.pop(BEFORE, (None, None))
    clinic = Clinic.objects.filter(pk=clinic_id_of(instance)).first()
    if before is None or clinic is None or signal.get("raw") or goes_along(signal.get("origin")):
        return
    after = set_up_of(clinic)
    if found := changes(before, after):
        write_down(clinic, place, found)
        Revision.objects.create(clinic=clinic, name=actors_name()[:150], document=after.document, changes=found)


def write_down(clinic: Clinic, place: tuple[Deed, str, str], found: list[Change]) -> None:
    deed, about, prefix = place
    note(clinic.pk, deed, about, [(what.removeprefix(prefix), before, after) for what, before, after in found])


def place_of(instance: Watched) -> tuple[Deed, str, str]:
    """As what a change of it is written down, of whom or what, and where that stands in the set-up."""
    match instance:
        case IdentService():
            return Deed.SERVICE, instance.connection, f"services.{instance.connection}."
        case Membership():
            name = instance.person.get_username()
            return Deed.ROLE, name, f"people.{name}."
        case _:
            return Deed.SETTINGS, "", ""


def goes_along(origin: object) -> bool:
    """Is it the clinic itself that is deleted?"""
    return getattr(origin, "model", type(origin)) is Clinic


def clinic_id_of(instance: Watched) -> int:
    return instance.pk if isinstance(instance, Clinic) else instance.clinic_id


def is_interesting(columns: frozenset[str] | None) -> bool:
    return columns is None or bool(columns - UNINTERESTING)
