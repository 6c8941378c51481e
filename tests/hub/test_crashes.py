"""Real processes, really killed."""

import os

import pytest
from django.db import connection

from tests.hub.conftest import RunsHub

pytestmark = pytest.mark.slow
STEP = """
STEP = Step(
    action=Action.CREATE,
    key=PatientKey("ident", "10"),
    draft=ContactDraft(ref="10", name="Анна"),
    why=Why("nobody"),
    fingerprint="f",
)
"""


def test_a_kill_between_intent_and_outcome_leaves_the_step_open(hub_process: RunsHub) -> None:
    doomed = hub_process(STEP + "DjangoStore(CLINIC).intend([STEP]); say('intended'); wait_for_ever()")
    assert doomed.says() == "intended"
    doomed.end()

    after = hub_process("say([[str(s.key), s.state, s.creates] for s in DjangoStore(CLINIC).open_steps()])")
    assert after.says() == [["ident:10", "intended", True]]


def test_the_lock_of_a_killed_process_is_free(hub_process: RunsHub) -> None:
    try_to_take = """
try:
    with DjangoStore(CLINIC).exclusively():
        say("taken")
        wait_for_ever()
except PriemError as error:
    say(type(error).__name__)
"""
    holder = hub_process(try_to_take)
    assert holder.says() == "taken"
    assert hub_process(try_to_take).says() == "TryLater"
    holder.end()
    assert hub_process(try_to_take).says() == "taken"


def test_tokens_that_were_saved_survive_a_kill(hub_process: RunsHub) -> None:
    doomed = hub_process(
        "DjangoTokens(CLINIC).save(Tokens(access='a2', refresh='r2', expires_at=7)); say(1); wait_for_ever()"
    )
    doomed.says()
    doomed.end()
    kept = hub_process("t = DjangoTokens(CLINIC).load(); say([t.access, t.refresh, t.expires_at])")
    assert kept.says() == ["a2", "r2", 7]


NOTE = """
exchange = Exchange(system="amocrm", what="GET /api/v4/account", started_at=datetime.now(UTC), milliseconds=5)
DjangoExchanges(CLINIC).note(exchange)
"""
COUNT = """
from priem.hub.models import ExchangeRecord
say(ExchangeRecord.objects.of(CLINIC).count())
"""


def test_no_more_than_a_second_of_exchanges_is_lost(hub_process: RunsHub) -> None:
    doomed = hub_process(NOTE + "import time; began = time.monotonic()" + COUNT_UNTIL_THERE)
    seconds = doomed.says()
    doomed.end()
    assert seconds < 1
    assert hub_process(COUNT).says() == 1


COUNT_UNTIL_THERE = """
from priem.hub.models import ExchangeRecord
while not ExchangeRecord.objects.of(CLINIC).exists():
    time.sleep(0.01)  # the thread that writes needs the interpreter, too
say(time.monotonic() - began)
wait_for_ever()
"""


def test_a_process_that_ends_writes_its_last_exchanges(hub_process: RunsHub) -> None:
    ended = hub_process(NOTE + "say(1)")
    ended.says()
    assert ended.process.wait(timeout=30) == 0
    assert hub_process(COUNT).says() == 1


WRITE_MUCH = """
store = DjangoStore(CLINIC)
for n in range(40):
    step = Step(
        action=Action.CREATE,
        key=PatientKey("ident", str(OFFSET + n)),
        draft=ContactDraft(ref="1"),
        why=Why("nobody"),
    )
    store.intend([step])
    after = Contact(id=OFFSET + n, name="Анна")
    store.record([(step, Outcome(ref="1", state=State.DONE, id=OFFSET + n), after)])
say("done")
"""


def test_several_processes_write_at_once_and_none_is_turned_away(hub_process: RunsHub) -> None:
    writers = [hub_process(f"OFFSET = {offset}\n{WRITE_MUCH}") for offset in (1000, 2000, 3000)]
    assert [writer.says() for writer in writers] == ["done"] * 3
    count = hub_process("from priem.hub.models import PatientLink; say(PatientLink.objects.of(CLINIC).count())")
    assert count.says() == 120


@pytest.mark.skipif(connection.vendor != "sqlite", reason="of PostgreSQL, a dump is looked at")
def test_secrets_are_not_in_the_files_of_the_database(hub_process: RunsHub, home: os.PathLike[str]) -> None:
    save = "DjangoTokens(CLINIC).save(Tokens(access='access-token-1', refresh='refresh-token-1')); say(1)"
    hub_process(save).says()
    known = hub_process("c = load_clinic('smile'); say([c.client_secret, c.connections[0].secrets['password']])")
    assert known.says() == ["client-secret-1", "database-password-1"]
    files = [path for path in os.scandir(home) if path.name.startswith("db.sqlite3")]
    written = b"".join(open_bytes(path.path) for path in files)
    assert "Улыбка".encode() in written
    for secret in (b"client-secret-1", b"database-password-1", b"access-token-1", b"refresh-token-1"):
        assert secret not in written


def open_bytes(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123  # a scanned entry
        return file.read()
