"""Making in amoCRM the fields that the settings leave to Priem."""

from collections.abc import Mapping
from contextvars import copy_context
from typing import Any

from priem.configuration import settings_from_json
from priem.hub.amocrm.access import connected
from priem.hub.audit.notes import note
from priem.hub.clinics import load_clinic
from priem.hub.models.audit import Deed
from priem.hub.setup.outside import outside
from priem.hub.setup.pictures import keep_account
from priem.hub.setup.work import Do, Report
from priem.texts import text


def make_fields(slug: str) -> Do:
    pressed = copy_context()  # who it was: the work has a thread of its own

    def do(report: Report) -> Mapping[str, Any]:
        clinic = load_clinic(slug)
        rules = settings_from_json(clinic.settings).fields
        report.expect("fields", text("Fields in amoCRM"), None)
        report.note(now=True)
        with connected(clinic, lane="interactive") as crm:
            made, account = outside().make_fields(crm, rules, crm.prepare())
        keep_account(clinic.id, account)
        if made:
            pressed.run(note, clinic.id, Deed.FIELDS, len(made), [("fields", "", ", ".join(made))])
        report.advance("fields", len(made))
        return {"made": list(made)}

    return do
