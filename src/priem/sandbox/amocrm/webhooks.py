"""Delivers webhooks as patiently as the real system: 2 s, four retries, then off (docs/reference/amocrm.md §3.19)."""

import asyncio
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import asdict, dataclass, field

from . import post
from .faults import Faults
from .hookform import encode_change, setting_of
from .settings import Settings
from .state.crm import Change, Crm
from .state.subscriptions import Subscription

REPLY_SECONDS = 2.0
TRIES = ((0, False), (5 * 60, False), (15 * 60, False), (15 * 60, True), (60 * 60, True))
"""The wait before each try, and whether it is made only after a 499 or 5xx."""
DISABLE_WINDOW = 2 * 60 * 60
DISABLE_ABOVE = 100
AT_ONCE = 64
KEPT = 5_000


@dataclass(slots=True)
class Delivery:
    """One hook on its way to one receiver; `outcome` is pending, delivered, given_up, lost or dropped."""

    number: int
    destination: str
    setting: str
    at: float
    body: bytes
    outcome: str = "pending"
    replies: list[int] = field(default_factory=list)


class Courier:
    """Hears of changes and tells those who subscribed."""

    def __init__(self, crm: Crm, settings: Settings, faults: Faults) -> None:
        self._crm, self._settings, self._faults = crm, settings, faults
        self._deliveries: deque[Delivery] = deque(maxlen=KEPT)
        self._tasks: set[asyncio.Task[None]] = set()
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._held: dict[str, asyncio.Event] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self.outcomes: Counter[str] = Counter()
        self.host = ""
        crm.listeners.append(self.hear)

    def hear(self, change: Change) -> None:
        """Start a delivery to each subscriber that wants this change."""
        setting = setting_of(change)
        if setting is None:
            return
        wanting = self._crm.subscriptions.wanting(setting)
        if wanting:
            body = encode_change(self._crm, change, self.host)
            self._at_home(lambda: self._start_all(wanting, setting, body))

    def _start_all(self, wanting: Iterable[Subscription], setting: str, body: bytes) -> None:
        for subscription in wanting:
            self._start(subscription, setting, body)

    def _start(self, subscription: Subscription, setting: str, body: bytes) -> None:
        number = sum(self.outcomes.values()) + 1
        delivery = Delivery(number, subscription.destination, setting, time.time(), body)
        self.outcomes["pending"] += 1
        self._deliveries.append(delivery)
        if self._faults.take_kind("webhook_lost", path=setting):
            self._end(delivery, "lost")
            return
        copies = 2 if self._faults.take_kind("webhook_doubled", path=setting) else 1
        for _ in range(copies):
            self.run(self._deliver(subscription, delivery))

    def run(self, coroutine: Coroutine[None, None, None]) -> None:
        """Do something beside the requests, whichever thread works on the one that wants it."""
        self._at_home(lambda: self._begin(coroutine))

    def _at_home(self, work: Callable[[], None]) -> None:
        """Counts and deliveries belong to the loop's own thread."""
        if self._loop is None or threading.get_ident() == self._thread:
            work()
        else:
            self._loop.call_soon_threadsafe(work)

    def at_home(self) -> None:
        """The loop that this is called in is the one that delivers."""
        self._loop, self._thread = asyncio.get_running_loop(), threading.get_ident()

    def _begin(self, coroutine: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, subscription: Subscription, delivery: Delivery) -> None:
        await self._linger(delivery)
        for wait, only_server_errors in TRIES:
            if only_server_errors and not _is_server_error(delivery.replies[-1]):
                break
            await asyncio.sleep(wait / self._settings.webhook_time_scale)
            if subscription.disabled or self._crm.subscriptions.rows.get(delivery.destination) is not subscription:
                self._end(delivery, "dropped")
                return
            if await self._try(subscription, delivery):
                self._end(delivery, "delivered")
                return
        self._end(delivery, "given_up")

    async def _try(self, subscription: Subscription, delivery: Delivery) -> bool:
        async with self._gate:
            status = await post.send("POST", delivery.destination, delivery.body, REPLY_SECONDS)
        delivery.replies.append(status)
        self._release(delivery)
        if 100 <= status <= 299:
            return True
        self._note_bad_reply(subscription)
        return False

    async def _linger(self, delivery: Delivery) -> None:
        """Late hooks wait; a reordered one waits until the next to the same receiver has gone before it."""
        late = self._faults.take_kind("webhook_late", path=delivery.setting)
        if late is not None:
            await asyncio.sleep(late.seconds)
        reordered = self._faults.take_kind("webhook_reordered", path=delivery.setting)
        if reordered is not None:
            event = self._held.setdefault(delivery.destination, asyncio.Event())
            try:
                await asyncio.wait_for(event.wait(), reordered.seconds)
            except TimeoutError:
                return

    def _release(self, delivery: Delivery) -> None:
        held = self._held.pop(delivery.destination, None)
        if held is not None:
            held.set()

    def _note_bad_reply(self, subscription: Subscription) -> None:
        """More than a hundred of them within two hours switch the subscription off."""
        now = time.time()
        window = DISABLE_WINDOW / self._settings.webhook_time_scale
        subscription.bad_replies = [at for at in subscription.bad_replies if at > now - window] + [now]
        if len(subscription.bad_replies) > DISABLE_ABOVE:
            subscription.disabled = True

    def _end(self, delivery: Delivery, outcome: str) -> None:
        if delivery.outcome == "pending":
            delivery.outcome = outcome
            self.outcomes["pending"] -= 1
            self.outcomes[outcome] += 1

    def shown(self) -> dict[str, object]:
        """For the controls: counts of outcomes, and the latest deliveries."""
        rows = [asdict(each) | {"body": each.body.decode()} for each in self._deliveries]
        return {"outcomes": dict(self.outcomes), "latest": rows}


def _is_server_error(status: int) -> bool:
    return status == post.GAVE_UP_WAITING or 500 <= status <= 599
