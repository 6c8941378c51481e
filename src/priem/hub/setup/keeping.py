"""What a page of settings changes, kept: the one place through which these pages write a clinic's settings."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction

from priem.configuration import settings_as_json, settings_from_json
from priem.engine.settings import Settings
from priem.hub.clinics import ConnectionData, clinic_data, save_connection
from priem.hub.models import Clinic, Connection, IdentService, SetUpState
from priem.hub.store import DjangoStore


def settings_of(clinic: Clinic) -> Settings:
    return settings_from_json(clinic.settings)


def change_settings(clinic: Clinic, change: Callable[[Settings], Settings]) -> None:
    """Changes what stands there now, not what stood there when the page was shown: other sections are others' work.

    What amoCRM refused with other settings, it may take with these.
    """
    with transaction.atomic():
        now = Clinic.objects.select_for_update().get(pk=clinic.pk)
        before = clinic_data(now).mark
        now.settings = settings_as_json(change(settings_of(now)))
        now.save(update_fields=["settings"])
        if clinic_data(now).mark != before:
            store = DjangoStore(clinic.pk)
            store.recall(store.refused())
    clinic.settings = now.settings


def change_config(clinic: Clinic, connection: ConnectionData, changes: Mapping[str, Any]) -> None:
    """A None takes the setting away."""
    config = {name: value for name, value in {**connection.config, **changes}.items() if value is not None}
    save_connection(clinic.pk, replace(connection, config=config))


def connection_of(clinic: Clinic, key: str) -> ConnectionData | None:
    return next((row for row in clinic_data(clinic).connections if row.key == key), None)


def remove_connection(clinic: Clinic, key: str) -> None:
    """Only before the clinic has gone live: afterwards its links would hang in the air."""
    with transaction.atomic():
        IdentService.objects.of(clinic.pk).filter(connection=key).delete()
        Connection.objects.of(clinic.pk).filter(key=key).delete()


def note_saved(clinic: Clinic, step: str) -> None:
    state, _ = SetUpState.objects.get_or_create(clinic=clinic)
    if step not in state.saved:
        state.saved = [*state.saved, step]
        state.save(update_fields=["saved"])


def saved_steps(clinic: Clinic) -> frozenset[str]:
    state = SetUpState.objects.of(clinic.pk).first()
    return frozenset(state.saved if state else ())
