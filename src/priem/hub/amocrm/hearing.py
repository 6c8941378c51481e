"""What amoCRM tells, taken in: the mirror knows what managers did before anything is decided."""

import os
import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog

from priem.amocrm.crm import AmoCrm
from priem.amocrm.hook_news import Shape, contacts_to_read, ids_named, keys_told, leads_to_read
from priem.amocrm.webhooks_in import Change, parse
from priem.engine.bindings import Bound, BoundField
from priem.engine.mirror import Mirror
from priem.engine.told import learn_losses, look_at
from priem.errors import AskOperator, TryLater
from priem.hub.amocrm.echoes import NOTHING, News, OnTheWay, on_the_way
from priem.hub.amocrm.inbox import INBOX
from priem.hub.amocrm.subscription import hearing_of, hears, hears_at_once, keep_subscribed, note
from priem.hub.clinics import ClinicData
from priem.hub.exchanges import DjangoExchanges
from priem.hub.merges import linked_to
from priem.hub.models import Hearing, ReceivedHook
from priem.hub.presence import has_any
from priem.hub.quick import delete
from priem.hub.surroundings import contacts_by_id, leads_by_id
from priem.model import Account
from priem.ports import Clock, Exchange, Store
from priem.texts import text

CATCH_UP = 600.0
"""Seconds between readings of what hooks may have left out; PRIEM_CATCH_UP says otherwise."""
OVERLAP = timedelta(minutes=5)
"""amoCRM's clock may differ from ours, and its history may show an event later than it was."""
AT_ONCE = 1000
A_MOMENT = 0.05
"""Seconds: when it took longer to look, amoCRM was asked, and what has come meanwhile is looked at, too."""
FEW = 250
"""At once in the middle of a pass: after them time is looked at."""
LONGEST_LISTENING = 1.0
"""Seconds before a pass. What is left then is taken in by the next ones; meanwhile whoever writes reads first."""
YOUNG = timedelta(seconds=3)
"""Within them the answers of what is being written are stored: hooks that came since are left for later in a pass."""
LONGEST_REST = 60.0

log = structlog.get_logger(__name__)


