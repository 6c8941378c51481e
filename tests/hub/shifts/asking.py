"""One of several processes that ask the same account: `python -m tests.hub.shifts.asking URL TOKEN LANE…`.

Says a line once it has asked for the first time, and is told on another until when it goes on, on the machine's clock.
Then says how many seconds each request took by its lane, waiting for its turn and its answer included.
"""

import json
import sys
import threading
import time
from contextlib import ExitStack

from priem.hub.start import setup

setup()

from priem.amocrm.config import Config  # noqa: E402 - models are there only now
from priem.amocrm.crm import AmoCrm  # noqa: E402 - likewise
from priem.amocrm.pace import Lane  # noqa: E402 - likewise
from priem.hub.amocrm.pace import RowsOfPace  # noqa: E402 - likewise
from priem.ports import Tokens  # noqa: E402 - likewise
from tests.amocrm.kit import Journal, MemoryTokens, SystemClock, before_others  # noqa: E402 - likewise

BETWEEN_BOOKINGS = 0.5


def main(url: str, token: str, lanes: list[Lane]) -> None:
    before_others()
    with ExitStack() as open_ones:
        crms = [open_ones.enter_context(opened(url, token, lane)) for lane in lanes]
        asked(crms[0])
        say("ready")
        until = float(sys.stdin.readline())
        took: list[tuple[Lane, float]] = []
        threads = [threading.Thread(target=work, args=(crm, until, took)) for crm in crms]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    say(took)


def opened(url: str, token: str, lane: Lane) -> AmoCrm:
    config = Config(base_url=url, sandbox=True, client_id="shared")
    tokens = MemoryTokens(Tokens(access=token))
    return AmoCrm(config, tokens, SystemClock(), Journal(), limits=RowsOfPace(), lane=lane)


def work(crm: AmoCrm, until: float, took: list[tuple[Lane, float]]) -> None:
    while time.monotonic() < until:
        took.append((crm.client.lane, asked(crm)))
        if crm.client.lane == "interactive":
            threading.Event().wait(BETWEEN_BOOKINGS)


def asked(crm: AmoCrm) -> float:
    began = time.monotonic()
    crm.client.get("/api/v4/account")
    return time.monotonic() - began


def say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])  # type: ignore[arg-type]  # lanes, as the test names them
