"""One process that keeps clinics in step, beside any number of others on any number of machines."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import cast

import structlog
from procrastinate import App
from procrastinate.contrib.django import app as declared
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import ConnectorException

from priem.hub.ending import end_at_once
from priem.hub.shifts import jobs
from priem.hub.shifts.crew import Crew
from priem.hub.shifts.foreman import Foreman
from priem.hub.shifts.listening import listen
from priem.hub.shifts.shards import SHARDS

PATIENCE = 7.0
"""Seconds that passes under way get to come to a place where the next one goes on."""
AGAIN = 1.0
"""Seconds until a worker whose database was away begins anew."""

log = structlog.get_logger(__name__)


class Worker:
    """What Procrastinate's jobs call their post: shards come and go, the threads stay."""

    def __init__(self) -> None:
        self._crew = Crew()
        self._foreman = Foreman(self._crew)
        self._share = SHARDS
        self._ends: dict[int, asyncio.Event] = {}
        self._is_leaving = False
        self._stop = threading.Event()

    def has_room(self) -> bool:
        return not self._is_leaving and len(self._ends) < self._share

    async def serve(self, shard: int) -> None:
        self._ends[shard] = ended = asyncio.Event()
        self._foreman.take(shard)
        try:
            await ended.wait()
        finally:
            left = self._foreman.leave(shard)
            is_done = await self._are_gone(left)
            del self._ends[shard]
            if not is_done:
                log.warning("a shift ends while passes go on", shard=shard)

    async def _are_gone(self, clinics: Collection[int]) -> bool:
        deadline = time.monotonic() + PATIENCE
        while self._crew.has_any(clinics):
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.05)
        return True

    def run(self) -> None:
        """Until SIGTERM or SIGINT."""
        for work in (self._crew.run, lambda: self._foreman.run(self._stop), self._listen):
            threading.Thread(target=ending_with, args=(work,), daemon=True).start()
        asyncio.run(self._run())
        self._stop.set()
        self._crew.stop()

    def _listen(self) -> None:
        listen(self._foreman.heard, self._foreman.look_anew, self._stop)

    async def _run(self) -> None:
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, over.set)
        while not over.is_set():
            with suppress(ConnectorException):
                await self._work(over)
            if not over.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(over.wait(), AGAIN)

    async def _work(self, over: asyncio.Event) -> None:
        """Until it is over, or the database is away."""
        connector = cast(DjangoConnector, declared.connector)
        worker = declared.with_connector(connector.get_worker_connector())
        async with worker.open_async():
            working = asyncio.create_task(self._take_jobs(worker))
            looking = asyncio.create_task(self._look(worker))
            ending = asyncio.create_task(over.wait())
            await asyncio.wait({working, looking, ending}, return_when=asyncio.FIRST_COMPLETED)
            await self._leave(working, looking, ending)

    async def _leave(self, working: "asyncio.Task[None]", *others: "asyncio.Task[object]") -> None:
        self._is_leaving = True
        for ended in self._ends.values():
            ended.set()
        for task in others:
            task.cancel()
        working.cancel()
        results = await asyncio.gather(working, *others, return_exceptions=True)
        self._is_leaving = False
        for result in results:
            if isinstance(result, Exception):
                log.warning("the worker's own work broke off", error=type(result).__name__)

    async def _take_jobs(self, worker: App) -> None:
        await worker.run_worker_async(
            queues=[jobs.QUEUE],
            name="priem",
            concurrency=SHARDS,
            install_signal_handlers=False,
            fetch_job_polling_interval=1.0,
            shutdown_graceful_timeout=PATIENCE + 1,
            update_heartbeat_interval=jobs.HEARTBEAT,
            stalled_worker_timeout=jobs.DEAD_AFTER,
            delete_jobs="always",
            additional_context={"post": self},
        )

    async def _look(self, worker: App) -> None:
        served = 0
        while True:
            await jobs.bury(worker)
            await jobs.ask_for_all(worker)
            self._share = await jobs.fair_share(worker)
            if len(self._ends) != served:
                served = len(self._ends)
                log.info("shards served by this worker", shards=served, of=SHARDS)
            surplus = len(self._ends) - self._share
            for shard in sorted(self._ends)[: max(0, surplus)]:
                self._ends[shard].set()
            await asyncio.sleep(jobs.LOOK)


def ending_with(work: Callable[[], None]) -> None:
    """Without one of its threads a worker would hold its shards and serve nobody: better that others take them."""
    try:
        work()
    except Exception:
        log.exception("a worker's thread broke off: the worker ends")
        os.kill(os.getpid(), signal.SIGTERM)


def work() -> None:
    """Until SIGTERM or SIGINT."""
    Worker().run()
    end_at_once()
