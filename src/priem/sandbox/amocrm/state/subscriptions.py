"""Webhook subscriptions (docs/reference/amocrm.md §3.18)."""

from dataclasses import dataclass, field

MAX_SUBSCRIPTIONS = 100
_CARDS = ("lead", "contact", "company")
_KINDS = (*_CARDS, "customer", "task")
SETTINGS = frozenset(
    [f"responsible_{kind}" for kind in _KINDS]
    + [f"restore_{kind}" for kind in _CARDS]
    + [f"{action}_{kind}" for action in ("add", "update") for kind in (*_KINDS, "talk")]
    + [f"delete_{kind}" for kind in _KINDS]
    + [f"note_{kind}" for kind in (*_CARDS, "customer")]
    + ["status_lead", "add_chat_template_review"]
)


@dataclass(slots=True)
class Subscription:
    """Where to send which changes. `bad_replies` are the times of invalid replies in the last two hours."""

    id: int
    destination: str
    settings: list[str]
    sort: int
    created_by: int
    created_at: int
    updated_at: int
    disabled: bool = False
    bad_replies: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Subscriptions:
    """All of them, by destination."""

    rows: dict[str, Subscription] = field(default_factory=dict)
    last_id: int = 1_056_948

    def wanting(self, setting: str) -> list[Subscription]:
        """Those that want a kind of change and are not switched off."""
        return [each for each in self.rows.values() if not each.disabled and setting in each.settings]
