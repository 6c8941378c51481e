"""What changes while a first reading goes on: it takes a while in a large branch, and a booking must not wait for it.

Where these news stand is not kept. Later passes bring them once more, so whenever the process dies nothing is lost.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from priem.mis.archimed.lists import Span, Spanned, Talons, all_pages
from priem.mis.archimed.looks import Shelf
from priem.mis.archimed.loose import Row
from priem.mis.archimed.pace import Pace
from priem.mis.archimed.rows import TALON_FIELDS
from priem.ports import Clock

EVERY = timedelta(seconds=5)
MOST_PAGES = 4
"""Of more pages only the newest are looked at: the reading has to go on, too."""


class News:
    """Talons of the days that are watched, compared with how they stood when the reading began."""

    def __init__(self, talons: Talons, span: Span, pace: Pace, clock: Clock) -> None:
        self._talons = talons
        self._span = span
        self._pace = pace
        self._clock = clock
        self._shelf = Shelf(TALON_FIELDS)
        self._looked_at = clock.now()
        list(self._look())

    def since_last(self) -> Sequence[Row]:
        """Those that changed, once in a few seconds."""
        now = self._clock.now()
        if now - self._looked_at < EVERY:
            return ()
        self._looked_at = now
        return list(self._look())

    def _look(self) -> Iterator[Row]:
        for number, listing in all_pages(Spanned(self._talons, self._span), 1, 0):
            now = self._clock.now()
            self._shelf.note(number, listing, now)
            yield from self._shelf.news(listing.rows, now, self._span.holds)
            if number >= MOST_PAGES:
                return
            self._pace.wait()
