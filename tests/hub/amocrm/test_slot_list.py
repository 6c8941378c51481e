"""Free time of IDENT's timetable as a list of amoCRM: in step at little cost, never the same row twice."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

import pytest

from priem.amocrm.lists import elements_of, list_called
from priem.engine.settings import SlotList
from priem.hub.ident.slot_list import SlotWatch
from priem.hub.models import ListedDay, Timetable, TimetableDay
from tests.engine.clinic import Mis
from tests.hub.amocrm.office import Office
from tests.mis.ident.clinic import Watch

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
FREE, BUSY = 0, 1


class Days:
    """What IDENT has posted, and whoever keeps the list."""

    def __init__(self, office: Office, *, keep: bool = True) -> None:
        self.office, self.clock = office, Watch()
        self.watch = SlotWatch(
            clinic_id=office.clinic.pk, crm=office.crm, clock=self.clock, settings=SlotList(keep=keep)
        )

    def post(self, doctors: Sequence[int], first: int, count: int = 2, *, busy: Sequence[int] = ()) -> None:
        """From nine to ten is free for these doctors on so many days, but for those who are busy."""
        owner = self.office.clinic
        TimetableDay.objects.of(owner.pk).delete()
        today = datetime.now(UTC).date()
        for doctor in doctors:
            for ahead in range(first, first + count):
                day = today + timedelta(days=ahead)
                begins = int(datetime.combine(day, time(9), UTC).timestamp())
                taken = [begins, 0, 60, BUSY if doctor in busy else FREE]
                TimetableDay.objects.create(
                    clinic=owner, connection="ident", day=day, branch=1, doctor=doctor, intervals=[taken]
                )
        Timetable.objects.update_or_create(
            clinic=owner,
            connection="ident",
            defaults={
                "posted_at": self.clock.now(),
                "doctors": {str(doctor): f"Врач {doctor}" for doctor in doctors},
                "branches": {"1": "На Садовой"},
            },
        )

    def look(self) -> None:
        self.watch(Mis("ident"))
        self.clock.advance(61)

    def writes(self) -> int:
        return sum("/elements" in asked and not asked.startswith("GET") for asked in self.office.requests)

    def rows(self) -> dict[str, str]:
        """Names → what is free."""
        client = self.office.crm.client
        catalog = list_called(client, "Свободные окна")
        rows = client.get(f"/api/v4/catalogs/{catalog}/elements", [("limit", 250)]).rows("elements")
        assert len(rows) == len(list(elements_of(client, catalog)))
        told = {row["name"]: values_of(row).get("Свободно", "") for row in rows}
        assert len(told) == len(rows), "the same row twice"
        return told


def values_of(row: dict[str, object]) -> dict[str, str]:
    values = row["custom_fields_values"] or []
    return {field["field_name"]: field["values"][0]["value"] for field in values}  # type: ignore[attr-defined]  # JSON


@pytest.fixture
def days(office: Office) -> Days:
    return Days(office)


def test_each_doctors_day_has_a_row_and_only_what_changes_is_written(days: Days) -> None:
    days.post([7, 8], first=1)
    days.look()
    rows = days.rows()
    assert len(rows) == 4
    assert set(rows.values()) == {"09:00–10:00"}
    assert all("Врач" in name and "На Садовой" in name for name in rows)

    before = days.writes()
    days.look()
    days.post([7, 8], first=1)
    days.look()
    assert days.writes() == before, "the same timetable again"

    days.post([7, 8], first=1, busy=[8])
    days.look()
    assert days.writes() == before + 1
    assert sorted(days.rows().values()) == ["09:00–10:00", "09:00–10:00", "нет", "нет"]


def test_rows_of_days_that_are_over_become_those_of_days_to_come(days: Days) -> None:
    days.post([7], first=1, count=3)
    days.look()
    days.post([7], first=3, count=3)
    days.look()
    assert len(days.rows()) == 3

    days.post([7], first=5, count=1)
    days.look()
    assert sorted(days.rows().values()) == ["", "", "09:00–10:00"]


def test_a_row_whose_answer_was_lost_is_not_made_again(days: Days) -> None:
    days.post([7], first=1)
    list_called(days.office.crm.client, "Свободные окна")
    days.office.fault("lost_after_commit", method="POST", path="/api/v4/catalogs/", skip=1)  # the fields come first
    days.look()
    assert list(ListedDay.objects.of_all().values_list("element", flat=True)) == [None, None]

    days.look()

    assert len(days.rows()) == 2
    assert None not in ListedDay.objects.of_all().values_list("element", flat=True)


def test_nothing_is_made_until_a_person_switches_it_on(office: Office) -> None:
    days = Days(office, keep=False)
    days.post([7], first=1)
    asked = len(office.requests)

    days.look()

    assert len(office.requests) == asked
