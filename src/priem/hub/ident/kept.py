"""Services for IDENT as a clinic's file has them."""

from collections.abc import Mapping
from typing import cast

from priem.configuration import STORED, Serialization, ServiceFile
from priem.hub.audit.document import shown
from priem.hub.ident.services import open_service
from priem.hub.models import IdentService
from priem.hub.references import resolve


def save_services(clinic_id: int, services: Mapping[str, ServiceFile]) -> None:
    """Those of the file; others stay. Keys that it does not name are made, or stay. Raises AskOperator for a time zone
    that does not exist."""
    for connection, service in services.items():
        open_service(clinic_id, connection, service.time_zone)
        row = IdentService.objects.of(clinic_id).get(connection=connection)
        row.serialization = service.serialization
        row.element_names = {of: list(names) for of, names in service.element_names.items()}
        row.posts_whole = service.posts_whole
        if service.key not in ("", STORED):
            row.key = checked(service.key)
        if service.applications_key not in ("", STORED):
            row.applications_key = checked(service.applications_key)
        row.save()


def checked(written: str) -> str:
    """As it is written. Raises AskOperator for a reference that leads nowhere."""
    resolve(written)
    return written


def services_of(clinic_id: int) -> Mapping[str, ServiceFile]:
    rows = IdentService.objects.of(clinic_id).order_by("connection")
    return {
        row.connection: ServiceFile(
            time_zone=row.time_zone,
            serialization=cast(Serialization, row.serialization),
            element_names={of: (names[0], names[1]) for of, names in row.element_names.items()},
            posts_whole=row.posts_whole,
            key=shown(row.key.reveal()),
            applications_key=shown(row.applications_key.reveal()),
        )
        for row in rows
    }
