"""What these pages need of the layers above: a clinic opened, its adapters with the engine."""

from contextlib import AbstractContextManager
from importlib import import_module
from typing import Protocol, cast

from django.conf import settings

from priem.engine.sync import Clinic
from priem.model import Account
from priem.ports import Source, Store


class OpenedClinic(Protocol):
    """One clinic, ready to be read and written."""

    @property
    def sources(self) -> tuple[Source, ...]: ...

    @property
    def clinic(self) -> Clinic: ...

    @property
    def account(self) -> Account: ...


class Outside(Protocol):
    def opened(self, slug: str) -> AbstractContextManager[OpenedClinic]:
        """Raises AskOperator when the settings name what the account does not have (any more)."""

    def between_passes(self, store: Store) -> AbstractContextManager[None]:
        """Waits for the pass under way, if it is a short one. Raises TryLater when it is a long one."""


def outside() -> Outside:
    """The module that the settings name."""
    return cast(Outside, import_module(settings.OUTSIDE))
