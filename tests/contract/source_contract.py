"""What every МИС promises to the engine (`Source`). Subclass it, give a `clinic`, get the tests."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import pytest

from priem.errors import AskOperator
from priem.model import Page, Patient, Visit, VisitStatus
from priem.ports import Source


class Clinic(Protocol):
    """A МИС with people working in it, and a way for tests to be those people."""

    def open(self) -> Source:
        """A source that remembers nothing, as after a restart."""

    def register(self, surname: str) -> str:
        """A new patient's id."""

    def rename(self, patient: str, surname: str) -> None: ...

    def book(self, patient: str) -> str:
        """The id of a new visit, some day ahead."""

    def confirm(self, visit: str) -> None: ...

    def book_nobody(self) -> str:
        """The id of a new visit that is broken: it has no patient."""

    def place(self, cursor: str) -> tuple[Any, ...]:
        """What the source itself holds to grow from cursor to cursor."""

    def writes(self) -> Sequence[str]:
        """What Priem asked of the МИС that was not a mere question."""


def patients_of(pages: Iterable[Page]) -> dict[str, Patient]:
    """As the engine knows them in the end: the last of each counts."""
    return {patient.key.id: patient for page in pages for patient in page.patients}


def visits_of(pages: Iterable[Page]) -> dict[str, Visit]:
    return {visit.key.id: visit for page in pages for visit in page.visits}


def read_on(source: Source, since: str | None) -> tuple[list[Page], str]:
    """All pages and the cursor behind them."""
    pages = list(source.changes(since))
    cursor = pages[-1].cursor if pages else since
    assert cursor is not None, "a first reading always tells where it ended"
    return pages, cursor


