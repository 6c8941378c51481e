"""Who keeps a clinic in step hears at once that something has come."""

import pytest
from django.db import transaction

from priem.hub.models import Clinic
from priem.hub.waking import bell, wake


@pytest.mark.django_db(transaction=True)
def test_the_bell_rings_once_what_came_is_there_for_all() -> None:
    clinic = Clinic.objects.create(slug="smile")
    other = Clinic.objects.create(slug="other")
    with transaction.atomic():
        wake(clinic.pk)
        assert not bell(clinic.pk).is_set()

    assert bell(clinic.pk).is_set()
    assert not bell(other.pk).is_set()


@pytest.mark.django_db(transaction=True)
def test_what_is_taken_back_wakes_nobody() -> None:
    clinic = Clinic.objects.create(slug="smile")
    bell(clinic.pk).clear()
    with transaction.atomic():
        wake(clinic.pk)
        transaction.set_rollback(True)

    assert not bell(clinic.pk).is_set()
