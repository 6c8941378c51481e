import pytest
from django.apps import apps
from django.core.management import call_command
from django.db.models import UniqueConstraint

from priem.hub.models import Clinic
from priem.hub.models.owned import ClinicOwned, OwnedRows
from priem.hub.store import DjangoStore
from priem.model import Action, Contact, ContactDraft, Outcome, Patient, PatientKey, PhoneEntry, State, Step, Why

ANNA = PatientKey("ident", "10")


@pytest.mark.django_db
def test_the_migrations_make_the_models_as_they_are() -> None:
    call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)


def test_every_table_belongs_to_a_clinic() -> None:
    free = {model.__name__ for model in apps.get_app_config("hub").get_models() if not issubclass(model, ClinicOwned)}
    assert free == {"Clinic", "Authorisation"}


def test_no_index_begins_with_anything_but_the_clinic() -> None:
    """A clinic's rows are found without looking at another clinic's."""
    owned = [model for model in apps.get_app_config("hub").get_models() if issubclass(model, ClinicOwned)]
    indexes = [(index.name, index.fields[0]) for model in owned for index in model._meta.indexes]
    uniques = [unique for model in owned for unique in model._meta.constraints if isinstance(unique, UniqueConstraint)]
    constraints = [(unique.name, unique.fields[0]) for unique in uniques]
    assert [name for name, first in indexes + constraints if first != "clinic"] == []
    assert len(indexes) > 10


def test_the_store_reads_no_row_without_saying_whose(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch = OwnedRows._fetch_all
    read: list[str] = []

    def checked(rows: OwnedRows[ClinicOwned]) -> None:
        assert rows.says_whose, rows.model
        read.append(rows.model.__name__)
        fetch(rows)

    monkeypatch.setattr(OwnedRows, "_fetch_all", checked)
    store = DjangoStore(clinic.pk)
    draft = ContactDraft(ref="10", name="Анна", phones=(PhoneEntry("+79213334455"),), keys=(ANNA,))
    step = Step(action=Action.CREATE, key=ANNA, draft=draft, why=Why("nobody"), fingerprint="f")
    store.intend([step])
    assert store.open_steps()
    after = Contact(id=1, name="Анна", phones=draft.phones or (), keys=(ANNA,))
    store.record([(step, Outcome(ref="10", state=State.DONE, id=1), after)])
    around = store.around_patients([Patient(key=ANNA, name="Анна", phones=("+79213334455",))])
    assert around.contacts == {1: after}
    assert {"StepRecord", "PatientLink", "MirroredContact", "MirroredContactPhone"} <= set(read)


def test_an_unscoped_query_would_be_noticed(clinic: Clinic) -> None:
    from priem.hub.models import PatientLink  # noqa: PLC0415  # only here

    assert not PatientLink.objects.all().says_whose
    assert not PatientLink.objects.filter(patient="10").says_whose
    assert PatientLink.objects.of(clinic.pk).filter(patient="10").order_by("pk").says_whose
