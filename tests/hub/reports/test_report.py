"""Requests → booked → came → paid."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from priem.hub.models import Clinic, MirroredLead, PatientSource, VisitFact, VisitLink
from priem.hub.reports.funnel import Period, by, groups, total

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))


def a_request(
    clinic: Clinic,
    lead: int,
    *,
    day: int = 10,
    status: str = "",
    source: str = "",
    branch: str = "Ленина 5",
    told: str = "",
) -> None:
    """A lead, with what amoCRM's statistics have told of it; with a status it is a visit's."""
    at = int(datetime(2026, 11, day, 12, tzinfo=UTC).timestamp())
    MirroredLead.objects.create(
        clinic=clinic, crm_id=lead, name="x", pipeline=1, stage=1, price=0, contacts=[], keys=[], fields={},
        created_at=at, updated_at=at, responsible=1, source=told,
    )  # fmt: skip
    if not status:
        return
    VisitLink.objects.create(
        clinic=clinic, connection="ident", visit=str(lead), lead=lead, made_at=datetime(2026, 11, day, tzinfo=UTC)
    )
    VisitFact.objects.create(
        clinic=clinic,
        connection="ident",
        visit=str(lead),
        patient=str(lead),
        branch=branch,
        status=status,
        came=status in ("completed", "paid"),
        paid=status == "paid",
        total=Decimal("1900.50"),
    )
    if source:
        PatientSource.objects.create(clinic=clinic, connection="ident", patient=str(lead), source=source)


@pytest.fixture
def november(clinic: Clinic) -> Clinic:
    a_request(clinic, 1)
    a_request(clinic, 2, status="booked", source="Сайт")
    a_request(clinic, 3, status="completed", source="Сайт")
    a_request(clinic, 4, status="paid", source="=2ГИС", branch="Мира 1")
    a_request(Clinic.objects.create(slug="other", name="Другая"), 5, status="paid", source="Чужой")
    return clinic


def test_how_far_requests_got(november: Clinic) -> None:
    counts = total(groups(november.pk, NOVEMBER))
    assert (counts.requests, counts.booked, counts.came, counts.paid) == (4, 3, 2, 1)
    assert counts.sum == Decimal("1900.50")


def test_by_source_and_by_branch(november: Clinic) -> None:
    found = groups(november.pk, NOVEMBER)
    assert [(name, counts.requests) for name, counts in by(found, lambda one: one.source)] == [
        ("Сайт", 2),
        ("", 1),
        ("=2ГИС", 1),
    ]
    assert {name: counts.came for name, counts in by(found, lambda one: one.branch)} == {
        "": 0,
        "Ленина 5": 1,
        "Мира 1": 1,
    }


def test_a_request_keeps_its_source_before_and_after_somebody_books(clinic: Clinic) -> None:
    a_request(clinic, 1, told="yandex")
    a_request(clinic, 2, told="yandex", status="paid", source="Интернет")
    a_request(clinic, 3, status="booked", source="Интернет")
    found = by(groups(clinic.pk, NOVEMBER), lambda one: one.source)
    assert [(name, counts.requests, counts.paid) for name, counts in found] == [("yandex", 2, 1), ("Интернет", 1, 0)]


def test_only_what_was_made_in_the_period_counts(november: Clinic) -> None:
    assert groups(november.pk, Period(date(2026, 11, 11), date(2026, 11, 30))) == []
    assert total(groups(november.pk, Period(date(2026, 11, 10), date(2026, 11, 10)))).requests == 4


def test_the_page_and_its_table_for_spreadsheets(client: Client, november: Clinic) -> None:
    client.force_login(User.objects.create(username="owner", is_staff=True, is_superuser=True))
    address = reverse("report", args=[november.slug])
    asked = {"since": "2026-11-01", "until": "2026-11-30"}
    written = client.get(address, asked).content.decode()
    assert "Сайт" in written
    assert "Чужой" not in written

    table = client.get(address, {**asked, "csv": "1"})
    lines = table.content.decode("utf-8-sig").splitlines()
    assert table["Content-Disposition"] == 'attachment; filename="smile-2026-11-01-2026-11-30.csv"'
    assert len(lines) == 4
    assert "'=2ГИС;Мира 1;1;1;1;1;1900,50" in lines


def test_a_long_period_is_counted_after_the_page_is_there(client: Client, november: Clinic) -> None:
    client.force_login(User.objects.create(username="owner", is_staff=True, is_superuser=True))
    address = reverse("report", args=[november.slug])
    year = {"since": "2026-01-01", "until": "2026-12-31"}
    assert "Сайт" not in client.get(address, year).content.decode()
    assert "Сайт" in client.get(address, year | {"found": "1"}).content.decode()


@pytest.mark.parametrize(
    "nonsense", ["since=x", "since=2026-12-01&until=2026-11-01", "since=0001-01-01&until=9999-12-31"]
)
def test_nonsense_is_this_month(client: Client, november: Clinic, nonsense: str) -> None:
    client.force_login(User.objects.create(username="owner", is_staff=True, is_superuser=True))
    assert client.get(f"{reverse('report', args=[november.slug])}?{nonsense}").status_code == 200
