"""`python -m priem.sandbox.ident`"""

import sys

from priem.sandbox.ident.command import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
