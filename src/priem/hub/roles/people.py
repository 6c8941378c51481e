"""Inviting people, giving and taking roles: nobody gives more than he has, nor touches whoever has more."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from priem.errors import AskOperator
from priem.hub.models import AmoCrmPerson, Clinic, Membership
from priem.hub.roles import second_factor
from priem.hub.roles.accounts import account_for
from priem.hub.roles.rights import Right, Role, may_give
from priem.hub.scope import roles, sees_everything, visible_clinics
from priem.texts import text


@dataclass(frozen=True, slots=True)
class Place:
    """One person's role in one clinic, and what whoever looks may do about it."""

    membership: Membership
    clinic: Clinic
    person: User
    may_change: bool
    may_invite_again: bool
    """A new link for a password: for those who never had one."""
    may_forget_factor: bool
    is_from_amocrm: bool

    @property
    def role(self) -> Role:
        return Role(self.membership.role)


def places(request: HttpRequest) -> list[Place]:
    clinics = {clinic.pk: clinic for clinic in visible_clinics(request, Right.MANAGE_PEOPLE)}
    rows = Membership.objects.of_any(clinics).select_related("person").order_by("person__username", "clinic__name")
    of_amocrm = set(AmoCrmPerson.objects.of_any(clinics).values_list("person_id", flat=True))
    return [place(request, row, clinics[row.clinic_id], row.person_id in of_amocrm) for row in rows]


def place(request: HttpRequest, row: Membership, clinic: Clinic, is_from_amocrm: bool) -> Place:  # noqa: FBT001 - one fact
    may_change = may_give(own_role(request, clinic), Role(row.role)) and row.person_id != request.user.pk
    is_all_mine = may_change and is_wholly_mine(request, row.person)
    return Place(
        membership=row,
        clinic=clinic,
        person=row.person,
        may_change=may_change,
        may_invite_again=is_all_mine and not is_from_amocrm and not row.person.has_usable_password(),
        may_forget_factor=is_all_mine and second_factor.has_one(row.person),
        is_from_amocrm=is_from_amocrm,
    )


def own_role(request: HttpRequest, clinic: Clinic) -> Role | None:
    """None for the owner of the hub. Raises KeyError where there is no role: whoever asks has looked before."""
    return None if sees_everything(request) else roles(request)[clinic.pk]


def is_wholly_mine(request: HttpRequest, person: User) -> bool:
    """May whoever asks act on the account itself? Only if its every role is his to give: else a clinic's
    administrator could come into another clinic by it."""
    if sees_everything(request):
        return True
    if person.is_superuser:
        return False
    mine = roles(request)
    held = Membership.objects.of_all().filter(person=person).values_list("clinic_id", "role")
    return all(clinic in mine and may_give(mine[clinic], Role(role)) for clinic, role in held)


def givable(request: HttpRequest, clinics: Iterable[Clinic]) -> Sequence[Role]:
    """The roles that he may give in at least one of these clinics; of each single one `give` looks again."""
    owns = [own_role(request, clinic) for clinic in clinics]
    return [role for role in Role if any(may_give(own, role) for own in owns)]


@transaction.atomic
def invite(request: HttpRequest, clinic: Clinic, username: str, role: Role) -> User:
    """Somebody who is here already gets the role beside those that he has. Raises AskOperator."""
    refuse_more(request, clinic, role)
    person = account_for(clinic.pk, username)
    if Membership.objects.of(clinic.pk).filter(person=person).exists():
        raise AskOperator(
            text("Somebody of this name has a role in this clinic already."),
            text("Change it in the list below."),
        )
    Membership.objects.create(clinic=clinic, person=person, role=role)
    return person


@transaction.atomic
def give(request: HttpRequest, membership: Membership, role: Role | None) -> None:
    """Another role, or none any more. Raises AskOperator for what is not his to give."""
    clinic, before = membership.clinic, Role(membership.role)
    refuse_more(request, clinic, before)
    if membership.person_id == request.user.pk:
        raise AskOperator(text("Nobody changes his own role."), text("Ask another administrator."))
    if role is None:
        membership.delete()
    else:
        refuse_more(request, clinic, role)
        membership.role = role
        membership.save(update_fields=["role"])


def refuse_more(request: HttpRequest, clinic: Clinic, role: Role) -> None:
    if not may_give(own_role(request, clinic), role):
        raise AskOperator(
            text("This role is more than your own: you cannot give or take it."),
            text("Ask the owner of the hub."),
        )


def link_for(request: HttpRequest, person: User) -> str:
    """Where the person chooses a password: good for three days, until there is one."""
    named = urlsafe_base64_encode(force_bytes(person.pk))
    token = default_token_generator.make_token(person)
    return request.build_absolute_uri(reverse("set_password", args=[named, token]))
