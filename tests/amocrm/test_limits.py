"""The limiter: its arithmetic on an invented clock, its promise on the real one."""

import json
import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from priem.amocrm.config import Config
from priem.amocrm.crm import AmoCrm
from priem.amocrm.limits import Limiter, read_pace, write_pace
from priem.amocrm.pace import CLOSED_FOR, ROUNDS_BEFORE_CLOSING, WINDOW, Lane, Pace
from priem.amocrm.stopping import AccountStopped
from priem.errors import TryLater
from priem.model import ContactDraft, State
from priem.ports import Tokens
from priem.texts import text
from tests.amocrm.kit import Journal, MemoryTokens, SandboxProcess, SystemClock, before_others, connected

FULL = 7


def most_in_a_second(stamps: list[float]) -> int:
    ordered = sorted(stamps)
    return max(sum(1 for other in ordered if stamp <= other < stamp + 1) for stamp in ordered)


def send_one(pace: Pace, now: float, lane: Lane = "bulk") -> float:
    """When the next request goes out, on a clock that only waiting moves."""
    while True:
        pace.forget_old(now)
        wait = pace.wait(lane, now, FULL)
        if wait <= 0:
            pace.grant("slot", now, FULL)
            pace.date("slot", now)
            return now
        now += wait


def test_seven_may_go_at_once_after_a_quiet_time() -> None:
    pace = Pace()
    assert [send_one(pace, 100.0) for _ in range(FULL)] == [100.0] * FULL


def test_steady_work_is_even_and_full() -> None:
    pace, now, stamps = Pace(), 100.0, []
    for _ in range(200):
        now = send_one(pace, now)
        stamps.append(now)
    assert most_in_a_second(stamps) <= FULL
    steady = stamps[50:]
    assert (len(steady) - 1) / (steady[-1] - steady[0]) >= 6.7
    gaps = [after - before for before, after in pairwise(steady)]
    assert max(gaps) < 2 * WINDOW / FULL


@given(st.lists(st.floats(min_value=0, max_value=0.02), min_size=200, max_size=200))
def test_what_a_busy_machine_sends_late_is_made_up_for(lateness: list[float]) -> None:
    pace, now, stamps = Pace(), 100.0, []
    for late in lateness:
        while wait := pace.wait("bulk", now, FULL):
            now += wait
            pace.forget_old(now)
        pace.grant("slot", now, FULL)
        now += late / 4
        pace.date("slot", now)
        stamps.append(now)
    assert most_in_a_second(stamps) <= FULL
    assert (len(stamps) - 1) / (stamps[-1] - stamps[0]) >= 6.7


@given(st.lists(st.floats(min_value=0, max_value=3), min_size=1, max_size=120))
def test_never_more_than_seven_in_any_second(pauses: list[float]) -> None:
    pace, now, stamps = Pace(), 1000.0, []
    for pause in pauses:
        now = send_one(pace, now + pause)
        stamps.append(now)
    assert most_in_a_second(stamps) <= FULL


def test_a_waiting_person_goes_before_a_first_sync() -> None:
    pace = Pace(calling={"interactive": 100.2})
    assert pace.wait("bulk", 100.0, FULL) > 0
    assert pace.wait("live", 100.0, FULL) > 0
    assert pace.wait("interactive", 100.0, FULL) == 0
    assert pace.wait("bulk", 100.3, FULL) == 0, "who called and died is not waited for"


def test_slots_under_way_count_until_their_process_is_given_up() -> None:
    pace = Pace(going={str(place): 100.0 for place in range(FULL)})
    assert pace.wait("bulk", 100.0, FULL) > 0
    pace.forget_old(109.0)
    assert pace.wait("bulk", 109.0, FULL) == 0


def test_a_machine_that_restarted_does_not_wait_for_its_old_clock() -> None:
    pace = Pace(sent=[90000.0] * FULL, not_before=90000.0, closed_until=90000.0)
    pace.forget_old(5.0)
    assert pace.wait("bulk", 5.0, FULL) == 0


def test_a_refusal_pauses_and_slows_down_and_a_clump_of_them_counts_once() -> None:
    pace = Pace()
    for _ in range(5):
        pace.refuse(granted=100.0, now=100.3)
    assert pace.rounds == 1
    assert 1.0 <= pace.wait("bulk", 100.3, FULL) < 1.3
    stamps, now = [], pace.not_before
    for _ in range(30):
        now = send_one(pace, now)
        stamps.append(now)
    assert most_in_a_second(stamps) == FULL - 1


