"""Leads that wait in a МИС as applications. Standard library only."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedLead:
    """A lead that was handed to a МИС as an application (заявка), and what the МИС was told of it."""

    connection: str
    application: str
    """Its id there."""
    lead: int
    at: datetime
    """When it was handed over."""
    phone: str = ""
    """E.164"""
    name: str = ""
    doctor: str = ""
    """The wished doctor's id in the connection."""
    starts: datetime | None = None
    ends: datetime | None = None
    """The wished time."""
