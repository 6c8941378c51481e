"""Where a contact or lead is looked at."""

from priem.hub.clinics import load_clinic


def card(slug: str, kind: str, id_: int) -> str:
    """The address of a contact's or lead's card. docs/reference/amocrm.md §1"""
    return f"{load_clinic(slug).base_url.rstrip('/')}/{kind}s/detail/{id_}"
