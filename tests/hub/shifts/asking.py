"""One of several processes that ask the same account: `python -m tests.hub.shifts.asking SECONDS BOOKINGS`.

Says one line of JSON: when requests were sent, on the machine's clock, and how long each booking waited for its turn.
"""

import json
import sys
import threading
import time

from priem.hub.start import setup

setup()

from priem.amocrm.limits import Limiter  # noqa: E402 - models are there only now
from priem.hub.amocrm.pace import RowsOfPace  # noqa: E402 - likewise

RATE = 7
BETWEEN_BOOKINGS = 3
"""Requests of this process."""


def main(seconds: float, bookings: int) -> None:
    limiter, until = Limiter("clinic", RATE, RowsOfPace()), time.monotonic() + seconds
    sent: list[float] = []
    waits: list[float] = []

    def sync() -> None:
        while time.monotonic() < until:
            with limiter.slot("bulk") as slot:
                slot.mark_sent()
                sent.append(time.monotonic())

    threads = [threading.Thread(target=sync) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(bookings):
        while len(sent) < number * BETWEEN_BOOKINGS and time.monotonic() < until:
            time.sleep(0.01)
        if time.monotonic() >= until:
            break
        began = time.monotonic()
        with limiter.slot("interactive") as slot:
            slot.mark_sent()
            sent.append(time.monotonic())
            waits.append(time.monotonic() - began)
    for thread in threads:
        thread.join()
    sys.stdout.write(json.dumps({"sent": sent, "waits": waits}))


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]))
