"""Free time of IDENT's timetable as a list in amoCRM: a row for each doctor's day, where a clinic wants it.

Rows of lists cannot be deleted, so those of days that are over become those of days to come. Only what says something
else than before is written; the list is looked at again once IDENT has posted anew.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b

from priem.amocrm.crm import AmoCrm
from priem.amocrm.lists import ElementDraft, elements_of, fields_called, list_called
from priem.engine.settings import SlotList
from priem.hub.ident.timetables import unpacked
from priem.hub.models import ListedDay, Timetable, TimetableDay
from priem.hub.models.owned import OwnedRows
from priem.mis.ident.exchange.timetable import Span, free_windows
from priem.model import State
from priem.ports import Clock, Source

BETWEEN_LOOKS = timedelta(minutes=1)
FIELDS: Mapping[str, str] = {
    "Дата": "text",
    "Врач": "text",
    "Филиал": "text",
    "Свободно": "textarea",
    "Свободно, минут": "numeric",
}
"""Of the list, in a clinic's own words: its data, hence Russian whatever the reader's language."""
WEEKDAYS = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")
OVER = "—"
"""The name of a row that nobody needs at the moment, before its number."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What a row says."""

    name: str
    values: Sequence[str]
    """In the order of FIELDS."""

    @property
    def mark(self) -> str:
        return blake2b("\n".join((self.name, *self.values)).encode(), digest_size=8).hexdigest()


@dataclass(slots=True, kw_only=True)
class SlotWatch:
    """A chore of one clinic's passes."""

    clinic_id: int
    crm: AmoCrm
    clock: Clock
    settings: SlotList
    _next: dict[str, datetime] = field(default_factory=dict)
    _shown: dict[str, datetime] = field(default_factory=dict)
    """By connection: the post that the list shows."""

    def __call__(self, source: Source) -> None:
        now = self.clock.now()
        if not self.settings.keep or now < self._next.get(source.connection, now):
            return
        self._next[source.connection] = now + BETWEEN_LOOKS
        table = Timetable.objects.of(self.clinic_id).filter(connection=source.connection).first()
        if table and self._shown.get(source.connection) != table.posted_at and self._show(table, now):
            self._shown[source.connection] = table.posted_at

    def _show(self, table: Timetable, now: datetime) -> bool:
        """Whether the list says by now what it should."""
        catalog = list_called(self.crm.client, self.settings.name)
        fields = list(fields_called(self.crm.client, catalog, FIELDS).values())
        self._look_up(table.connection, catalog)
        wanted = dict(days_of(table, self.settings, now))
        rows = self._assigned(table.connection, wanted)
        said = {row: wanted.get(row.day_key) or Listed(f"{OVER} {row.pk}", [""] * len(FIELDS)) for row in rows}
        changed = {str(row.pk): row for row, listed in said.items() if row.said != listed.mark}
        drafts = [
            ElementDraft(
                ref=ref, id=row.element, name=said[row].name, fields=dict(zip(fields, said[row].values, strict=True))
            )
            for ref, row in changed.items()
        ]
        return self._write(catalog, drafts, {ref: said[row] for ref, row in changed.items()})

    def _rows(self, connection: str) -> OwnedRows[ListedDay]:
        return ListedDay.objects.of(self.clinic_id).filter(connection=connection)

    def _look_up(self, connection: str, catalog: int) -> None:
        """Rows that were sent and whose answer was lost are there under their names, or are to be made once more."""
        rows = self._rows(connection)
        if not (lost := list(rows.filter(element=None))):
            return
        taken = set(rows.exclude(element=None).values_list("element", flat=True))
        there = [(name, id_) for name, id_ in elements_of(self.crm.client, catalog) if id_ not in taken]
        for row in lost:
            if own := next((pair for pair in there if pair[0] == row.name), None):
                there.remove(own)
                rows.filter(pk=row.pk).update(element=own[1])
            else:
                row.delete()

    def _assigned(self, connection: str, wanted: Mapping[str, Listed]) -> Sequence[ListedDay]:
        """A row for each day that is wanted, made of those that nobody needs first; and the rest."""
        rows = list(self._rows(connection).order_by("pk"))
        kept = {row.day_key for row in rows}
        spare = iter([row for row in rows if row.day_key not in wanted])
        for key in wanted.keys() - kept:
            if row := next(spare, None):
                row.day_key, row.said = key, ""
                row.save(update_fields=["day_key", "said"])
            else:
                rows.append(self._new(connection, key, wanted[key]))
        return rows

    def _new(self, connection: str, key: str, listed: Listed) -> ListedDay:
        """Written down before it is sent."""
        return ListedDay.objects.create(clinic_id=self.clinic_id, connection=connection, day_key=key, name=listed.name)

    def _write(self, catalog: int, drafts: Sequence[ElementDraft], said: Mapping[str, Listed]) -> bool:
        is_whole = True
        for outcomes in self.crm.write_elements(catalog, drafts):
            for outcome in outcomes:
                row = ListedDay.objects.of(self.clinic_id).filter(pk=int(outcome.ref))
                if outcome.state is State.DONE:
                    listed = said[outcome.ref]
                    row.update(said=listed.mark, name=listed.name, element=outcome.id)
                else:
                    is_whole = False
                    gone = row if outcome.state is State.REFUSED else row.filter(element=None)
                    if outcome.state is not State.UNKNOWN:
                        gone.delete()  # made anew the next time; a person may have taken the row out of the list
        return is_whole


def days_of(table: Timetable, settings: SlotList, now: datetime) -> Iterator[tuple[str, Listed]]:
    """By key, each doctor's day from today on."""
    today = now.astimezone(UTC).date() - timedelta(days=1)  # a clinic's day begins before or after ours
    days = TimetableDay.objects.of(table.clinic_id).filter(connection=table.connection)
    for day in days.filter(day__range=(today, today + timedelta(days=settings.days + 1))).order_by("day"):
        free = free_windows((unpacked(day, packed) for packed in day.intervals), after=now)
        spans = [span for span in free if span[1] - span[0] >= timedelta(minutes=settings.minutes)]
        if day.intervals and unpacked(day, day.intervals[-1]).ends_at > now:
            yield f"{day.day.isoformat()}:{day.branch}:{day.doctor}", listed(day, table, spans)


def listed(day: TimetableDay, table: Timetable, spans: Sequence[Span]) -> Listed:
    doctor = table.doctors.get(str(day.doctor), str(day.doctor))
    branch = table.branches.get(str(day.branch), "")
    free = ", ".join(f"{start:%H:%M}–{end:%H:%M}" for start, end in spans)
    minutes = sum(int((end - start).total_seconds()) // 60 for start, end in spans)
    name = f"{in_words(day.day)} · {doctor}" + (f" · {branch}" if branch else "")
    return Listed(name, (f"{day.day:%d.%m.%Y}", doctor, branch, free or "нет", str(minutes)))


def in_words(day: date) -> str:
    return f"{day:%d.%m} {WEEKDAYS[day.weekday()]}"
