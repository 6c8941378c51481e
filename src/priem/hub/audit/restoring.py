"""Back to an earlier set-up. It is checked as a file is, and the way back is a revision like any other."""

import json
from typing import Any

from django.db import transaction

from priem.configuration import settings_from_json
from priem.errors import AskOperator
from priem.hub.audit.document import REFERENCES, STORED
from priem.hub.audit.notes import note
from priem.hub.models import Clinic, Connection, Revision
from priem.hub.models.audit import Deed
from priem.hub.store import DjangoStore
from priem.texts import text

NOT_CONFIG = frozenset({"kind"})


@transaction.atomic
def bring_back(revision: Revision) -> None:
    """Settings and connections as they stood. Secrets: references come back, stored ones stay those of today.

    A connection that came later stays: records hang on it. Raises AskOperator when this version of Priem no longer
    understands the old settings, or they are another account's.
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
    store = DjangoStore(clinic.pk)
    store.recall(store.refused())
    note(clinic.pk, Deed.BACK, f"{revision.at:%Y-%m-%d %H:%M} UTC")


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


def is_secret(name: str, value: object, kept: dict[str, str]) -> bool:
    return name in kept or value == STORED or (isinstance(value, str) and value.startswith(REFERENCES))
