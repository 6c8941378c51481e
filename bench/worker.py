"""What is measured, in a process of its own: `python -m bench.worker sync|follow CLINIC`, in the home PRIEM_HOME.

Prints JSON lines. `sync` prints one: what the pass did, its seconds, and the most memory that the process ever had.
`follow` goes on until its input is closed: one line for each record that was written, with the time.
"""

import json
import resource
import sys
import threading
import time
from collections.abc import Mapping

from priem.hub.start import setup

setup()  # before anything imports the hub's models

from priem import bootstrap  # noqa: E402 - only now
from priem.cli.sync_command import Tally  # noqa: E402 - only now
from priem.engine.sync import Progress  # noqa: E402 - only now
from priem.model import Action, PatientKey  # noqa: E402 - only now
from priem.passes import Follower, Trouble, one_pass  # noqa: E402 - only now


def sync(clinic: str) -> None:
    began = time.monotonic()
    tally = Tally()
    with bootstrap.opened(clinic) as opened:
        for _, progress in one_pass(opened.sources, opened.clinic):
            tally.add(progress)
    seconds = time.monotonic() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime
    say({**tally.as_json(), "seconds": seconds, "cpu_seconds": cpu, "peak_rss_mb": used.ru_maxrss / 1024})


def follow(clinic: str) -> None:
    stop = threading.Event()
    threading.Thread(target=wait_for_end_of_input, args=(stop,), daemon=True).start()
    with bootstrap.opened(clinic) as opened:
        say({"ready": True})
        for _, news in Follower(opened.sources, opened.clinic, stop).news():
            if isinstance(news, Trouble):
                say({"trouble": str(news.error)})
            else:
                tell(news)


def tell(progress: Progress) -> None:
    now = time.time()
    for step, outcome in progress.carried:
        if step.action is not Action.LEAVE:
            kind = "patient" if isinstance(step.key, PatientKey) else "visit"
            say({"at": now, "record": f"{kind} {step.key}", "state": outcome.state.value})


def wait_for_end_of_input(stop: threading.Event) -> None:
    sys.stdin.buffer.read()
    stop.set()


def say(line: Mapping[str, object]) -> None:
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    {"sync": sync, "follow": follow}[sys.argv[1]](sys.argv[2])
