"""Accounts by name, and a clinic's people as its file has them."""

from collections.abc import Mapping
from typing import cast

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db import transaction

from priem.configuration import PersonFile, RoleName
from priem.errors import AskOperator
from priem.hub.audit.notes import note
from priem.hub.models import AmoCrmPerson, Membership
from priem.hub.models.audit import Deed
from priem.hub.references import resolve
from priem.texts import text


def account_for(clinic_id: int, username: str) -> User:
    """The account of this name, made if there is none. Raises AskOperator for one that takes no role in this clinic."""
    person: User | None = get_user_model().objects.filter(username__iexact=username).first()
    if person is None:
        person = get_user_model().objects.create_user(username, is_staff=True)
        note(clinic_id, Deed.INVITED, username)
    if person.is_superuser:
        raise AskOperator(text("The owner of the hub needs no role."), text("Choose somebody else."))
    if AmoCrmPerson.objects.of_all().filter(person=person).exclude(clinic_id=clinic_id).exists():
        raise AskOperator(
            text("Whoever comes from amoCRM belongs to his clinic alone."),
            text("Invite the person under another name."),
        )
    return person


@transaction.atomic
def save_people(clinic_id: int, people: Mapping[str, PersonFile]) -> None:
    """Those of the file; others stay. Whoever runs the command owns the hub: every role is his to give.

    A password is for whoever has none yet: his own is nobody else's to replace. Raises AskOperator.
    """
    for name, written in people.items():
        person = account_for(clinic_id, name)
        if written.password and not person.has_usable_password():
            person.set_password(resolve(written.password))
            person.save(update_fields=["password"])
        Membership.objects.update_or_create(clinic_id=clinic_id, person=person, defaults={"role": written.role})


def people_of(clinic_id: int) -> Mapping[str, PersonFile]:
    """Without those who come from amoCRM: they come by themselves, with no password."""
    from_amocrm = AmoCrmPerson.objects.of(clinic_id).values("person_id")
    rows = Membership.objects.of(clinic_id).exclude(person_id__in=from_amocrm).order_by("person__username")
    return {name: PersonFile(role=cast(RoleName, role)) for name, role in rows.values_list("person__username", "role")}


def without_password(clinic_id: int) -> list[str]:
    """Who was invited and has not come yet."""
    known = people_of(clinic_id)
    rows = get_user_model().objects.filter(username__in=known).order_by("username")
    return [person.get_username() for person in rows if not person.has_usable_password()]
