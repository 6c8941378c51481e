"""What comes in from outside: «Неразобранное», calls and sources (docs/reference/amocrm.md §3.16, §3.17)."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Unsorted:
    """An entry of «Неразобранное»: a real lead in the stage of type 1, with what it came with."""

    uid: str
    category: str
    source_name: str
    source_uid: str
    pipeline_id: int
    created_at: int
    metadata: dict[str, object]
    lead_id: int
    contact_ids: list[int]
    company_ids: list[int]
    outcome: str = "waiting"
    settled_at: int | None = None


@dataclass(slots=True)
class UnsortedEntries:
    """All entries, by uid; `outcome` is waiting, accepted or declined."""

    rows: dict[str, Unsorted] = field(default_factory=dict)

    def waiting(self) -> list[Unsorted]:
        """Those nobody dealt with yet."""
        return [entry for entry in self.rows.values() if entry.outcome == "waiting"]


@dataclass(slots=True)
class Call:
    """A call that was added by telephony."""

    id: int
    entity: str
    entity_id: int
    direction: str
    phone: str
    created_at: int


@dataclass(slots=True)
class Calls:
    """All calls."""

    rows: list[Call] = field(default_factory=list)
    last_id: int = 37_512_062


@dataclass(slots=True)
class Source:
    """Where leads come from."""

    id: int
    name: str
    pipeline_id: int
    external_id: str
    default: bool = False
    origin_code: str | None = None
    services: list[dict[str, object]] = field(default_factory=list)


@dataclass(slots=True)
class Sources:
    """All sources, by id."""

    rows: dict[int, Source] = field(default_factory=dict)
    last_id: int = 31_075_176

    def external(self, external_id: object) -> Source | None:
        """A source by the id that the integration gave it."""
        return next((each for each in self.rows.values() if each.external_id == external_id), None)