def test_a_lone_refusal_is_soon_forgiven_and_one_that_follows_is_not() -> None:
    pace = Pace()
    pace.refuse(granted=100.0, now=100.3)
    assert [pace.limit(FULL), at(pace, 115.4).limit(FULL)] == [FULL - 1, FULL]

    pace.refuse(granted=130.0, now=130.3)
    assert [at(pace, 190.2).limit(FULL), at(pace, 190.4).limit(FULL)] == [FULL - 1, FULL]

    pace.refuse(granted=500.0, now=500.3)
    assert at(pace, 515.4).limit(FULL) == FULL, "long after the others it is alone again"


def at(pace: Pace, now: float) -> Pace:
    pace.forget_old(now)
    return pace


def test_who_is_refused_while_slow_goes_slower_still_and_recovers() -> None:
    pace = Pace()
    for now in (100.0, 110.0, 120.0):
        pace.refuse(granted=now, now=now + 0.1)
        pace.rounds = 0
    quiet = pace.not_before
    assert [send_one(pace, quiet), send_one(pace, quiet)] == [quiet, pytest.approx(quiet + WINDOW, abs=0.02)]
    later = quiet + 61
    assert [send_one(pace, later) for _ in range(FULL)] == [later] * FULL


def test_refusals_that_go_on_close_the_account_long_before_a_ban() -> None:
    pace, now = Pace(), 100.0
    for _ in range(ROUNDS_BEFORE_CLOSING):
        pace.refuse(granted=now, now=now + 0.1)
        now = pace.not_before + 0.1
    assert pace.closed_until > now + CLOSED_FOR / 2


def test_a_closed_account_is_said_and_not_waited_for(tmp_path: Path) -> None:
    limiter = Limiter("clinic", FULL, tmp_path)
    closed = {"closed_until": time.monotonic() + 100}
    (tmp_path / "clinic.pace").write_text(json.dumps(closed))
    with pytest.raises(TryLater) as raised, limiter.slot("interactive"):
        pytest.fail("no slot was to be had")
    assert raised.value.after == pytest.approx(100, abs=5)


@pytest.mark.parametrize("written", [b"", b"{", b"[]", b'{"unknown": 1}', b'"x"'])
def test_an_unreadable_file_is_an_empty_one(written: bytes) -> None:
    assert read_pace(written) == Pace()


def test_a_slot_that_nothing_was_sent_with_counts_for_nothing() -> None:
    limiter = Limiter("clinic", FULL)
    began = time.monotonic()
    for _ in range(50):
        with limiter.slot("bulk"):
            pass
    assert time.monotonic() - began < WINDOW


class RowThatIsLookedAt:
    """The memory of many machines, on whose clock something happens between two looks."""

    def __init__(self, *clock: float) -> None:
        self._clock = list(clock)
        self._now = 0.0
        self.pace = Pace()
        for _ in range(FULL):
            send_one(self.pace, clock[0])

    def of(self, _account: str) -> "RowThatIsLookedAt":
        return self

    @contextmanager
    def held(self) -> Iterator[Pace]:
        self._now = self._clock.pop(0) if len(self._clock) > 1 else self._clock[0]
        yield self.pace

    def now(self) -> float:
        return self._now


def test_what_waited_through_a_sleep_is_not_sent() -> None:
    """Others may have taken it over meanwhile, and found nothing in amoCRM of what would only now be made."""
    row = RowThatIsLookedAt(100.0, 100.1, 140.0)
    with pytest.raises(TryLater), Limiter("clinic", FULL, row).slot("bulk"):
        pytest.fail("it was let go after a sleep of forty seconds")
    assert row.pace.going == {}


def test_waiting_as_such_is_no_sleep() -> None:
    row = RowThatIsLookedAt(100.0, *(100 + step / 10 for step in range(1, 11)), 102.0)
    with Limiter("clinic", FULL, row).slot("bulk") as slot:
        slot.mark_sent()
    assert slot.granted > 100.5


