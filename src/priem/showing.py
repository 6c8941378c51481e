"""What a МИС can show of itself to whoever sets a clinic up, beside what a sync reads. Protocols only, as in ports."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from priem.model import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Names by id, as the МИС has them."""

    branches: Mapping[str, str] = field(default_factory=dict)
    doctors: Mapping[str, str] = field(default_factory=dict)
    services: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    statuses: Mapping[str, str] = field(default_factory=dict)
    """Of visits, where the МИС keeps names of them beside what stands in a visit."""


@runtime_checkable
class Showing(Protocol):
    """A source may offer this. Where it does not, what there is to choose from is gathered from its first pages."""

    def directory(self) -> Directory:
        """Raises TryLater or AskOperator as reading does."""

    def samples(self, count: int) -> Page:
        """Some of the visits to come, with their patients; the cursor is empty and means nothing."""
