"""Kinds of connections, as people choose among them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

TITLES: Mapping[str, "StrPromise"] = {"ident": _("IDENT"), "archimed": _("ArchiMed+")}
"""Of kinds of connections; others are called by their own word."""


@dataclass(frozen=True, slots=True)
class KindOption:
    name: str
    title: str


def free_key(kind: str, taken: set[str]) -> str:
    """`ident`, then `ident-2`."""
    numbered = (kind if number == 1 else f"{kind}-{number}" for number in range(1, len(taken) + 2))
    return next(key for key in numbered if key not in taken)
