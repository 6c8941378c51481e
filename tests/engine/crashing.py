"""Parts that die at one of their calls, before it or after it, as a process that is killed does."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

from priem.engine.sync import Clinic as Parts
from tests.engine.clinic import Clinic

Part = TypeVar("Part")
Moment = Literal["before", "after"]


class Killed(BaseException):
    """Nobody catches it, as nobody catches SIGKILL."""


@dataclass
class Death:
    """Comes at one call of all that the store and the CRM get, counted from 0."""

    call: int
    moment: Moment
    calls: int = 0

    def around(self, call: Callable[[], Any]) -> Any:
        now = self.calls == self.call
        self.calls += 1
        if now and self.moment == "before":
            raise Killed
        result = call()
        if now:
            raise Killed
        return result


class Mortal:
    """A store or a CRM; each page or batch that an iterator gives is a call of its own."""

    def __init__(self, part: object, death: Death) -> None:
        self._part = part
        self._death = death

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._part, name)

        def called(*arguments: Any, **named: Any) -> Any:
            result = self._death.around(lambda: method(*arguments, **named))
            if hasattr(result, "put"):
                return Mortal(result, self._death)
            return self._pieces(result) if isinstance(result, Iterator) else result

        return called

    def _pieces(self, pieces: Iterator[Any]) -> Iterator[Any]:
        end = object()
        while (piece := self._death.around(lambda: next(pieces, end))) is not end:
            yield piece


def mortal(part: Part, death: Death) -> Part:
    return cast(Part, Mortal(part, death))


def dying(clinic: Clinic, death: Death) -> Parts:
    return clinic.parts(crm=mortal(clinic.crm, death), store=mortal(clinic.store, death))
