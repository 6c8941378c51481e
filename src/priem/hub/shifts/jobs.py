"""Shifts as Procrastinate's jobs: one for each shard. What is done in them is the journal's, a job says who is at it.

A shift goes on as long as its worker lives and has no more than its share. A worker that comes takes what others end
for its sake; what a dead one had is begun elsewhere once its heart has not beaten for DEAD_AFTER.
"""

import math
from typing import Protocol

import structlog
from procrastinate import App, JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job, Status

from priem.hub.shifts.shards import SHARDS

QUEUE = "priem-shifts"
HEARTBEAT = 3.0
DEAD_AFTER = 12.0
LOOK = 2.0
POLITE = 1.0
"""Seconds for which a worker that has its share leaves a shift to others."""
ALIVE = "SELECT count(*) AS alive FROM procrastinate_workers WHERE last_heartbeat > now() - %(age)s * interval '1 s'"

log = structlog.get_logger(__name__)


class Post(Protocol):
    """The worker of this process, as its shifts see it."""

    async def serve(self, shard: int) -> None:
        """Until the shift ends."""

    def has_room(self) -> bool:
        """Whether it may take one more."""


@app.task(name="priem.shift", queue=QUEUE, pass_context=True)
async def shift(context: JobContext, /, shard: int, of: int, **_of_a_newer_version: object) -> None:
    """Name and arguments are what versions side by side agree upon: docs/adr/0025."""
    post: Post = context.additional_context["post"]
    if of != SHARDS:
        return  # of a version that shards otherwise: its own workers go on
    if not post.has_room():
        await ask_for(context.app, shard, after=POLITE)
        return
    try:
        await post.serve(shard)
    finally:
        await ask_for(context.app, shard)


async def ask_for(at: App, shard: int, after: float = 0.0) -> None:
    """That somebody takes this shard, once whoever has it now is done."""
    name = f"shard {shard} of {SHARDS}"
    soon = {"seconds": round(after)} if after else None
    try:
        await at.configure_task(
            "priem.shift", queue=QUEUE, lock=name, queueing_lock=name, schedule_in=soon
        ).defer_async(shard=shard, of=SHARDS)
    except AlreadyEnqueued:
        return


async def ask_for_all(at: App) -> None:
    """For shards that nobody has and nobody is to take: the first time, and should a job ever have been lost."""
    jobs = await at.job_manager.list_jobs_async(queue=QUEUE)
    known = {job.task_kwargs.get("shard") for job in jobs if job.task_kwargs.get("of") == SHARDS}
    for shard in set(range(SHARDS)) - known:
        await ask_for(at, shard)


async def bury(at: App) -> None:
    """Ends the shifts of workers whose hearts have stopped; somebody asks for their shards at once."""
    for job in await at.job_manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=DEAD_AFTER):
        log.warning("a worker has died: its shift is begun elsewhere", shard=job.task_kwargs.get("shard"))
        await end(at, job)
    await at.job_manager.prune_stalled_workers(DEAD_AFTER)


async def end(at: App, job: Job) -> None:
    try:
        await at.job_manager.finish_job(job, status=Status.FAILED, delete_job=True)
    except ConnectorException:
        return  # another worker was faster


async def fair_share(at: App) -> int:
    """How many shards each of the workers that live has to serve at most."""
    row = await at.connector.execute_query_one_async(ALIVE, age=DEAD_AFTER)
    return math.ceil(SHARDS / max(1, int(row["alive"])))
