"""What a first reading tells of the days while it runs, and of those before."""

# ruff: noqa: S608 - the SQL of a test is put together of its own values

from itertools import takewhile

import pytest

from priem.mis.ident.passes import parts_of
from priem.model import Patient, PatientKey, Rejected
from priem.texts import text
from tests.contract.source_contract import read_on, visits_of
from tests.mis.ident.clinic import IdentClinic, Watch

pytestmark = pytest.mark.slow


def test_what_changes_during_a_first_reading_comes_between_its_pages(clinic: IdentClinic) -> None:
    patients = [clinic.register(f"Пациент{number}") for number in range(4)]
    watch = Watch()
    pages = clinic.open_by(watch, page_size=2).changes(None)
    first = next(pages)
    visit = clinic.book(patients[0])
    watch.advance(2)

    rest = list(pages)

    news = list(takewhile(lambda page: page.is_news, rest))
    assert {page.cursor for page in news} == {first.cursor}
    assert visit in visits_of(news)
    assert not {one.key.id for page in news for one in page.patients}, "what was there before is no news"
    assert set(patients) <= {one.key.id for page in (first, *rest) if not page.is_news for one in page.patients}
    later, _ = read_on(clinic.open(), rest[-1].cursor)
    assert visit in visits_of(later), "what was told between pages is told again, for whom it did not reach"


def test_news_do_not_come_amid_rows_that_were_read_before_them(clinic: IdentClinic) -> None:
    """What was read first would be taken for newer, and undo them."""
    patients = [clinic.register(f"Пациент{number}") for number in range(4)]
    watch = Watch()
    pages = clinic.open_by(watch, page_size=2000, given_at_once=1).changes(None)
    next(pages)
    clinic.rename(patients[-1], "Новая")
    watch.advance(2)

    told = [one.name for page in pages for one in page.patients if one.key.id == patients[-1]]

    assert "Новая" not in told[0], "it was read together with the first page"
    assert "Новая" in told[-1]


@pytest.mark.parametrize(("at_once", "sizes"), [(10, [10, 10, 11]), (40, [31]), (1000, [31])])
def test_what_was_asked_for_together_is_given_in_small_pages(at_once: int, sizes: list[int]) -> None:
    rows = [{"ID": 10 * number} for number in range(1, 32)]
    found: list[Patient | Rejected] = [
        Patient(key=PatientKey("ident", str(row["ID"])), name="") for row in rows if row["ID"] != 50
    ]
    found += [
        Rejected(kind="patient", id="50", reason=text("Odd.")),
        Rejected(kind="patient", id="?", reason=text("Odd.")),
    ]

    parts = list(parts_of(rows, found, at_once))

    assert [len(some) for some, _ in parts] == sizes
    assert [row for some, _ in parts for row in some] == rows
    assert sorted(map(str, found)) == sorted(str(one) for _, given in parts for one in given)
    for some, given in parts:
        ids = {str(row["ID"]) for row in some} | {"50", "?"}
        assert {one.id if isinstance(one, Rejected) else one.key.id for one in given} <= ids


def test_visits_are_read_further_back_than_they_get_leads_to_know_who_was_here(clinic: IdentClinic) -> None:
    patient = clinic.register("Давний")
    visit = clinic.book(patient)
    clinic.do(f"UPDATE Receptions SET PlanStart = DATEADD(day, -40, PlanStart) WHERE ID = {visit}")

    near, _ = read_on(clinic.open(look_back_days=10), None)
    far, _ = read_on(clinic.open(look_back_days=60), None)

    assert visit not in visits_of([page for page in near if not page.is_news])
    found = visits_of(far)[visit]
    assert all(page.visits_since and page.visits_since > found.starts_at for page in far)
