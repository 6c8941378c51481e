"""Pages that another thread reads come as if nobody had."""

import threading
from collections.abc import Iterator

import pytest

from priem.errors import TryLater
from priem.mis.ahead import PAGES_AHEAD, ReadAhead
from priem.model import Page
from priem.texts import text
from tests.engine.clinic import Mis, patient, visit


class Breaking(Mis):
    """Goes away after its first page."""

    def changes(self, since: str | None) -> Iterator[Page]:
        yield next(super().changes(since))
        raise TryLater(text("Away."))


class Counting(Mis):
    """Tells how many pages were read, and in which thread."""

    def __init__(self, page_size: int) -> None:
        super().__init__(page_size=page_size)
        self.read = 0
        self.enough = threading.Event()

    def changes(self, since: str | None) -> Iterator[Page]:
        for page in super().changes(since):
            self.read += 1
            if self.read > PAGES_AHEAD + 1:
                self.enough.set()
            yield page


def filled(mis: Mis) -> Mis:
    mis.put(*(patient(str(number)) for number in range(10)), visit("500", "1"), visit("501", "2"))
    return mis


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "reading ahead"]


def test_all_pages_come_in_their_order() -> None:
    mis = filled(Mis(page_size=3))

    pages = list(ReadAhead(mis).changes(None))

    assert pages == list(mis.changes(None))


def test_what_the_source_raises_comes_after_the_pages_before_it() -> None:
    pages = ReadAhead(filled(Breaking(page_size=3))).changes(None)

    assert len(next(pages).patients) == 3
    with pytest.raises(TryLater):
        next(pages)


def test_pages_are_read_while_the_first_is_worked_on_but_not_all() -> None:
    mis = Counting(page_size=1)
    pages = ReadAhead(filled(mis)).changes(None)

    next(pages)

    assert mis.enough.wait(10)
    # One that was given, those that wait, and one that waits for a place among them.
    assert mis.read == PAGES_AHEAD + 2
    pages.close()  # type: ignore[attr-defined]  # a generator


def test_nobody_reads_on_when_nobody_wants_pages_any_more() -> None:
    pages = ReadAhead(filled(Mis(page_size=1))).changes(None)
    next(pages)
    assert readers()

    pages.close()  # type: ignore[attr-defined]  # a generator

    assert not readers()


def test_single_patients_can_be_asked_for_between_pages() -> None:
    source = ReadAhead(filled(Mis(page_size=1)))

    found = [source.patients([page.patients[0].key.id]) for page in source.changes(None) if page.patients]

    assert [rows[0].key.id for rows in found if rows] == [str(number) for number in range(10)]  # type: ignore[union-attr]  # patients all
