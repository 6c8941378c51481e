"""A person lets Priem into a clinic's amoCRM, or amoCRM says that nobody does any more. docs/reference/amocrm.md §1

The way there and back is a browser's: what comes back is believed only with the state that this administrator's own
session was given for it, once. A widget's installation comes without a browser and without a state, so its code is
tried only with the clinic whose account it names, and seldom: anybody can send such a request.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from django.core import signing
from django.http import HttpRequest
from django.utils import timezone

from priem.amocrm.config import ACCOUNT_HOST
from priem.amocrm.oauth import authorise_url, claims_of, uninstall_is_genuine
from priem.errors import AskOperator, PriemError
from priem.hub.amocrm.access import config_of, connected, note_account
from priem.hub.amocrm.subscription import keep_subscribed
from priem.hub.audit.notes import note
from priem.hub.clinics import ClinicData, clinic_data
from priem.hub.models import Clinic, ExchangeRecord
from priem.hub.models.audit import Deed
from priem.hub.roles.rights import Right
from priem.hub.scope import visible_clinics
from priem.hub.tokens import DjangoTokens
from priem.texts import text

SALT = "priem.hub.amocrm.granting"
STATES = "amocrm_states"
"""The session's: what it was given and has not brought back yet."""
LONGEST = timedelta(minutes=20)
"""As long as amoCRM's own code lives."""
MOST_STATES = 5
MOST_SILENT = 3
"""Codes without a browser that are tried for one clinic within LONGEST."""
AGAIN = text("Go back to the clinic's page and begin anew.")
REMOVED = text("The integration was removed in amoCRM.")


def way_to_amocrm(request: HttpRequest, clinic: Clinic) -> str:
    """Where the person says yes or no. Raises AskOperator when the clinic has no integration yet."""
    config = config_of(clinic_data(clinic))
    if not (config.client_id and config.client_secret and config.redirect_uri):
        raise AskOperator(
            text("The clinic has no integration of amoCRM yet."),
            text("Put its id, secret key and redirect address into the clinic's file, and run `priem configure`."),
        )
    once = secrets.token_urlsafe(16)
    request.session[STATES] = [*request.session.get(STATES, ()), once][-MOST_STATES:]
    return authorise_url(config, signing.dumps({"clinic": clinic.pk, "once": once}, salt=SALT))


def clinic_of_state(request: HttpRequest, state: str) -> Clinic:
    """The clinic for which this very session was sent to amoCRM. Takes the state: it works once. Raises AskOperator."""
    try:
        told = signing.loads(state, salt=SALT, max_age=LONGEST)
    except signing.SignatureExpired as error:
        raise AskOperator(
            text("It took too long: the way to amoCRM and back is open for 20 minutes."), AGAIN
        ) from error
    except signing.BadSignature as error:
        raise AskOperator(text("This answer of amoCRM was not asked for from this hub."), AGAIN) from error
    given = request.session.get(STATES, [])
    if told["once"] not in given:
        raise AskOperator(text("This answer of amoCRM was used already, or asked for in another browser."), AGAIN)
    request.session[STATES] = [once for once in given if once != told["once"]]
    found = visible_clinics(request, Right.SET_UP).filter(pk=told["clinic"]).first()
    if found is None:
        raise AskOperator(text("The clinic that asked for it is not there any more."))
    return found


def take_code(clinic: Clinic, code: str, referer: str) -> None:
    """Access for a code that was made for the clinic's own account. Raises AskOperator or TryLater."""
    data = clinic_data(clinic)
    if not data.base_url and ACCOUNT_HOST.match(referer):
        data = replace(data, base_url=f"https://{referer}")
    if not code or host_of(data) != referer:
        raise AskOperator(
            text("Access was given to {given}, but this clinic's account is {own}.", given=referer, own=host_of(data)),
            text("Choose the clinic's own account in amoCRM, or correct its address in the clinic's file."),
        )
    with connected(data, lane="interactive") as crm:
        tokens = crm.oauth.exchange(code)
        note(data.id, Deed.ACCESS, referer)
        account = claims_of(tokens.access).get("account_id")
        if isinstance(account, int):
            note_account(data.id, account)
        Clinic.objects.filter(pk=data.id, base_url="").update(base_url=data.base_url)
        try:
            keep_subscribed(data, crm, timezone.now())
        except PriemError:
            return  # access is what was asked for; the next pass subscribes


def host_of(clinic: ClinicData) -> str:
    return urlsplit(clinic.base_url).netloc


def take_silent_code(code: str, referer: str) -> bool:
    """A code that amoCRM sends when a widget is installed: nobody waits for an answer. Gives whether it was taken."""
    concerned = [row for row in Clinic.objects.exclude(client_id="") if host_of(clinic_data(row)) == referer]
    if not code or len(concerned) != 1 or was_tried_often(concerned[0]):
        return False
    try:
        take_code(concerned[0], code, referer)
    except PriemError:
        return False
    return True


def was_tried_often(clinic: Clinic) -> bool:
    """Counted by the journal, which is the same for all processes. Whoever tries more is not amoCRM."""
    since = timezone.now() - LONGEST
    tries = ExchangeRecord.objects.of(clinic.pk).filter(started_at__gt=since, what="POST /oauth2/access_token")
    return tries.count() >= MOST_SILENT


def removed_clinics(query: dict[str, str]) -> Sequence[Clinic]:
    """The clinics that this call of amoCRM concerns, if it is amoCRM's."""
    named = query.get("client_uuid") or query.get("client_id") or ""
    account = query.get("account_id", "")
    rows = Clinic.objects.filter(client_id=named).exclude(client_id="")
    # One public integration serves many accounts: only the account's own clinic is concerned.
    return [row for row in rows if str(row.account or account) == account and is_genuine(row, query)]


def is_genuine(clinic: Clinic, query: dict[str, str]) -> bool:
    try:
        return uninstall_is_genuine(config_of(clinic_data(clinic)), query)
    except AskOperator:
        return False


def forget_access(clinics: Sequence[Clinic]) -> None:
    for clinic in clinics:
        DjangoTokens(clinic.pk).forget(REMOVED)
        note(clinic.pk, Deed.REMOVED)
