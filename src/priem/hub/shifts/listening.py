"""Wake-ups from other processes and machines, as PostgreSQL tells them."""

import threading
from collections.abc import Callable

import psycopg
import structlog
from django.db import connections

from priem.hub.waking import CHANNEL, HOOKED

LOOK = 1.0
"""Seconds until it is noticed that the worker ends."""
AGAIN = 1.0

log = structlog.get_logger(__name__)


def listen(heard: Callable[[int, bool], None], anew: Callable[[], None], stop: threading.Event) -> None:
    """Tells each clinic that is woken, and whether only amoCRM told something; `anew` after every time in which nobody
    listened, when wake-ups may have been missed. Until `stop`."""
    while not stop.is_set():
        try:
            with connected() as listening:
                listening.execute(f"LISTEN {CHANNEL}".encode())
                anew()
                while not stop.is_set():
                    for notice in listening.notifies(timeout=LOOK):
                        said = notice.payload.removesuffix(HOOKED)
                        if said.isdecimal():  # whoever may connect may say anything
                            heard(int(said), said != notice.payload)
        except psycopg.Error as error:
            log.warning("wake-ups are not heard", error=type(error).__name__)
            stop.wait(AGAIN)


def connected() -> psycopg.Connection:
    """One of its own, without Django: it only waits."""
    parameters = connections["default"].get_connection_params()
    for name in ("cursor_factory", "context"):
        parameters.pop(name, None)
    return psycopg.connect(**parameters, autocommit=True)
