"""amoCRM's one-time token → who is asking. docs/reference/amocrm.md §1.5"""

import time
from dataclasses import dataclass

from priem.amocrm.disposable import WidgetUser, verify
from priem.errors import AskOperator
from priem.hub.amocrm.access import config_of
from priem.hub.clinics import clinic_data
from priem.hub.models import Clinic
from priem.hub.roles.from_amocrm import clinic_of, seen_by
from priem.texts import text


@dataclass(frozen=True, slots=True)
class Visitor:
    clinic: Clinic
    user: WidgetUser


def vouched(token: str) -> Visitor:
    """Raises AskOperator for a token that is forged, too old, another account's or integration's, or used."""
    clinic = clinic_of(token)
    user = verify(config_of(clinic_data(clinic)), token, time.time(), seen_by(clinic.pk))
    if not clinic.account or user.account != clinic.account or not user.user:
        raise AskOperator(
            text("The widget's token is of another account of amoCRM."), text("Reload the page in amoCRM.")
        )
    return Visitor(clinic, user)
