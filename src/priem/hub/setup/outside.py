"""What the set-up pages need of the layers above: adapters that have met the engine. docs/adr says why so."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Protocol, cast

from django.conf import settings

from priem.amocrm.crm import AmoCrm
from priem.configuration import ClinicFile
from priem.engine.nightly import Nightly
from priem.engine.settings import FieldRule
from priem.engine.sync import Clinic
from priem.model import Account
from priem.ports import Source


class OpenedClinic(Protocol):
    """One clinic, ready for passes."""

    @property
    def sources(self) -> tuple[Source, ...]: ...

    @property
    def clinic(self) -> Clinic: ...

    @property
    def account(self) -> Account: ...


class Outside(Protocol):
    def opened(self, slug: str) -> AbstractContextManager[OpenedClinic]:
        """Raises AskOperator when the settings name what the account does not have (any more)."""

    def nightly_of(self, opened: OpenedClinic) -> Nightly | None:
        """When this clinic's links are compared; None for never."""

    def make_fields(self, crm: AmoCrm, rules: Sequence[FieldRule], account: Account) -> tuple[Sequence[str], Account]:
        """Makes the fields that the rules leave to Priem and that are not there yet; their names, and the account."""

    def clinic_file(self, slug: str) -> ClinicFile:
        """The whole set-up; secrets as references, or as «stored»."""


def outside() -> Outside:
    """Whoever the settings name (OUTSIDE): a module that keeps the promises above."""
    return cast(Outside, import_module(settings.OUTSIDE))
