"""When all links are compared: once a day, at a time of day in amoCRM's time zone."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from priem.ports import Store


@dataclass(frozen=True, slots=True)
class Nightly:
    at: time
    zone: tzinfo
    since: datetime
    """What was due before this moment is not made up for: a first sync has compared everything anyway."""

    def is_due(self, now: datetime, store: Store) -> bool:
        due = self.last_due(now)
        if due <= self.since:
            return False
        last = store.reconciled_at()
        return last is None or last < due

    def last_due(self, now: datetime) -> datetime:
        here = now.astimezone(self.zone)
        today = here.replace(hour=self.at.hour, minute=self.at.minute, second=0, microsecond=0)
        return today if today <= here else today - timedelta(days=1)
