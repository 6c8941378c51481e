"""The application as the hub's own server runs it: its process ends when the server does, however that ends."""

import asyncio
import ctypes
import os
import signal
import sys
import threading
from importlib import import_module

from django.conf import settings

from priem.hub import wsgi
from priem.hub.ending import end_at_once
from priem.hub.receiving import Receiving
from priem.hub.setup.living import resume
from priem.hub.watch.keeper import keep_watch
from priem.hub.widget.orders import keep_trying


class Serving(Receiving):
    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Every request is answered by now."""
        super().__rsgi_del__(loop)
        end_at_once()


application = Serving(wsgi.application)

PR_SET_PDEATHSIG = 1
SERVER = "PRIEM_SERVER_PID"
"""The variable in which the server tells its workers who their parent is."""


def end_with_parent() -> None:
    """Linux's own means: else the worker of a killed server would keep its port for ever.

    Killed, too: nothing is lost by that, and an orderly end can take longer than whoever waits for the port.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if str(os.getppid()) != os.environ[SERVER]:
            os.kill(os.getpid(), signal.SIGKILL)  # it was killed a moment before


end_with_parent()
import_module(settings.ROOT_URLCONF)  # every page's code: else whoever comes first waits a second for it
threading.Thread(target=keep_watch, name="keeper", daemon=True).start()
threading.Thread(target=resume, name="resume", daemon=True).start()
threading.Thread(target=keep_trying, name="stage orders", daemon=True).start()
