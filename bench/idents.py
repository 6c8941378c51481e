"""Many databases of IDENT in one process, each at a port of its own: `python -m bench.idents 50 --patients 20`.

Prints one line of JSON: what each says of itself. A number on a line of its input lets all of them live, with so many
changes a second together; the end of the input ends it.
"""

import argparse
import json
import sys

from priem.sandbox.ident.sandbox import IdentSandbox, Settings
from priem.sandbox.ident.seed import Wishes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("databases", type=int)
    parser.add_argument("--patients", type=int, default=20)
    parser.add_argument("--visits", type=int, default=20)
    given = parser.parse_args()
    numbers = range(given.databases)
    wishes = [Wishes(given.patients, given.visits, history=1, seed=1 + number) for number in numbers]
    databases = [IdentSandbox(Settings(wishes=wished)) for wished in wishes]
    for one in databases:
        one.start()
    sys.stdout.write(json.dumps({"databases": [one.announcement("") for one in databases]}) + "\n")
    sys.stdout.flush()
    for line in sys.stdin:
        for one in databases:
            one.live.start(rate=float(line) / len(databases))
    for one in databases:
        one.stop()


if __name__ == "__main__":
    main()
