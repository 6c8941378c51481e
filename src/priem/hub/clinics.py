"""What the command line asks of the hub: plain values in and out. Call `start.setup` before importing this."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from priem.errors import AskOperator
from priem.hub.audit.notes import note
from priem.hub.models import Authorisation, Clinic, Connection
from priem.hub.models.audit import Deed
from priem.hub.quick import change
from priem.texts import Text, text


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionData:
    """A connection as it was set up. `secrets` is as written, references included (see `references.resolved`)."""

    key: str
    kind: str
    config: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    last_read_at: datetime | None = None
    last_error: Text | None = None
    """Both are read only: saving leaves them alone."""


DECIDES_NOTHING = frozenset({"alerts"})
"""Settings that change nothing of what a sync does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicData:
    id: int = 0
    """0 for a clinic that is not saved yet; saving goes by `slug`."""
    slug: str
    name: str
    base_url: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    redirect_uri: str = ""
    sandbox: bool = False
    live: bool = False
    account: int | None = None
    """amoCRM's id of the account, once it has told; read only."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    seen: str = ""
    authorised: bool = False
    """Read only, as are `seen` and `connections`."""
    connections: tuple[ConnectionData, ...] = ()

    @property
    def mark(self) -> str:
        """Of all that decides what a sync does. Stays the same over versions of Priem, unlike what settings mean."""
        connections = [(row.key, row.kind, row.config) for row in self.connections]
        settings = {name: value for name, value in self.settings.items() if name not in DECIDES_NOTHING}
        written = json.dumps([self.base_url, settings, connections], sort_keys=True, default=dict)
        return hashlib.sha256(written.encode()).hexdigest()[:32]

    @property
    def is_seen(self) -> bool:
        """Somebody has looked at what a sync would do with this set-up."""
        return self.seen == self.mark


def note_seen(clinic: ClinicData) -> None:
    Clinic.objects.filter(pk=clinic.id).update(seen=clinic.mark)


def go_live(clinic_id: int) -> None:
    with transaction.atomic():
        if Clinic.objects.filter(pk=clinic_id, live=False).update(live=True):
            note(clinic_id, Deed.LIVE)


def save_clinic(clinic: ClinicData) -> int:
    """Makes or changes the clinic of this slug, and gives its id. Tokens go to `DjangoTokens(id).save`."""
    row, _ = Clinic.objects.update_or_create(
        slug=clinic.slug,
        defaults={
            "name": clinic.name,
            "base_url": clinic.base_url,
            "client_id": clinic.client_id,
            "client_secret": clinic.client_secret,
            "redirect_uri": clinic.redirect_uri,
            "sandbox": clinic.sandbox,
            "live": clinic.live,
            "settings": dict(clinic.settings),
        },
    )
    return row.pk


def load_clinic(slug: str) -> ClinicData:
    """Raises AskOperator when there is none of that name."""
    row = Clinic.objects.filter(slug=slug).first()
    if row is None:
        known = ", ".join(Clinic.objects.order_by("slug").values_list("slug", flat=True)) or "—"
        raise AskOperator(
            text("There is no clinic {slug}.", slug=slug),
            text("Those that are set up: {known}. A new one is made by `priem configure`.", known=known),
        )
    return clinic_data(row)


def list_clinics() -> tuple[ClinicData, ...]:
    return tuple(clinic_data(row) for row in Clinic.objects.order_by("slug"))


def clinic_data(row: Clinic) -> ClinicData:
    connections = Connection.objects.of(row.pk).order_by("key")
    access = Authorisation.objects.filter(clinic=row, authorise_again__isnull=True).first()
    return ClinicData(
        id=row.pk,
        slug=row.slug,
        name=row.name,
        base_url=row.base_url,
        client_id=row.client_id,
        client_secret=row.client_secret.reveal(),
        redirect_uri=row.redirect_uri,
        sandbox=row.sandbox,
        live=row.live,
        account=row.account,
        settings=row.settings,
        seen=row.seen,
        authorised=bool(access and access.access),
        connections=tuple(connection_data(connection) for connection in connections),
    )


def connection_data(row: Connection) -> ConnectionData:
    return ConnectionData(
        key=row.key,
        kind=row.kind,
        config=row.config,
        secrets=json.loads(row.secrets.reveal() or "{}"),
        last_read_at=row.last_read_at,
        last_error=row.last_error,
    )


@transaction.atomic
def save_connection(clinic_id: int, connection: ConnectionData) -> None:
    """Makes or changes the connection of this key; where it was read up to stays."""
    Connection.objects.update_or_create(
        clinic_id=clinic_id,
        key=connection.key,
        defaults={
            "kind": connection.kind,
            "config": dict(connection.config),
            "secrets": json.dumps(dict(connection.secrets)) if connection.secrets else "",
        },
    )


def note_reading(clinic_id: int, connection: str) -> None:
    """The connection was read to its end just now, whether anything had changed or not."""
    change(Connection, clinic_id, {"last_read_at": datetime.now(UTC), "last_error": None}, key=connection)


def note_trouble(clinic_id: int, connection: str, what: Text) -> None:
    """Shown beside the connection until it is read again."""
    Connection.objects.of(clinic_id).filter(key=connection).update(last_error=what)
