"""The pair of tokens of a clinic's account: encrypted, renewed by one worker at a time, stored before it is used."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from priem.errors import AskOperator
from priem.hub.locks import Purpose, locked
from priem.hub.models import Authorisation
from priem.ports import Tokens
from priem.texts import Text, text

LONGEST_RENEWAL = 60
"""Seconds that a worker waits for another one's renewal: amoCRM may be slow, and is asked more than once."""
ADVICE = text("Open the clinic's page and authorise Priem in amoCRM.")


@contextmanager
def passing_by() -> Iterator[None]:
    """Requests' threads come for a token and are gone: each would leave a connection of its own behind."""
    was_open = connection.connection is not None
    try:
        yield
    finally:
        if not was_open:
            connection.close()


class DjangoTokens:
    def __init__(self, clinic_id: int) -> None:
        self._clinic = clinic_id

    @passing_by()
    def load(self) -> Tokens:
        row = Authorisation.objects.filter(clinic_id=self._clinic).first()
        if row and row.authorise_again:
            raise AskOperator(row.authorise_again, ADVICE)
        if not row or not row.access:
            raise AskOperator(text("Nobody has let Priem into this clinic's amoCRM yet."), ADVICE)
        return Tokens(access=row.access.reveal(), refresh=row.refresh.reveal(), expires_at=row.expires_at)

    @contextmanager
    def renewing(self) -> Iterator[None]:
        otherwise = text("Another worker is renewing the access to amoCRM.")
        with passing_by(), locked(Purpose.TOKENS, self._clinic, otherwise, wait=LONGEST_RENEWAL):
            yield

    @passing_by()
    def save(self, tokens: Tokens) -> None:
        with for_good():
            Authorisation.objects.update_or_create(
                clinic_id=self._clinic,
                defaults={
                    "access": tokens.access,
                    "refresh": tokens.refresh,
                    "expires_at": tokens.expires_at,
                    "authorise_again": None,
                },
            )

    @passing_by()
    def forget(self, reason: Text) -> None:
        Authorisation.objects.update_or_create(clinic_id=self._clinic, defaults={"authorise_again": reason})


@contextmanager
def for_good() -> Iterator[None]:
    """A transaction that a power cut cannot take back: the old refresh token is worth nothing from now on.

    On SQLite the hub lives with losing the last moments otherwise, which makes it several times faster.
    """
    flushed("FULL")
    try:
        with transaction.atomic(durable=True):
            yield
    finally:
        flushed("NORMAL")


def flushed(level: str) -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA synchronous={level}")
