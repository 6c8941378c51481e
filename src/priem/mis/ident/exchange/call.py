"""A telephone call as IDENT takes it: docs/reference/ident.md §1.6."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

LONGEST = timedelta(hours=4)
"""A call that is said to run on longer has ended, and nobody told us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    started_at: datetime
    direction: Literal["in", "out"]
    phone_from: str
    phone_to: str
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    """None while it runs."""
    line: str = ""
    record_url: str = ""
    tracking: Mapping[str, str] = field(default_factory=dict)
    """`UtmSource` … `UtmContent` and `HttpReferer`, those that are known."""

    def wait_seconds(self, now: datetime) -> int:
        """Until it was answered; of one that nobody has answered, until it ended or until now."""
        return seconds(self.started_at, self.answered_at or self.ended_at or now)

    def talk_seconds(self, now: datetime) -> int | None:
        """None when nobody has answered."""
        return None if self.answered_at is None else seconds(self.answered_at, self.ended_at or now)


def seconds(since: datetime, until: datetime) -> int:
    return max(0, int((until - since).total_seconds()))
