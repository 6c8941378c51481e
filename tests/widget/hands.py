"""Hands that stay: a process for each command would cost the tests more than what they look at. See `staff`."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.postgres import hub_environment
from tests.warm import Python


class Hands:
    def __init__(self, home: Path) -> None:
        self._process = Python(
            ["-m", "tests.widget.staff"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(home) | {"DJANGO_SETTINGS_MODULE": "priem.hub.settings"},
        )

    def do(self, deed: str, **given: Any) -> Any:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin
        assert stdout
        stdin.write(json.dumps({"deed": deed, **given}) + "\n")
        stdin.flush()
        answer = stdout.readline()
        assert answer, f"{deed} has failed: see stderr"
        return json.loads(answer)

    def close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
        self._process.wait(20)


def environment(home: Path) -> dict[str, str]:
    """The sandboxes limit nothing, so Priem need not, either."""
    return {**hub_environment(home), "PRIEM_SANDBOX_RATE": "500"}
