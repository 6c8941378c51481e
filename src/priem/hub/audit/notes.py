"""The audit log's one way in. Called inside the transaction of the change: both happen, or neither."""

from collections.abc import Sequence

from priem.hub.audit.acting import actor, actors_name
from priem.hub.models import AuditEntry
from priem.hub.models.audit import Deed

Change = tuple[str, str, str]
"""What, before, after; empty for nothing."""
LONGEST = 2000
"""Letters of a value that are kept."""


def note(clinic_id: int | None, deed: Deed, about: object = "", changes: Sequence[Change] = ()) -> None:
    """Of a clinic, or, for None, of the hub itself."""
    person = actor()
    AuditEntry.objects.create(
        clinic_id=clinic_id,
        person_id=person.pk if person else None,
        name=actors_name()[:150],
        deed=deed,
        about=str(about)[:200],
        changes=[[what, before[:LONGEST], after[:LONGEST]] for what, before, after in changes],
    )
