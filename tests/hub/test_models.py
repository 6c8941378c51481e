from collections.abc import Callable

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db.models import Max, UniqueConstraint
from django.utils import timezone

from priem.hub.models import Clinic, PatientLink
from priem.hub.models.owned import ClinicOwned, NobodysRows


@pytest.mark.django_db
def test_the_migrations_make_the_models_as_they_are() -> None:
    call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)


def test_every_table_belongs_to_a_clinic() -> None:
    free = {model.__name__ for model in apps.get_app_config("hub").get_models() if not issubclass(model, ClinicOwned)}
    assert free == {"AccountPace", "Authorisation", "AuthenticatorApp", "Clinic", "Shift", "SpareCodes"}


def test_no_index_begins_with_anything_but_the_clinic() -> None:
    """A clinic's rows are found without looking at another clinic's."""
    owned = [model for model in apps.get_app_config("hub").get_models() if issubclass(model, ClinicOwned)]
    indexes = [(index.name, index.fields[0]) for model in owned for index in model._meta.indexes]
    uniques = [unique for model in owned for unique in model._meta.constraints if isinstance(unique, UniqueConstraint)]
    constraints = [(unique.name, unique.fields[0]) for unique in uniques]
    assert [name for name, first in indexes + constraints if first != "clinic"] == []
    assert len(indexes) > 10


def test_a_query_that_forgot_whose_rows_it_wants_is_refused(clinic: Clinic) -> None:
    rows = PatientLink.objects
    unscoped: list[Callable[[], object]] = [
        lambda: list(rows.all()),
        lambda: list(rows.filter(patient="10").values_list("pk")),
        lambda: list(rows.exclude(clinic=clinic)),
        lambda: rows.get(pk=1),
        rows.first,
        lambda: next(rows.iterator(), None),
        rows.count,
        rows.exists,
        lambda: rows.aggregate(Max("pk")),
        lambda: rows.filter(patient="10").update(contact=1),
        lambda: rows.filter(patient="10").delete(),
        lambda: bool(rows.all() | rows.all()),
    ]
    for ask in unscoped:
        with pytest.raises(NobodysRows):
            ask()


def test_a_query_that_says_whose_rows_it_wants_is_answered(clinic: Clinic) -> None:
    rows = PatientLink.objects
    said = [rows.of(clinic.pk), rows.of_any([clinic.pk]), rows.of_all(), rows.filter(clinic=clinic)]
    for scoped in said:
        found = scoped.filter(patient="10").order_by("pk")
        assert (list(found), found.count(), found.exists(), found.update(contact=1)) == ([], 0, False, 0)
    assert list(rows.none()) == []
    PatientLink.objects.get_or_create(
        clinic=clinic, connection="ident", patient="10", defaults={"contact": 1, "made_at": timezone.now()}
    )
    clinic.delete()
    assert not rows.of_all().exists()
