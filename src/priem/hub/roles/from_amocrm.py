"""An administrator of the amoCRM account comes in from the widget's settings page, as administrator of that clinic.

The widget posts amoCRM's token (docs/reference/amocrm.md §1.5) and gets an address that is good once, for a minute,
which it opens in the browser. Whoever knows the integration's secret can make such tokens: they open this one clinic
and nothing else, since accounts that come from amoCRM belong to their clinic alone.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core import signing
from django.db import IntegrityError, transaction

from priem.amocrm.disposable import WidgetUser, verify
from priem.errors import AskOperator
from priem.hub.amocrm.access import config_of
from priem.hub.clinics import clinic_data
from priem.hub.models import AmoCrmPerson, Clinic, Membership, UsedToken
from priem.hub.roles.rights import Role
from priem.texts import text

SALT = "priem.hub.roles.from_amocrm"
TICKET_SECONDS = 60
AGAIN = text("Reload the page in amoCRM and press the button again.")
NOT_KNOWN = text("The widget's token is not signed by amoCRM.")


@dataclass(frozen=True, slots=True)
class Arrival:
    clinic: Clinic
    person: User


def arrive(token: str) -> Arrival:
    """Whoever amoCRM vouches for, in the clinic of his account. Raises AskOperator, which he reads."""
    clinic, user = vouched(token)
    if not user.is_admin:
        raise AskOperator(
            text("Only administrators of the amoCRM account come in this way."),
            text("Ask the clinic's administrator for an account in Priem."),
        )
    if not user.user:
        raise AskOperator(NOT_KNOWN, AGAIN)
    return Arrival(clinic, person_of(clinic, user.user))


def vouched(token: str) -> tuple[Clinic, WidgetUser]:
    """The user of amoCRM who looks at the widget, and the clinic of his account. Raises AskOperator, which he reads."""
    clinic = clinic_of(token)
    user = verify(config_of(clinic_data(clinic)), token, time.time(), seen_by(clinic.pk))
    if user.account != clinic.account:
        raise AskOperator(text("The widget's token is of another account of amoCRM."), AGAIN)
    return clinic, user


def clinic_of(token: str) -> Clinic:
    """By what the token says of itself, which nobody has vouched for yet. One integration may serve many accounts."""
    claims = unverified(token)
    account, client = claims.get("account_id"), claims.get("client_uuid")
    if not (isinstance(account, int) and isinstance(client, str) and client):
        raise AskOperator(NOT_KNOWN, AGAIN)
    rows = [row for row in Clinic.objects.filter(client_id=client) if row.account == account]
    if len(rows) != 1:
        raise AskOperator(
            text("No clinic here is connected to this account of amoCRM."),
            text("Connect the clinic in Priem first; then come again."),
        )
    return rows[0]


def unverified(token: str) -> Mapping[str, Any]:
    try:
        claims: Mapping[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError as error:
        raise AskOperator(NOT_KNOWN, AGAIN) from error
    return claims


def seen_by(clinic_id: int) -> Callable[[str, int], bool]:
    """Remembers every token until it ends; says whether it was there before. Two at once: one of them was."""

    def seen(token: str, ends_at: int) -> bool:
        UsedToken.objects.of(clinic_id).filter(ends_at__lt=int(time.time()) - TICKET_SECONDS).delete()
        try:
            with transaction.atomic():
                UsedToken.objects.create(clinic_id=clinic_id, token=token[:100], ends_at=ends_at)
        except IntegrityError:
            return True
        return False

    return seen


@transaction.atomic
def person_of(clinic: Clinic, amocrm_user: int) -> User:
    """The account of this user of amoCRM; made when he comes for the first time.

    Raises AskOperator when somebody has shut it, or has taken the role away: coming again does not give it back.
    """
    known = AmoCrmPerson.objects.of(clinic.pk).filter(amocrm_user=amocrm_user).select_related("person").first()
    person = known.person if known else make_person(clinic, amocrm_user)
    if not person.is_active or not Membership.objects.of(clinic.pk).filter(person=person).exists():
        raise AskOperator(
            text("Your access to this clinic was taken away in Priem."),
            text("The clinic's administrator or the owner of the hub can give it back."),
        )
    return person


def make_person(clinic: Clinic, amocrm_user: int) -> User:
    people = get_user_model().objects
    person: User = people.create_user(f"{clinic.slug}-amocrm-{amocrm_user}"[:150], is_staff=True)
    AmoCrmPerson.objects.create(clinic=clinic, amocrm_user=amocrm_user, person=person)
    Membership.objects.create(clinic=clinic, person=person, role=Role.ADMINISTRATOR)
    return person


def ticket(arrival: Arrival) -> str:
    said = {"clinic": arrival.clinic.pk, "person": arrival.person.pk, "once": secrets.token_urlsafe(12)}
    return signing.dumps(said, salt=SALT)


def take_ticket(written: str) -> Arrival:
    """Works once. Raises AskOperator."""
    used = AskOperator(text("This way in was used already, or is too old."), AGAIN)
    try:
        said = signing.loads(written, salt=SALT, max_age=TICKET_SECONDS)
    except signing.BadSignature as error:
        raise used from error
    if seen_by(said["clinic"])(f"ticket {said['once']}", int(time.time()) + TICKET_SECONDS):
        raise used
    clinic = Clinic.objects.filter(pk=said["clinic"]).first()
    known = AmoCrmPerson.objects.of(said["clinic"]).filter(person_id=said["person"]).first()
    if clinic is None or known is None:
        raise used
    return Arrival(clinic, person_of(clinic, known.amocrm_user))
