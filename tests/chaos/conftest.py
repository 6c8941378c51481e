"""Hours of bad luck in minutes: `make chaos`. Not a part of `make test`."""

import os

from tests.e2e.conftest import start as start  # noqa: PLC0414 - a fixture is found by its name in this module

collect_ignore_glob = [] if os.environ.get("PRIEM_CHAOS") else ["test_*.py"]
