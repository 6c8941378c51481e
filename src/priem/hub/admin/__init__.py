"""The lists: everything the hub remembers, as tables. What the machine owns is shown, never edited."""

from priem.hub.admin import clinics, history, links, people

__all__ = ["clinics", "history", "links", "people"]
