"""A МИС that was put back to an older copy gives a patient's number to somebody else: a person says who it is."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from priem.hub.models import Clinic as Row
from priem.hub.models import Connection, Question
from priem.hub.store import DjangoStore
from tests.engine.clinic import ANNA, BORIS, Clinic, patient, visit


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
