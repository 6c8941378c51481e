"""Tags of each kind of card, and loss reasons (docs/reference/amocrm.md §3.13, §3.2)."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Tag:
    """A tag; only tags of leads have a colour."""

    id: int
    name: str
    color: str | None = None


@dataclass(slots=True)
class Tags:
    """Tags by kind of card and id."""

    rows: dict[str, dict[int, Tag]] = field(default_factory=dict)
    names: dict[str, dict[str, int]] = field(default_factory=dict)
    last_id: int = 96_540

    def of(self, entity: str) -> dict[int, Tag]:
        """The tags of one kind of card."""
        return self.rows.setdefault(entity, {})

    def named(self, entity: str, name: str, color: str | None = None) -> Tag:
        """The tag of this name, made when there is none."""
        names = self.names.setdefault(entity, {})
        known = names.get(name)
        if known is not None:
            return self.of(entity)[known]
        self.last_id += 2
        made = Tag(self.last_id, name, color if entity == "leads" else None)
        self.of(entity)[made.id] = made
        names[name] = made.id
        return made

    def picked(self, entity: str, items: object, *, make: bool = True) -> list[int]:
        """Ids of checked `[{"id"} | {"name"}]`; unknown names become tags, or are passed over."""
        found: list[int] = []
        for item in items if isinstance(items, list) else []:
            name = item.get("name") or ""
            known = item.get("id") or self.names.get(entity, {}).get(name)
            tag_id = known or (self.named(entity, name).id if make else None)
            if tag_id is not None and tag_id not in found:
                found.append(tag_id)
        return found


@dataclass(slots=True)
class LossReason:
    """Why a lead was lost."""

    id: int
    name: str
    sort: int
    created_at: int
    updated_at: int
