"""The command `priem`. Each command is a page: what it needs, what it does, what it says."""

import sys


def main() -> None:
    """The agent's process loads nothing but the agent: see priem.agent.command."""
    if sys.argv[1:2] == ["agent"]:
        from priem.agent.command import main as agent  # noqa: PLC0415 - the one or the other

        sys.exit(agent(sys.argv[2:]))
    from priem.cli.starting import main as whole  # noqa: PLC0415 - the one or the other

    whole()
