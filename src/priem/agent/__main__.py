import sys

from priem.agent.command import main

sys.exit(main(sys.argv[1:]))
