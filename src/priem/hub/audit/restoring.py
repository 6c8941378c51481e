"""Back to an earlier set-up. It is checked as a file is, and the way back is a revision like any other."""

import json
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest

from priem.configuration import settings_from_json
from priem.errors import AskOperator
from priem.hub.audit.document import REFERENCES, SERVICE_KEYS, SERVICE_SETTINGS, STORED
from priem.hub.audit.notes import note
from priem.hub.ident.services import open_service
from priem.hub.models import Clinic, Connection, IdentService, Membership, Revision
from priem.hub.models.audit import Deed
from priem.hub.roles.people import give, invite
from priem.hub.roles.rights import Role
from priem.hub.store import DjangoStore
from priem.texts import text

NOT_CONFIG = frozenset({"kind"})


@transaction.atomic
def bring_back(revision: Revision, request: HttpRequest) -> list[str]:
    """Settings, connections, services and roles as they stood. Secrets: references come back, stored ones stay those
    of today. Gives the names of those whose earlier role is not the asking person's to give.

    What came later stays: records hang on a connection, work on a role. Raises AskOperator when this version of Priem
    no longer understands the old settings, or they are another account's.
    """
    clinic = Clinic.objects.select_for_update().get(pk=revision.clinic_id)
    document = revision.document
    check(clinic, document)
    access = document["amocrm"]
    clinic.name = document["clinic"]["name"]
    clinic.base_url, clinic.client_id, clinic.redirect_uri = access["url"], access["client_id"], access["redirect_uri"]
    clinic.settings = document["settings"]
    if access["client_secret"].startswith(REFERENCES):
        clinic.client_secret = access["client_secret"]
    clinic.save()
    for key, written in document["connections"].items():
        bring_back_connection(clinic, key, written)
    for key, written in document.get("services", {}).items():
        bring_back_service(clinic, key, written)
    people = document.get("people", {})
    kept = [name for name, written in people.items() if not has_role(request, clinic, name, written)]
    store = DjangoStore(clinic.pk)
    store.recall(store.refused())
    note(clinic.pk, Deed.BACK, f"{revision.at:%Y-%m-%d %H:%M} UTC")
    return kept


def check(clinic: Clinic, document: dict[str, Any]) -> None:
    try:
        settings_from_json(document["settings"])
    except ValueError as error:
        raise AskOperator(
            text("This version of Priem does not understand these settings any more."),
            text("Set by hand what you need of them: the differences are shown here."),
        ) from error
    if clinic.account and document["amocrm"]["url"] != clinic.base_url:
        raise AskOperator(
            text("These settings belong to another account of amoCRM."),
            text("Links of one account mean nothing in another: set by hand what you need."),
        )


def bring_back_connection(clinic: Clinic, key: str, written: dict[str, Any]) -> None:
    row = Connection.objects.of(clinic.pk).filter(key=key).first() or Connection(clinic=clinic, key=key)
    kept = json.loads(row.secrets.reveal() or "{}") if row.pk else {}
    secret_names = {name for name, value in written.items() if is_secret(name, value, kept)}
    row.kind = written["kind"]
    row.config = {name: value for name, value in written.items() if name not in secret_names | NOT_CONFIG}
    references = {name: written[name] for name in secret_names if written[name] != STORED}
    row.secrets = json.dumps({**kept, **references}) if {**kept, **references} else ""
    row.save()


def bring_back_service(clinic: Clinic, connection: str, written: dict[str, Any]) -> None:
    open_service(clinic.pk, connection, written["time_zone"])
    row = IdentService.objects.of(clinic.pk).get(connection=connection)
    for name in SERVICE_SETTINGS:
        setattr(row, name, written[name])
    for name in SERVICE_KEYS:
        if written[name].startswith(REFERENCES):
            setattr(row, name, written[name])
    row.save()


def has_role(request: HttpRequest, clinic: Clinic, name: str, written: dict[str, str]) -> bool:
    """Whether this person, if the account is still there, has the role that he had then. By the rules of the page of
    people: it may not be the asking person's to give."""
    role, person = Role(written["role"]), User.objects.filter(username=name).first()
    row = Membership.objects.of(clinic.pk).filter(person=person).select_related("clinic", "person").first()
    if person is None or (row and row.role == role):
        return True
    try:
        give(request, row, role) if row else invite(request, clinic, name, role)
    except AskOperator:
        return False
    return True


def is_secret(name: str, value: object, kept: dict[str, str]) -> bool:
    return name in kept or value == STORED or (isinstance(value, str) and value.startswith(REFERENCES))
