"""What is done to people's accounts: made, closed, renamed, another password, owner of the hub or no more.

It stands in the log of every clinic in which the person has a role. What concerns the owner of the hub, or somebody
without a clinic, is the hub's own and shown to its owner alone.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save

from priem.hub.audit.document import STORED, STORED_ANEW, words
from priem.hub.audit.notes import Change, note
from priem.hub.models import Membership
from priem.hub.models.audit import Deed

BEFORE = "_priem_account_before"
SHOWN = ("username", "email", "is_active", "is_superuser")
WATCHED = frozenset({*SHOWN, "password"})


def start() -> None:
    pre_save.connect(remember, sender=User, dispatch_uid="remember account")
    post_save.connect(compare, sender=User, dispatch_uid="compare account")
    pre_delete.connect(remember_places, sender=User, dispatch_uid="remember account's places")
    post_delete.connect(note_deleted, sender=User, dispatch_uid="note deleted account")


def remember(instance: User, update_fields: frozenset[str] | None = None, **_signal: Any) -> None:  # noqa: ANN401  # Django's
    if update_fields is None or WATCHED & update_fields:
        before = User.objects.filter(pk=instance.pk).values(*SHOWN).first() if instance.pk else None
        setattr(instance, BEFORE, before or {})


def compare(instance: User, **signal: Any) -> None:  # noqa: ANN401  # Django's
    before = instance.__dict__.pop(BEFORE, None)
    if before is None or signal.get("raw"):
        return
    changes = list(changes_of(instance, before))
    # Who is invited into a clinic, or comes from amoCRM, is noted there, with the role.
    if changes and (before or instance.is_superuser or instance.has_usable_password()):
        note_everywhere(instance, places_of(instance, was_owner=bool(before.get("is_superuser"))), changes)


def changes_of(instance: User, before: dict[str, Any]) -> Iterable[Change]:
    for name in SHOWN:
        if (now := getattr(instance, name)) != before.get(name):
            yield name, words(before[name]) if before else "", words(now)
    # Django keeps the raw password until it is saved; that a hash is written anew at a login is no change.
    if before and getattr(instance, "_password", None) is not None:
        yield "password", STORED, STORED_ANEW


def places_of(person: User, *, was_owner: bool = False) -> list[int | None]:
    clinics = Membership.objects.of_all().filter(person=person).values_list("clinic_id", flat=True)
    found: list[int | None] = list(clinics)
    return [*found, None] if person.is_superuser or was_owner or not found else found


def note_everywhere(
    person: User, places: Iterable[int | None], changes: Iterable[Change] = (), deed: Deed = Deed.ACCOUNT
) -> None:
    for clinic_id in places:
        note(clinic_id, deed, person.get_username(), list(changes))


def remember_places(instance: User, **_signal: Any) -> None:  # noqa: ANN401  # Django's
    setattr(instance, BEFORE, places_of(instance))


def note_deleted(instance: User, **_signal: Any) -> None:  # noqa: ANN401  # Django's
    places = instance.__dict__.pop(BEFORE, [])
    note_everywhere(instance, places, [("username", instance.get_username(), "")])
