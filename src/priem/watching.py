"""A pass as it is watched: whose failure it was, what was done, and how long people waited for it."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from priem.engine.sync import Clinic, Progress
from priem.errors import AskOperator, PriemError, TryLater
from priem.model import Action, Finding, Page, Patient, Rejected, State
from priem.ports import Counts, Source
from priem.texts import text


class Enough(TryLater):
    """A pass ends before its time, in order: what was sent is heard of, and the next one goes on from there."""

    def __init__(self) -> None:
        super().__init__(text("Another pass over this clinic is under way."))


def never() -> bool:
    return False


class Overheard:
    """A source that remembers its last failure: amoCRM's look the same from outside. Once `is_enough`, no further page
    comes: Enough does."""

    def __init__(self, source: Source, is_enough: Callable[[], bool] = never) -> None:
        self._source = source
        self._is_enough = is_enough
        self.failure: PriemError | None = None

    @property
    def connection(self) -> str:
        return self._source.connection

    def check(self) -> Sequence[Finding]:
        return self._source.check()

    def count(self, since: str | None) -> Counts:
        return self._source.count(since)

    def changes(self, since: str | None) -> Iterator[Page]:
        try:
            for page in self._source.changes(since):
                yield page
                if self._is_enough():
                    raise Enough
        except PriemError as error:
            self.failure = error
            raise

    def patients(self, ids: Sequence[str]) -> tuple[Patient | Rejected, ...]:
        try:
            return self._source.patients(ids)
        except PriemError as error:
            self.failure = error
            raise

    def reread(self, since: str, patients: Sequence[str], visits: Sequence[str]) -> Page:
        try:
            return self._source.reread(since, patients, visits)
        except PriemError as error:
            self.failure = error
            raise

    def side_of(self, error: PriemError) -> Literal["mis", "crm"]:
        return "mis" if self.failure is error else "crm"


def watched(source: Overheard, pieces: Iterator[Progress], clinic: Clinic) -> Iterator[Progress]:
    """The pieces of one pass over the source. What goes wrong is told and raised again."""
    watch, name = clinic.watch, source.connection
    if watch is None:
        yield from pieces
        return
    watch.begins(name)
    try:
        for progress in pieces:
            watch.saw(name, progress.page, written(progress))
            yield progress
    except Enough:
        raise
    except (TryLater, AskOperator) as error:
        watch.fails(name, error, source.side_of(error))
        raise
    watch.ends(name)


def written(progress: Progress) -> Counter[str]:
    """Changes that somebody can see in the CRM now, by branch. A contact is no branch's."""
    return Counter(
        step.branch
        for step, outcome in progress.carried
        if outcome.state is State.DONE and step.draft is not None and step.action is not Action.LEAVE
    )
