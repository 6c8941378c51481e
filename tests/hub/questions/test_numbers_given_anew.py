"""A МИС that was put back to an older copy gives numbers to other patients and visits: a person says who it is."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from priem.engine.sync import Clinic as Parts
from priem.hub.models import Clinic as Row
from priem.hub.models import Connection, Question
from priem.hub.store import DjangoStore
from priem.ports import Store
from tests.engine.clinic import ANNA, BORIS, NOON, Clinic, patient, visit


@pytest.mark.parametrize("choice", ["new", "the same"])
def test_the_answer_is_carried_out(admin_client: Client, choice: str) -> None:
    row = Row.objects.create(slug="smile", name="Улыбка")
    Connection.objects.create(clinic=row, key="ident", kind="ident")
    clinic = Clinic()
    clinic.store = DjangoStore(row.pk, clinic.clock.now)  # type: ignore[assignment]  # only what a store promises is asked
    clinic.mis.put(patient("1", "Белова Анна Ивановна", ANNA, birthday=date(1990, 1, 31)), visit("500"))
    clinic.sync()
    anna = clinic.contact_of("1").id
    clinic.mis.put(patient("1", "Чернов Борис Ильич", BORIS, birthday=date(1985, 5, 5)), visit("501", hours=3))
    clinic.sync()
    assert clinic.names == ["Белова Анна Ивановна"]

    question = Question.objects.of(row.pk).get()
    page = admin_client.get(reverse("questions")).content.decode()
    assert "день рождения другой" in page
    answer = "new" if choice == "new" else str(anna)
    admin_client.post(reverse("answer", args=["smile", question.pk]), {"choice": answer})
    for _ in range(3):
        clinic.sync()

    whose = clinic.contact_of("1").id
    assert (whose == anna) == (choice == "the same")
    assert clinic.crm.all_contacts[whose].name == "Чернов Борис Ильич"
    assert clinic.lead_of("501").contacts == (whose,)
    assert not Question.objects.of(row.pk).exists()


@dataclass
class Opened:
    """The clinic in memory, in place of the systems that the pages would reach."""

    of_test: Clinic

    @property
    def clinic(self) -> Parts:
        return self.of_test.parts()

    @contextmanager
    def opened(self, _slug: str) -> Iterator["Opened"]:
        yield self

    def between_passes(self, store: Store) -> AbstractContextManager[None]:
        return store.exclusively()


def test_a_visit_that_has_got_anothers_number_gets_a_lead_of_its_own(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = Row.objects.create(slug="smile", name="Улыбка")
    Connection.objects.create(clinic=row, key="ident", kind="ident")
    clinic = Clinic()
    clinic.store = DjangoStore(row.pk, clinic.clock.now)  # type: ignore[assignment]  # as above
    monkeypatch.setitem(sys.modules, "tests.outside_in_memory", Opened(clinic))
    monkeypatch.setattr(settings, "OUTSIDE", "tests.outside_in_memory")
    clinic.mis.put(patient("1", "Белова Анна", ANNA), patient("2", "Чернов Борис", BORIS))
    clinic.mis.put(replace(visit("500"), added_at=NOON))
    clinic.sync()
    page, annas = reverse("record", args=["smile", "visit", "ident:500"]), clinic.lead_of("500")
    assert "Это другая запись" not in admin_client.get(page).content.decode()

    clinic.mis.put(replace(visit("500", "2", hours=5), added_at=NOON + timedelta(hours=9)))
    clinic.sync()

    shown = admin_client.get(page).content.decode()
    assert "номер достался другой записи" in shown
    assert "Это другая запись" in shown
    admin_client.post(reverse("record_unlink", args=["smile", "visit", "ident:500"]), {"anew": "1"})
    for _ in range(2):
        clinic.sync()
    assert clinic.lead_of("500").contacts == (clinic.contact_of("2").id,)
    assert clinic.crm.all_leads[annas.id].name == annas.name
    assert "Это другая запись" not in admin_client.get(page).content.decode()