class Ears:
    """One clinic's, inside its passes (ports.Ears)."""

    def __init__(
        self, clinic: ClinicData, crm: AmoCrm, store: Store, bound: Bound, account: Account, clock: Clock
    ) -> None:
        self._clinic = clinic
        self._crm = crm
        self._store = store
        self._bound = bound
        self._account = account
        self._clock = clock
        self._shape = Shape(zone_of(account), kinds(bound.contact_fields), kinds(bound.lead_fields))
        self._period = timedelta(seconds=catch_up_seconds())
        self._rest = 0.0
        self._rests_until: datetime | None = None
        self._bell = INBOX.bell(clinic.id)
        self._exchanges = DjangoExchanges(clinic.id)
        self._known = Hearing(clinic_id=clinic.id)
        """As of the last listening, with what was noted since."""

    def rings(self) -> bool:
        return self._bell.is_set()

    def hears_at_once(self) -> bool:
        return hears_at_once(self._known, self._clock.now())

    def hear(self) -> bool:
        """Takes in all that amoCRM has told, and now and then what it may have left out.

        True: the mirror knows everything up to now. False: whoever writes has to read first. What is wrong with
        amoCRM is for the pass itself to say, which needs it, too.
        """
        self._bell.clear()
        return self._unless_resting(self._hear)

    def hear_some(self, seconds: float) -> None:
        self._unless_resting(lambda now: self._hear_some(now, seconds))

    def _unless_resting(self, listen: Callable[[datetime], bool]) -> bool:
        now = self._clock.now()
        if self._rests_until and now < self._rests_until:
            return False
        try:
            told = listen(now)
        except (TryLater, AskOperator) as error:
            log.info("what amoCRM tells is left waiting", clinic=self._clinic.slug, because=str(error.what))
            self._rest = min(max(1.0, 2 * self._rest), LONGEST_REST)
            self._rests_until = now + timedelta(seconds=self._rest)
            return False
        self._rest = 0.0
        return told

    def _hear(self, now: datetime) -> bool:
        self._known = hearing_of(self._clinic.id)
        if self._store.mirrored_until() is None:
            # Everything is about to be read; what happens meanwhile is told.
            keep_subscribed(self._clinic, self._crm, now)
            note(self._clinic.id, caught_up_at=now)
            self._known = hearing_of(self._clinic.id)
            return False
        if self._is_due(now):
            self._catch_up(now)
        is_up_to_now = self._take_in()
        return is_up_to_now and hears(self._known, now)

    def _hear_some(self, now: datetime, seconds: float) -> bool:
        if self._store.mirrored_until() is None:
            return False
        if self._is_due(now):
            self._catch_up(now)
        self._take_in_some(now - YOUNG, seconds)
        return False

    def _is_due(self, now: datetime) -> bool:
        before = self._known.caught_up_at
        return before is None or now - before >= self._period

    def _catch_up(self, now: datetime) -> None:
        before = self._known.caught_up_at
        INBOX.take_over()
        keep_subscribed(self._clinic, self._crm, now)
        Mirror(self._crm, self._store, self._clock, self._bound).catch_up()
        since = before or datetime.fromtimestamp(self._store.mirrored_until() or 0, tz=now.tzinfo)
        self._learn_losses(since)
        note(self._clinic.id, caught_up_at=now)
        self._known = hearing_of(self._clinic.id)

    def _learn_losses(self, since: datetime) -> None:
        gone = learn_losses(int((since - OVERLAP).timestamp()), self._crm, self._store, self._bound)
        # A winner keeps its own fields: whose it is by now has to be written into it.
        merged = linked_to(self._clinic.id, gone.merged_contacts, gone.merged_leads)
        if merged:
            self._store.recall(merged)

    def _take_in(self) -> bool:
        """Whether nothing is left."""
        ends, is_more = time.monotonic() + LONGEST_LISTENING, has_any(ReceivedHook, self._clinic.id)
        while is_more:
            if time.monotonic() > ends:
                return False
            began = time.monotonic()
            rows = list(ReceivedHook.objects.of(self._clinic.id).order_by("id")[:AT_ONCE])
            if rows:
                self._look(rows, NOTHING)
            is_more = len(rows) == AT_ONCE or time.monotonic() - began > A_MOMENT
        return True

    def _take_in_some(self, before: datetime, seconds: float) -> None:
        """What stays, because its answer is still to come, is passed over."""
        ends, last = time.monotonic() + seconds, 0
        hooks = ReceivedHook.objects.of(self._clinic.id).filter(received_at__lte=before).order_by("id")
        while time.monotonic() < ends and (rows := list(hooks.filter(id__gt=last)[:FEW])):
            self._look(rows, on_the_way(self._clinic.id))
            last = rows[-1].id

    def _look(self, rows: Sequence[ReceivedHook], underway: OnTheWay) -> None:
        told = [(row, self._changes(bytes(row.body))) for row in rows]
        news = self._news([change for _, changes in told for change in changes])
        awaited = news.awaited(underway)
        looked_at = [(row, changes) for row, changes in told if not awaited.names_any(changes)]
        for row, changes in looked_at:
            self._note(row, changes, is_news=news.names_any(changes))
        to_read = news.without(awaited)
        if look_at(to_read.contacts, to_read.leads, self._crm, self._store, self._bound):
            self._learn_losses(rows[0].received_at)
        if not looked_at:
            return
        self._known.heard_at = looked_at[-1][0].received_at
        note(self._clinic.id, heard_at=self._known.heard_at)
        # By their ids: one with a smaller id may have been committed since, by another process.
        delete(ReceivedHook, self._clinic.id, "id", [row.id for row, _ in looked_at])

    def _news(self, changes: Sequence[Change]) -> News:
        contacts = contacts_by_id(self._clinic.id, ids_named(changes, "contact"))
        leads = leads_by_id(self._clinic.id, ids_named(changes, "lead"))
        return News(
            keys_told(changes, "contact", contacts_to_read(changes, contacts, self._shape)),
            keys_told(changes, "lead", leads_to_read(changes, leads, self._shape)),
        )

    def _note(self, row: ReceivedHook, changes: Sequence[Change], *, is_news: bool) -> None:
        """For the history of requests, which masks it. What Priem's own request shows is not shown again."""
        kinds_shown = {"contact": "contact", "lead": "lead", "unsorted": "lead"}
        about = [(kinds_shown[one.kind], str(one.id)) for one in changes if one.kind in kinds_shown and one.id]
        self._exchanges.note(
            Exchange(
                system="amocrm",
                what="POST hooks",
                started_at=row.received_at,
                milliseconds=0,
                status=200,
                items=len(changes),
                incoming=True,
                about=about,
                request=[{"type": one.kind, "action": one.action, **one.row} for one in changes] if is_news else None,
            )
        )

    def _changes(self, body: bytes) -> Sequence[Change]:
        """Nothing for junk, and for what is another account's."""
        try:
            hook = parse(body)
        except ValueError:
            return ()
        return hook.changes if hook.account in (0, self._account.id) else ()


def kinds(fields: Collection[BoundField]) -> dict[int, str]:
    return {field.info.id: field.info.kind for field in fields}


def zone_of(account: Account) -> ZoneInfo:
    try:
        return ZoneInfo(account.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("Europe/Moscow")


def catch_up_seconds() -> float:
    """Raises AskOperator for what is no number."""
    written = os.environ.get("PRIEM_CATCH_UP", "")
    try:
        return float(written) if written else CATCH_UP
    except ValueError as error:
        raise AskOperator(
            text("PRIEM_CATCH_UP is not a number of seconds: {written}.", written=written), text("Write 600, or less.")
        ) from error
