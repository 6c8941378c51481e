"""Killed at every step that touches the disk or the line, and started again: nothing is lost, nothing comes twice."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from priem.agent import folder, spool
from priem.hub.agents import feeds
from priem.hub.models import Connection
from tests.agent.kit import KEY, Beside, first_reading, settle_at_last, stored
from tests.contract.source_contract import patients_of, visits_of
from tests.mis.ident.clinic import IdentClinic

pytestmark = pytest.mark.slow
EVERY = int(os.environ.get("PRIEM_KILL_EVERY", "11"))
"""One of so many steps is tried, since each means a reading of its own: PRIEM_KILL_EVERY=1 tries all."""


class Killed(BaseException):
    """Nothing after it runs, as after kill -9."""


@contextmanager
def killed_at(number: int, monkeypatch: pytest.MonkeyPatch, beside: Beside) -> Iterator[Callable[[], int]]:
    """Dies before the number-th touch of disk or line; gives how many there were."""
    count = 0

    def touched() -> None:
        nonlocal count
        count += 1
        if count == number:
            raise Killed

    def watched(inner: Callable[..., object]) -> Callable[..., object]:
        def touch(*given: object, **named: object) -> object:
            touched()
            return inner(*given, **named)

        return touch

    with monkeypatch.context() as patched:
        for module, name in ((folder, "write_durably"), (folder, "settle"), (spool, "replace_durably")):
            patched.setattr(module, name, watched(getattr(module, name)))
        patched.setattr(Path, "unlink", watched(Path.unlink))
        patched.setattr(Path, "replace", watched(Path.replace))
        patched.setattr(beside.wire, "_answered", watched(beside.wire._answered))
        yield lambda: count


def test_an_agent_that_is_killed_anywhere_goes_on(
    beside: Beside, ident: IdentClinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = Connection.objects.of(beside.clinic.pk).get(key=KEY)
    connection.config = {**connection.config, "page_size": 40}
    connection.save()
    direct = list(ident.open().changes(None))
    number, deaths = 1, 0
    while True:
        feeds.begin(beside.clinic.pk, KEY)
        beside.started()
        try:
            with killed_at(number, monkeypatch, beside):
                beside.settle()
            break
        except Killed:
            deaths += 1
        beside.started()
        settle_at_last(beside)
        pages = first_reading(beside)
        seen = Counter(repr(record) for page in pages for record in (*page.patients, *page.visits))
        whole = [*beside.source().changes(None)]
        assert max(seen.values()) == 1
        assert patients_of(whole).keys() >= patients_of(direct).keys()
        assert visits_of(whole).keys() >= visits_of(direct).keys()
        assert stored(beside) == list(range(1, len(stored(beside)) + 1))
        number += EVERY
    assert deaths > 2
