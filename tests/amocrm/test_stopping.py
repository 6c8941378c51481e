"""An account that is closed to us is left alone, and found again once it is open."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from priem.amocrm.crm import AmoCrm
from priem.amocrm.pace import Pace
from priem.amocrm.stopping import FIRST_PAUSE, LONGEST_PAUSE, TRYING, AccountStopped
from priem.errors import AskOperator
from priem.model import ContactDraft, State
from priem.ports import Tokens
from priem.texts import text
from tests.amocrm.kit import Journal, MemoryTokens, SandboxProcess, SystemClock

BLOCKED = AccountStopped(text("The API of {account} is blocked.", account="smile"), text("Write to amoCRM's support."))
UNPAID = AccountStopped(text("The subscription has ended."), text("Pay for amoCRM."), only_writes=True)


def stopped(error: AccountStopped = BLOCKED, at: float = 100.0) -> Pace:
    pace = Pace()
    pace.halt(error, now=at)
    return pace


def gate(pace: Pace, now: float) -> str:
    return pace.stop.gate(now) if pace.stop else "open"


def test_nothing_goes_for_a_while_and_then_one_request_finds_out() -> None:
    pace = stopped()
    assert gate(pace, 100.0 + FIRST_PAUSE - 1) == "closed"
    assert gate(pace, 100.0 + FIRST_PAUSE) == "open"
    assert pace.stop
    pace.stop.trial = "a slot"
    assert gate(pace, 101.0 + FIRST_PAUSE) == "busy"


def test_the_pause_doubles_with_every_try_that_ends_the_same_way() -> None:
    pace, now, pauses = stopped(), 100.0, []
    for _ in range(6):
        assert pace.stop
        pauses.append(pace.stop.pause)
        now = pace.stop.not_before
        assert gate(pace, now) == "open"
        pace.halt(BLOCKED, now=now + 0.2)
    assert pauses == [300, 600, 1200, 2400, 3600, LONGEST_PAUSE]


def test_requests_that_were_under_way_together_count_once() -> None:
    pace = stopped()
    for now in (100.1, 100.4, 160.0):
        pace.halt(BLOCKED, now=now)
    assert pace.stop
    assert pace.stop.pause == FIRST_PAUSE


def test_an_answer_to_an_earlier_request_opens_nothing() -> None:
    pace = stopped()
    pace.welcome(99.5, 100.4, served=True, wrote=True)
    assert pace.stop


def test_a_refusal_that_arrives_after_it_was_mended_closes_nothing() -> None:
    asked_early = 99.0
    pace = stopped()
    pace.let_try(150.0)
    pace.halt(BLOCKED, now=150.1, granted=asked_early)
    assert gate(pace, 150.2) == "open"
    pace.welcome(150.2, 150.4, served=True, wrote=True)
    pace.halt(BLOCKED, now=150.5, granted=asked_early)
    assert pace.stop is None
    pace.halt(BLOCKED, now=151.0, granted=150.6)
    assert gate(pace, 151.1) == "closed"


def test_a_good_answer_ends_it() -> None:
    pace = stopped()
    pace.welcome(500.0, 500.2, served=False, wrote=False)
    assert pace.stop, "an answer that says nothing"
    pace.welcome(500.0, 500.2, served=True, wrote=False)
    assert pace.stop is None


def test_only_a_write_tells_that_somebody_has_paid() -> None:
    pace = stopped(UNPAID)
    due = 100.0 + FIRST_PAUSE
    for now in (due, due + TRYING - 1, due + 2 * TRYING - 2):
        assert gate(pace, now) == "open", "reading before the first write may take long"
        pace.welcome(now, now, served=True, wrote=False)
    pace.welcome(due + 200, due + 200, served=True, wrote=True)
    assert pace.stop is None


def test_a_try_whose_process_died_is_over_and_the_next_one_comes_after_the_pause() -> None:
    pace = stopped()
    due = 100.0 + FIRST_PAUSE
    assert gate(pace, due) == "open"
    assert pace.stop
    pace.stop.trial = "a slot of the dead"
    assert gate(pace, due + TRYING + 1) == "closed"
    assert gate(pace, due + TRYING + FIRST_PAUSE) == "open"


def test_a_machine_that_restarted_tries_at_once() -> None:
    pace = stopped(at=90_000.0)
    pace.forget_old(5.0)
    assert gate(pace, 5.0) == "open"


def test_what_is_said_is_what_was_said() -> None:
    assert stopped().stop is not None
    error = stopped().stop.error  # type: ignore[union-attr]  # looked at in the line above
    assert (error.what, error.advice) == (BLOCKED.what, BLOCKED.advice)


# On the sandbox, which counts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "limits"


Worker = Callable[[], AmoCrm]


@pytest.fixture
def worker(sandbox: SandboxProcess, folder: Path) -> Iterator[Worker]:
    """Each is as a process of its own: what they know together is in the folder."""
    started: list[AmoCrm] = []

    def start(**changes: Any) -> AmoCrm:
        tokens = sandbox.long_lived()
        config = sandbox.config(requests_per_second=1000, **changes)
        started.append(AmoCrm(config, tokens, SystemClock(), Journal(), limits=folder))
        return started[-1]

    yield start
    for crm in started:
        crm.close()


def requests(sandbox: SandboxProcess) -> int:
    """How many came, once those are in that were under way with the first refusal."""
    counts = [-1]
    while len(counts) < 4 or len(set(counts[-4:])) > 1:
        counts.append(sandbox.state()["requests"]["total"])
        time.sleep(0.03)
    return counts[-1]


def pass_over(crm: AmoCrm) -> None:
    """Reads the account, reads changes, writes."""
    crm.account()
    for _ in crm.contacts(int(time.time()) - 60, ()):
        pass
    for _ in crm.write_contacts([ContactDraft(ref="a", name="Анна")]):
        pass


def let_time_pass(folder: Path) -> None:
    """Until the next try is due."""
    (file,) = folder.glob("*.pace")
    pace = json.loads(file.read_text())
    pace["stop"] |= {"not_before": time.monotonic(), "trying_until": 0.0}
    file.write_text(json.dumps(pace))


@pytest.mark.slow
def test_passes_send_nothing_into_a_block_and_one_request_finds_its_end(
    sandbox: SandboxProcess, worker: Worker, folder: Path
) -> None:
    sandbox.act("block")
    with pytest.raises(AccountStopped, match="blocked"):
        pass_over(worker())
    after_the_block = requests(sandbox)

    for _ in range(5):
        with pytest.raises(AccountStopped, match="blocked"):
            pass_over(worker())
    assert requests(sandbox) == after_the_block

    let_time_pass(folder)
    with pytest.raises(AccountStopped):
        pass_over(worker())
    assert requests(sandbox) == after_the_block + 1, "one careful request"

    sandbox.act("unblock")
    with pytest.raises(AccountStopped):
        pass_over(worker())
    assert requests(sandbox) == after_the_block + 1, "the pause is not over"
    let_time_pass(folder)
    pass_over(worker())
    pass_over(worker())


@pytest.mark.slow
def test_a_person_who_has_mended_it_does_not_wait(sandbox: SandboxProcess, worker: Worker) -> None:
    sandbox.act("block")
    with pytest.raises(AccountStopped):
        pass_over(worker())
    sandbox.act("unblock")
    doctor = worker()
    doctor.try_now()
    doctor.account()
    pass_over(worker())


@pytest.mark.slow
def test_an_account_that_is_not_paid_gets_no_requests_until_somebody_pays(
    sandbox: SandboxProcess, worker: Worker, folder: Path
) -> None:
    sandbox.act("subscription_ended")
    with pytest.raises(AccountStopped, match="subscription"):
        pass_over(worker())
    before = requests(sandbox)
    for _ in range(5):
        with pytest.raises(AccountStopped, match="subscription"):
            pass_over(worker())
    assert requests(sandbox) == before

    let_time_pass(folder)
    with pytest.raises(AccountStopped):
        pass_over(worker())
    writes = sandbox.state()["requests"]["by_status"]["402"]
    assert writes == 2, "one more write, after the reads that come before it"

    sandbox.act("subscription_ended", ended=False)
    let_time_pass(folder)
    pass_over(worker())


@pytest.mark.slow
def test_a_token_that_was_revoked_is_not_tried_with_every_pass(
    sandbox: SandboxProcess, worker: Worker, folder: Path
) -> None:
    sandbox.act("revoke_token")
    with pytest.raises(AskOperator):
        pass_over(worker())
    before = requests(sandbox)
    for _ in range(5):
        with pytest.raises(AccountStopped, match="long-lived"):
            pass_over(worker())
    assert requests(sandbox) == before
    assert '"pause": 300.0' in next(folder.glob("*.pace")).read_text(), "requests of one moment count once"


@pytest.mark.slow
def test_a_pair_that_was_revoked_is_forgotten_by_every_process(sandbox: SandboxProcess, folder: Path) -> None:
    tokens = MemoryTokens(Tokens(access=""))
    workers = [
        AmoCrm(sandbox.config(requests_per_second=1000), tokens, SystemClock(), Journal(), limits=folder)
        for _ in range(2)
    ]
    workers[0].oauth.exchange(sandbox.about["code"])
    for crm in workers:
        crm.account()
    sandbox.act("revoke_token")
    for crm in workers:
        with pytest.raises(AskOperator):
            pass_over(crm)
    before = requests(sandbox)
    for crm in workers * 3:
        with pytest.raises(AskOperator, match="revoked"):
            pass_over(crm)
    assert requests(sandbox) == before

    workers[1].oauth.exchange(sandbox.act("new_code")["code"])
    for crm in workers:
        pass_over(crm)
        crm.close()


@pytest.mark.slow
def test_a_token_that_expired_during_a_block_is_renewed_within_the_same_try(
    sandbox: SandboxProcess, folder: Path
) -> None:
    tokens = MemoryTokens(Tokens(access=""))
    with AmoCrm(sandbox.config(requests_per_second=1000), tokens, SystemClock(), Journal(), limits=folder) as crm:
        crm.oauth.exchange(sandbox.about["code"])
        sandbox.act("block")
        with pytest.raises(AccountStopped):
            pass_over(crm)
        requests(sandbox)  # no answer of before may come after the try
        sandbox.act("expire_access_tokens")
        sandbox.act("unblock")
        let_time_pass(folder)
        pass_over(crm)


@pytest.mark.slow
def test_a_try_that_amocrm_only_stumbles_over_is_no_end_and_no_new_block(
    sandbox: SandboxProcess, worker: Worker, folder: Path
) -> None:
    sandbox.act("block")
    with pytest.raises(AccountStopped):
        pass_over(worker())
    sandbox.act("unblock")
    sandbox.fault("500", method="GET", count=1)
    let_time_pass(folder)
    pass_over(worker())


@pytest.mark.slow
def test_drafts_are_put_off_while_the_account_is_left_alone(sandbox: SandboxProcess, worker: Worker) -> None:
    sandbox.act("block")
    with pytest.raises(AccountStopped):
        pass_over(worker())
    seen: list[State] = []

    def write() -> None:
        for batch in worker().write_contacts([ContactDraft(ref=str(at)) for at in range(600)]):
            seen.extend(outcome.state for outcome in batch)

    with pytest.raises(AskOperator):
        write()
    assert seen == [State.POSTPONED] * 600
    with pytest.raises(AccountStopped):
        worker().account()
