"""What an agent and the hub say to each other: docs/reference/agent-protocol.md. Standard library only.

shapes: values of the model as JSON and back. parcels: a page on its way, packed. words: settings, reports, questions.
"""

PROTOCOL = 1
"""Grows when one side would misunderstand the other; what is only added does not change it."""
