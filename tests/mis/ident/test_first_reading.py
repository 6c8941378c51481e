"""What a first reading tells of the days while it runs, and of those before."""

# ruff: noqa: S608 - the SQL of a test is put together of its own values

from itertools import takewhile

import pytest

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


def test_visits_are_read_further_back_than_they_get_leads_to_know_who_was_here(clinic: IdentClinic) -> None:
    patient = clinic.register("Давний")
    visit = clinic.book(patient)
    clinic.do(f"UPDATE Receptions SET PlanStart = DATEADD(day, -40, PlanStart) WHERE ID = {visit}")

    near, _ = read_on(clinic.open(look_back_days=10), None)
    far, _ = read_on(clinic.open(look_back_days=60), None)

    assert visit not in visits_of([page for page in near if not page.is_news])
    found = visits_of(far)[visit]
    assert all(page.visits_since and page.visits_since > found.starts_at for page in far)