def work(folder: Path, until: float, note: Callable[[float], None], lane: Lane = "bulk") -> None:
    limiter = Limiter("clinic", FULL, folder)
    lock = threading.Lock()

    def one_thread() -> None:
        while time.monotonic() < until:
            with limiter.slot(lane) as slot:
                slot.mark_sent()
                with lock:
                    note(time.monotonic())

    threads = [threading.Thread(target=one_thread) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def work_and_write(folder: Path, until: float, name: str) -> None:
    stamps: list[float] = []
    work(folder, until, stamps.append)
    (folder / name).write_text(json.dumps(stamps))


@pytest.mark.slow
def test_threads_of_two_processes_share_one_limit_and_fill_it(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    until = time.monotonic() + 12
    workers = [
        context.Process(target=work_and_write, args=(tmp_path, until, f"{name}.json")) for name in ("one", "two")
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    each = [json.loads((tmp_path / f"{name}.json").read_text()) for name in ("one", "two")]
    stamps = sorted(each[0] + each[1])
    assert all(each), "both had their share"
    assert most_in_a_second(stamps) <= FULL
    assert len(stamps) / (stamps[-1] - stamps[0]) >= 6.7


@pytest.mark.slow
def test_a_booking_never_waits_behind_a_first_sync(tmp_path: Path) -> None:
    until = time.monotonic() + 5
    background = threading.Thread(target=work, args=(tmp_path, until, lambda _stamp: None))
    background.start()
    limiter, waits = Limiter("clinic", FULL, tmp_path), []
    while time.monotonic() < until - 0.5:
        began = time.monotonic()
        with limiter.slot("interactive") as slot:
            slot.mark_sent()
        waits.append(time.monotonic() - began)
    background.join()
    assert len(waits) >= 20, "it has nearly all of the rate while it wants it"
    assert sorted(waits)[len(waits) // 2] <= 0.25


@pytest.mark.slow
def test_the_sandbox_never_counts_more_than_seven_in_a_second_and_always_nearly_seven(tmp_path: Path) -> None:
    """A minute of two processes with four threads each that read and write, as amoCRM itself would count them."""
    sandbox = SandboxProcess("--latency-ms", "100")
    before_others(sandbox.pid)
    context = multiprocessing.get_context("spawn")
    until = time.monotonic() + 63
    details = {name: sandbox.about[name] for name in ("url", "long_lived_token")}
    workers = [context.Process(target=work_on_sandbox, args=(details, tmp_path, until)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    counted, came = sandbox.state("requests")["requests"], [request["at"] for request in sandbox.requests()]
    sandbox.close()
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert counted["max_in_one_second"] == FULL
    assert set(counted["by_status"]) == {"200"}
    seconds = came[-1] - came[0]
    assert seconds >= 58, "starting the processes takes a part of the minute"
    assert (len(came) - 1) / seconds >= 6.7


def work_on_sandbox(details: dict[str, str], folder: Path, until: float) -> None:
    before_others()
    config = Config(base_url=details["url"], sandbox=True, client_id="shared")
    crm = AmoCrm(
        config, MemoryTokens(Tokens(access=details["long_lived_token"])), SystemClock(), Journal(), limits=folder
    )

    def one_thread(number: int) -> None:
        while time.monotonic() < until:
            if number % 2:
                crm.client.get("/api/v4/account")
            else:
                crm.client.write("POST", "/api/v4/contacts", [{"name": "x"}] * 250)

    threads = [threading.Thread(target=one_thread, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    crm.close()


@pytest.mark.slow
def test_an_account_with_half_the_rate_is_written_in_peace() -> None:
    """Another integration uses up the rest: refusals come, and Priem finds the pace that is left."""
    sandbox = SandboxProcess("--rate-limit", "3")
    config, tokens = sandbox.config(), sandbox.long_lived()
    with connected(config, tokens) as crm:
        drafts = [ContactDraft(ref=str(at), name=str(at)) for at in range(250 * 14)]
        states = {one.state for batch in crm.write_contacts(drafts) for one in batch}
    state = sandbox.state()
    sandbox.close()
    assert states == {State.DONE}
    assert len(state["contacts"]) == len(drafts), "what was refused was not done, and what was done not repeated"
    assert state["requests"]["by_status"]["429"] <= 8
    assert not state["requests"]["blocked"]


def test_what_a_newer_version_wrote_of_the_pace_is_not_forgotten() -> None:
    """Else an account would be asked twice as often while machines are upgraded one after another."""
    pace = Pace(sent=[1.0, 2.0], rounds=2)
    pace.halt(AccountStopped(text("The API is blocked."), text("Write to amoCRM.")), now=3.0)
    told = json.loads(write_pace(pace))
    told["stop"]["by"], told["colour"] = "somebody", "a field to come"

    assert read_pace(json.dumps(told)) == pace
