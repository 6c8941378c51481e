"""A clinic's amoCRM: the adapter with what the hub has for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from priem.amocrm.config import Config
from priem.amocrm.crm import AmoCrm
from priem.amocrm.pace import Lane
from priem.configuration import AmoCrmAccess
from priem.hub.amocrm.pace import pace_memories
from priem.hub.audit.notes import note
from priem.hub.clinics import ClinicData
from priem.hub.clock import SystemClock
from priem.hub.environment import flag, number
from priem.hub.exchanges import DjangoExchanges
from priem.hub.models import Clinic
from priem.hub.models.audit import Deed
from priem.hub.references import resolve
from priem.hub.tokens import DjangoTokens
from priem.ports import Tokens

RATE = 7
"""Requests a second of one integration. docs/reference/amocrm.md §2"""


def config_of(clinic: ClinicData) -> Config:
    """Raises AskOperator when the clinic's address is none that Priem may call."""
    return Config(
        base_url=clinic.base_url,
        client_id=clinic.client_id,
        client_secret=resolve(clinic.client_secret),
        redirect_uri=clinic.redirect_uri,
        sandbox=clinic.sandbox,
        production=flag("PRIEM_PRODUCTION"),
        requests_per_second=number("PRIEM_SANDBOX_RATE", RATE) if clinic.sandbox else RATE,
    )


@contextmanager
def connected(clinic: ClinicData, lane: Lane = "live") -> Iterator[AmoCrm]:
    """For as long as the block lasts; what is read as a whole or written in large batches makes way for all others.

    Raises AskOperator as `config_of` does.
    """
    crm = connect(clinic, lane)
    try:
        yield crm
    finally:
        crm.close()
        DjangoExchanges(clinic.id).flush()


def connect(clinic: ClinicData, lane: Lane) -> AmoCrm:
    """To be closed by whoever asks for it. Raises AskOperator as `config_of` does."""
    config = config_of(clinic)

    def moved(base_url: str) -> None:
        Clinic.objects.filter(pk=clinic.id).update(base_url=base_url)

    exchanges = DjangoExchanges(clinic.id)
    limits, tokens = pace_memories(), DjangoTokens(clinic.id)
    return AmoCrm(config, tokens, SystemClock(), exchanges, limits=limits, lane=lane, on_moved=moved)


def note_account(clinic_id: int, account: int) -> None:
    """Which of amoCRM's accounts the clinic's is; its address may change, this does not."""
    Clinic.objects.filter(pk=clinic_id).exclude(account=account).update(account=account)


def authorise(crm: AmoCrm, access: AmoCrmAccess, clinic: ClinicData) -> None:
    """A code is good for once: when Priem is let in already, an old one in the file does no harm."""

    tokens = DjangoTokens(clinic.id)
    if access.long_lived_token:
        given = resolve(access.long_lived_token)
        with tokens.renewing():
            is_new = not (clinic.authorised and tokens.load().access == given)
            tokens.save(Tokens(access=given))
    elif is_new := bool(access.code and not clinic.authorised):
        crm.oauth.exchange(resolve(access.code))
    if is_new:
        note(clinic.id, Deed.ACCESS, urlsplit(clinic.base_url).netloc)