class SourceContract:
    def test_a_first_reading_brings_all_patients_before_any_visit(self, clinic: Clinic) -> None:
        patient = clinic.register("Соболева")
        visit = clinic.book(patient)

        pages, _ = read_on(clinic.open(), None)

        assert patients_of(pages)[patient].name.startswith("Соболева")
        assert visits_of(pages)[visit].patient.id == patient
        kinds = [kind for page in pages for kind in ("patients", "visits") if getattr(page, kind)]
        assert kinds == sorted(kinds)

    def test_keys_carry_the_connection(self, clinic: Clinic) -> None:
        source = clinic.open()
        clinic.book(clinic.register("Крылов"))

        pages, _ = read_on(source, None)

        patients, visits = patients_of(pages).values(), visits_of(pages).values()
        keys = [*(patient.key for patient in patients), *(visit.key for visit in visits)]
        assert {key.connection for key in keys} == {source.connection}

    def test_visits_are_aware_of_their_time_zone(self, clinic: Clinic) -> None:
        clinic.book(clinic.register("Рябов"))

        pages, _ = read_on(clinic.open(), None)

        assert all(visit.starts_at.utcoffset() is not None for visit in visits_of(pages).values())

    def test_cursors_only_go_forward(self, clinic: Clinic) -> None:
        source = clinic.open()
        pages, cursor = read_on(source, None)
        clinic.rename(clinic.register("Власов"), "Власова")
        later, _ = read_on(source, cursor)

        told = [page for page in (*pages, *later) if not page.is_news]
        places = [clinic.place(page.cursor) for page in told]
        assert len(places) > 1
        assert places == sorted(places)
        assert len({page.cursor for page in told}) == len(places)

    def test_reading_again_from_the_end_brings_nothing_new(self, clinic: Clinic) -> None:
        source = clinic.open()
        pages, cursor = read_on(source, None)
        settled, cursor = read_on(source, cursor)

        again, _ = read_on(source, cursor)

        assert patients_of(settled).items() <= patients_of(pages).items()
        assert patients_of(again) == {}
        assert visits_of(again) == {}

    def test_a_change_is_brought_by_the_next_reading(self, clinic: Clinic) -> None:
        source = clinic.open()
        patient = clinic.register("Жданова")
        visit = clinic.book(patient)
        _, cursor = read_on(source, None)

        clinic.rename(patient, "Орлова")
        clinic.confirm(visit)
        another = clinic.book(patient)
        pages, _ = read_on(source, cursor)

        assert patients_of(pages)[patient].name.startswith("Орлова")
        assert visits_of(pages)[visit].status is VisitStatus.CONFIRMED
        assert another in visits_of(pages)

    def test_a_change_made_while_a_first_reading_goes_on_is_not_missed(self, clinic: Clinic) -> None:
        patient = clinic.register("Щукина")
        visit = clinic.book(patient)
        source = clinic.open()

        pages: list[Page] = []
        for page in source.changes(None):
            if not pages:
                clinic.rename(patient, "Карпова")
                clinic.confirm(visit)
            pages.append(page)
        later, _ = read_on(source, pages[-1].cursor)

        assert patients_of([*pages, *later])[patient].name.startswith("Карпова")
        assert visits_of([*pages, *later])[visit].status is VisitStatus.CONFIRMED

    def test_going_on_from_any_page_loses_nothing(self, clinic: Clinic) -> None:
        clinic.book(clinic.register("Лунина"))
        pages, _ = read_on(clinic.open(), None)
        marks = sorted({0, 1, len(pages) // 2, len(pages) - 2} & set(range(len(pages) - 1)))
        assert marks

        for done in marks:
            rest, _ = read_on(clinic.open(), pages[done].cursor)
            before = pages[: done + 1]
            assert patients_of([*before, *rest]) == patients_of(pages)
            assert visits_of([*before, *rest]).items() >= visits_of(pages).items()

    def test_a_page_that_was_not_carried_out_comes_again(self, clinic: Clinic) -> None:
        source = clinic.open()
        _, cursor = read_on(source, None)
        _, cursor = read_on(source, cursor)
        patient = clinic.register("Быкова")

        first, _ = read_on(source, cursor)
        second, _ = read_on(source, cursor)

        assert patient in patients_of(first)
        assert patient in patients_of(second)

    def test_a_broken_row_is_rejected_and_the_others_go_on(self, clinic: Clinic) -> None:
        broken = clinic.book_nobody()
        whole = clinic.book(clinic.register("Тихонов"))

        pages, _ = read_on(clinic.open(), None)

        rejected = {(row.kind, row.id): row.reason for page in pages for row in page.rejected}
        assert ("visit", broken) in rejected
        assert rejected["visit", broken].read("ru")
        assert whole in visits_of(pages)

    def test_patients_are_read_by_their_ids(self, clinic: Clinic) -> None:
        one, other = clinic.register("Гусев"), clinic.register("Уткина")

        found = clinic.open().patients([other, one, "999999999", "nobody", ""])

        assert {patient.key.id for patient in found if isinstance(patient, Patient)} == {one, other}

    def test_records_are_read_anew_by_their_ids_and_move_no_cursor(self, clinic: Clinic) -> None:
        patient = clinic.register("Галкин")
        visit = clinic.book(patient)
        source = clinic.open()
        _, cursor = read_on(source, None)

        page = source.reread(cursor, [patient, "999999999", "nobody", ""], [visit, "999999999"])

        assert set(patients_of([page])) == {patient}
        assert set(visits_of([page])) == {visit}
        assert (page.cursor, page.rejected) == (cursor, ())

    def test_no_ids_are_no_patients(self, clinic: Clinic) -> None:
        assert clinic.open().patients([]) == ()

    def test_the_count_tells_what_a_first_reading_brings(self, clinic: Clinic) -> None:
        source = clinic.open()
        counts = source.count(None)

        pages, cursor = read_on(source, None)

        rejected = sum(len(page.rejected) for page in pages)
        assert counts.patients + counts.visits == len(patients_of(pages)) + len(visits_of(pages)) + rejected
        assert source.count(cursor).patients <= counts.patients

    def test_what_is_no_cursor_is_said(self, clinic: Clinic) -> None:
        with pytest.raises(AskOperator):
            list(clinic.open().changes("nonsense"))

    def test_a_check_of_a_sound_clinic_finds_nothing_broken(self, clinic: Clinic) -> None:
        findings = clinic.open().check()

        assert findings
        assert [finding.what.read("en") for finding in findings if finding.severity == "broken"] == []

    def test_nothing_but_questions_is_asked(self, clinic: Clinic) -> None:
        source = clinic.open()
        source.check()
        _, cursor = read_on(source, None)
        clinic.book(clinic.register("Соколова"))
        read_on(source, cursor)
        source.count(cursor)
        source.patients(["1"])

        assert clinic.writes() == []
