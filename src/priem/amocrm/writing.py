"""Batches: cut, sent several at once, and each draft's outcome told. docs/reference/amocrm.md §2, §3.1, §3.20"""

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

from priem.amocrm.calls import refusal
from priem.amocrm.client import Client
from priem.amocrm.problems import Answer, Complaint, Lost, Refused, complaints, said
from priem.errors import AskOperator, BadRecord, TryLater
from priem.model import Outcome, State
from priem.texts import Text, text

LARGEST = 250
BULK = 100
"""Records. Only first syncs and comparisons fill such batches: what somebody has just changed goes before."""
FIRST_AT_ONCE = 4
"""Batches, until it is known that amoCRM manages them: all that are under way when it does not have to be looked up."""
WAITING_FOR_A_SLOT = 16
"""Batches beside those that amoCRM is at work on: two seconds and a half of its pace, for visits take longer to decide
than patients. All of it is in memory, and what changes live may have to wait for it."""
LOST_BEFORE_STOPPING = 6
"""Batches in a row without an answer: amoCRM is down, and every further one would only have to be looked up."""
UNANSWERED = text("amoCRM's answer does not mention this record.")
STOPPED = text("Not sent: amoCRM had stopped taking changes.")


class Draft(Protocol):
    """Anything that is written in batches: ContactDraft, LeadDraft, a task, a note."""

    @property
    def ref(self) -> str: ...

    @property
    def id(self) -> int | None: ...


D = TypeVar("D", bound=Draft)


class Together:
    """How many batches of a list may be under way at once: halved when amoCRM did not manage, grown while it does, up
    to as many as its answers' latency makes useful."""

    def __init__(self, in_flight: int, per_second: int) -> None:
        self.batches = min(in_flight, FIRST_AT_ONCE)
        self._in_flight = in_flight
        self._per_second = per_second

    def was_lost(self) -> None:
        self.batches = max(1, self.batches // 2)

    def was_managed(self, seconds: float) -> None:
        # One more for each that came back doubles them with every round: seconds of latency are soon made up for.
        useful = min(self._in_flight, math.ceil(seconds * self._per_second) + WAITING_FOR_A_SLOT)
        self.batches = self.batches + 1 if self.batches < useful else max(useful, self.batches - 1)


class Load:
    """How much amoCRM is given of one list at once."""

    def __init__(self, together: Together) -> None:
        self.records = LARGEST
        """In one batch."""
        self._together = together

    @property
    def batches(self) -> int:
        return self._together.batches

    def was_lost(self, records: int, *, too_slow: bool) -> None:
        self._together.was_lost()
        if too_slow:
            self.records = min(self.records, max(1, records // 2))

    def was_managed(self, records: int, seconds: float) -> None:
        self._together.was_managed(seconds)
        if records >= self.records:
            # Slowly: every batch that is too big again has to be looked up, record by record.
            self.records = min(LARGEST, self.records + 1)


@dataclass(frozen=True, slots=True)
class Batch(Generic[D]):
    method: str
    drafts: tuple[D, ...]
    payload: tuple[dict[str, Any], ...]

    def __len__(self) -> int:
        return len(self.drafts)

    def part(self, positions: Iterable[int]) -> "Batch[D]":
        chosen = tuple(positions)
        return Batch(self.method, tuple(self.drafts[at] for at in chosen), tuple(self.payload[at] for at in chosen))

    def outcomes(self, state: State, reason: Text, request_id: str = "") -> list[Outcome]:
        return [Outcome(ref=draft.ref, state=state, reason=reason, request_id=request_id) for draft in self.drafts]


class Writing(Generic[D]):
    """Drafts of one kind on their way. Belongs to one thread; only the requests run in others.

    `path` is that of the list, whose last part names the rows of the answer.
    """

    def __init__(self, client: Client, executor: Executor, path: str, load: Load) -> None:
        self._client = client
        self._in_bulk = client.in_bulk()
        self._executor = executor
        self._path = path
        self._plural = path.rpartition("/")[2]
        self._load = load
        self._todo: dict[str, deque[tuple[D, dict[str, Any]]]] = {"POST": deque(), "PATCH": deque()}
        self._halves: deque[Batch[D]] = deque()
        self._running: dict[Future[Answer], Batch[D]] = {}
        self._least = load.records
        """Records that a batch waits for."""
        self._lost = 0
        self._stopped_by: TryLater | AskOperator | None = None

    def run(self, drafts: Iterable[D], encode: Callable[[D], dict[str, Any]]) -> Iterator[Sequence[Outcome]]:
        """All of them, to the last answer."""
        try:
            yield from self.put(drafts, encode)
            yield from self.finish()
        finally:
            for future in self._running:
                future.cancel()

    def put(self, drafts: Iterable[D], encode: Callable[[D], dict[str, Any]]) -> Iterator[Sequence[Outcome]]:
        """Waits for an answer only while there are whole batches that may not be sent yet."""
        if hopeless := self._take_in(drafts, encode):
            yield hopeless
        self._least = self._load.records
        self._start(at_least=self._load.records)
        while self._running and self._has(self._load.records):
            yield from self._answered(timeout=None)
            self._start(at_least=self._load.records)
        yield from self._answered(timeout=0)

    def heard(self, *, is_last: bool) -> Iterator[Sequence[Outcome]]:
        """What was answered by now. Once the last is put, batches do not wait to be filled."""
        self._least = 1 if is_last else self._least
        yield from self._answered(timeout=0)
        self._start(self._least)

    def finish(self) -> Iterator[Sequence[Outcome]]:
        while self._start(at_least=1):
            yield from self._answered(timeout=None)
        stopped_by, self._stopped_by = self._stopped_by, None
        if left := [outcome for batch in self._batches(1) for outcome in batch.outcomes(State.POSTPONED, STOPPED)]:
            yield left
        if isinstance(stopped_by, AskOperator):
            raise stopped_by

    def _answered(self, timeout: float | None) -> Iterator[Sequence[Outcome]]:
        for future in wait(self._running, timeout, FIRST_COMPLETED).done:
            if outcomes := self._settle(self._running.pop(future), future):
                yield outcomes

    def _take_in(self, drafts: Iterable[D], encode: Callable[[D], dict[str, Any]]) -> list[Outcome]:
        hopeless = []
        for draft in drafts:
            try:
                item = encode(draft)
            except BadRecord as error:
                hopeless.append(Outcome(ref=draft.ref, state=State.REFUSED, reason=error.what))
            else:
                self._todo["POST" if draft.id is None else "PATCH"].append((draft, item))
        return hopeless

    def _start(self, at_least: int) -> bool:
        """Fills the line with batches of so many records or more; whether anything is under way."""
        batches = self._batches(at_least)
        while self._stopped_by is None and len(self._running) < self._load.batches:
            batch = next(batches, None)
            if batch is None:
                break
            self._running[self._executor.submit(self._send, batch)] = batch
        return bool(self._running)

    def _has(self, records: int) -> bool:
        return self._stopped_by is None and (
            bool(self._halves) or any(len(waiting) >= records for waiting in self._todo.values())
        )

    def _batches(self, at_least: int) -> Iterator[Batch[D]]:
        while self._halves:
            yield self._halves.popleft()
        for method, waiting in self._todo.items():
            while len(waiting) >= at_least:
                taken = [waiting.popleft() for _ in range(min(self._load.records, len(waiting)))]
                drafts, payload = zip(*taken, strict=True)
                yield Batch(method, drafts, payload)

    def _send(self, batch: Batch[D]) -> Answer:
        payload = batch.payload
        if batch.method == "POST":
            # The position is what amoCRM falls back to itself, so that both readings of its answer agree.
            payload = tuple(item | {"request_id": str(place)} for place, item in enumerate(payload))
        client = self._in_bulk if len(batch) >= BULK else self._client
        return client.write(batch.method, self._path, list(payload), [draft.ref for draft in batch.drafts])

    def _settle(self, batch: Batch[D], future: Future[Answer]) -> list[Outcome]:
        try:
            answer = future.result()
        except Refused as error:
            self._lost = 0
            return self._split(batch, error.answer)
        except Lost as error:
            return self._unknown(batch, error)
        except (TryLater, AskOperator) as error:
            if not isinstance(self._stopped_by, AskOperator):
                self._stopped_by = error
            return batch.outcomes(State.POSTPONED, error.what)
        self._lost = 0
        self._load.was_managed(len(batch), answer.seconds)
        return self._done(batch, answer)

    def _unknown(self, batch: Batch[D], error: Lost) -> list[Outcome]:
        self._load.was_lost(len(batch), too_slow=error.too_slow)
        self._lost += 1
        if self._lost >= LOST_BEFORE_STOPPING and self._stopped_by is None:
            self._stopped_by = error
        return batch.outcomes(State.UNKNOWN, error.what, error.request_id)

    def _split(self, batch: Batch[D], answer: Answer) -> list[Outcome]:
        """Nothing of the batch was saved: those complained about are refused, the rest goes again.

        When amoCRM does not say which, halves go again until the bad record is alone.
        """
        bad = complaints(answer, list(batch.payload))
        if not bad and len(batch) > 1:
            middle = len(batch) // 2
            self._halves += [batch.part(range(middle)), batch.part(range(middle, len(batch)))]
            return []
        rest = [place for place in range(len(batch)) if bad and place not in bad]
        self._todo[batch.method].extendleft((batch.drafts[at], batch.payload[at]) for at in reversed(rest))
        refused = bad or dict.fromkeys(range(len(batch)), Complaint(said(answer)))
        return [
            Outcome(
                ref=batch.drafts[at].ref,
                state=State.REFUSED,
                reason=complaint.reason,
                gone=complaint.is_gone,
                request_id=answer.request_id,
            )
            for at, complaint in refused.items()
        ]

    def _done(self, batch: Batch[D], answer: Answer) -> list[Outcome]:
        left_out = refused_within(answer, len(batch))
        ids = ids_by_position(answer.rows(self._plural), batch.payload)
        return [self._outcome(draft, ids.get(at), left_out.get(at), answer) for at, draft in enumerate(batch.drafts)]

    def _outcome(self, draft: D, id_: int | None, left_out: Text | None, answer: Answer) -> Outcome:
        if id_ is not None and left_out is None:
            return Outcome(ref=draft.ref, state=State.DONE, id=id_, request_id=answer.request_id)
        state = State.REFUSED if left_out else State.UNKNOWN
        return Outcome(ref=draft.ref, state=state, reason=left_out or UNANSWERED, request_id=answer.request_id)


def refused_within(answer: Answer, records: int) -> dict[int, Text]:
    """Of a batch that was taken, those records that were not: only calls are answered like this. §3.17"""
    errors = answer.body.get("errors") if isinstance(answer.body, dict) else None
    found = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    places = [(str(error.get("request_id", "")), error) for error in found]
    return {int(at): refusal(error) for at, error in places if at.isdigit() and int(at) < records}


def ids_by_position(rows: Sequence[dict[str, Any]], payload: Sequence[dict[str, Any]]) -> dict[int, int]:
    """Which record got which id: changes know it, creates are matched by `request_id`, or else by their order."""
    answered = [int(row["id"]) for row in rows if str(row.get("id", "")).isdigit()]
    if payload and "id" in payload[0]:
        known = set(answered)
        return {at: item["id"] for at, item in enumerate(payload) if item["id"] in known}
    named = [str(row.get("request_id", "")) for row in rows]
    if len(set(named)) == len(rows) and all(name.isdigit() and int(name) < len(payload) for name in named):
        return dict(zip(map(int, named), answered, strict=True))
    return dict(enumerate(islice(answered, len(payload)))) if len(answered) == len(payload) else {}
