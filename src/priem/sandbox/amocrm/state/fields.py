"""Custom fields: their types, options and groups (docs/reference/amocrm.md §3.9)."""

from dataclasses import dataclass, field

EVERYWHERE = [
    "text",
    "numeric",
    "checkbox",
    "select",
    "multiselect",
    "date",
    "url",
    "date_time",
    "textarea",
    "radiobutton",
    "streetaddress",
    "chained_list",
    "file",
]
CARDS = ["smart_address", "birthday", "legal_entity", "monetary"]
TYPES: dict[str, frozenset[str]] = {
    "leads": frozenset([*EVERYWHERE, *CARDS, "tracking_data"]),
    "contacts": frozenset([*EVERYWHERE, *CARDS, "multitext"]) - {"chained_list"},
    "companies": frozenset([*EVERYWHERE, *CARDS, "multitext"]) - {"chained_list"},
    "customers": frozenset([*EVERYWHERE, "monetary"]),
    "catalogs": frozenset([*EVERYWHERE, "price", "category", "items", "linked_entity", "payer", "supplier"]),
}
WITH_OPTIONS = frozenset({"select", "multiselect", "radiobutton"})
"""Types that cannot be made without options."""
WITH_ENUMS = WITH_OPTIONS | {"multitext", "smart_address"}
PHONE_ENUMS = ("WORK", "WORKDD", "MOB", "FAX", "HOME", "OTHER")
EMAIL_ENUMS = ("WORK", "PRIV", "OTHER")
ADDRESS_ENUMS = ("address_line_1", "address_line_2", "city", "state", "zip", "country")


@dataclass(slots=True)
class Option:
    """One choice of a field; of multitext fields it is the kind of number or address."""

    id: int
    value: str
    sort: int
    code: str | None = None


@dataclass(slots=True)
class Field:
    """A custom field of one kind of card."""

    id: int
    entity: str
    name: str
    type: str
    sort: int
    code: str | None = None
    group_id: str | None = None
    is_api_only: bool = False
    is_deletable: bool = True
    is_predefined: bool = False
    is_computed: bool = False
    options: list[Option] = field(default_factory=list)
    required_statuses: list[dict[str, object]] = field(default_factory=list)
    hidden_statuses: list[dict[str, object]] = field(default_factory=list)
    remind: str | None = None
    currency: str | None = None
    extra: dict[str, object] = field(default_factory=dict)

    def option(self, option_id: object) -> Option | None:
        """An option by its id."""
        return next((option for option in self.options if option.id == option_id), None)

    def option_named(self, text: object) -> Option | None:
        """An option by its exact text."""
        return next((option for option in self.options if option.value == text), None)

    def option_coded(self, code: object) -> Option | None:
        """An option by its code; multitext and address fields carry their codes as values."""
        if self.type in {"multitext", "smart_address"}:
            return self.option_named(code)
        return next((option for option in self.options if option.code is not None and option.code == code), None)


@dataclass(slots=True)
class Group:
    """A tab of fields in a card."""

    id: str
    name: str
    sort: int
    entity: str
    is_predefined: bool = False


@dataclass(slots=True)
class Fields:
    """The fields of every kind of card, by id."""

    rows: dict[str, dict[int, Field]] = field(default_factory=dict)
    groups: dict[str, dict[str, Group]] = field(default_factory=dict)
    last_id: int = 1_204_700
    last_option_id: int = 940_310

    def of(self, entity: str) -> dict[int, Field]:
        """The fields of one kind of card; catalogs are `catalogs/{id}`."""
        return self.rows.setdefault(entity, {})

    def groups_of(self, entity: str) -> dict[str, Group]:
        """The groups of one kind of card."""
        return self.groups.setdefault(entity, {})

    def find(self, entity: str, field_id: object, code: object) -> Field | None:
        """A field by id, or by code."""
        known = self.of(entity)
        if isinstance(field_id, int):
            return known.get(field_id)
        if not isinstance(code, str):
            return None
        return next((each for each in known.values() if each.code is not None and each.code == code), None)

    def coded(self, entity: str, code: str) -> Field | None:
        """A field by its code."""
        return self.find(entity, None, code)

    def make(self, entity: str, name: str, kind: str, *, code: str | None = None, **more: object) -> Field:
        """Add a field; multitext and address fields get their fixed options."""
        self.last_id += 2
        made = Field(self.last_id, entity, name, kind, sort=500 + len(self.of(entity)), code=code)
        for key, value in more.items():
            setattr(made, key, value)
        if kind == "multitext":
            self.add_options(made, EMAIL_ENUMS if code == "EMAIL" else PHONE_ENUMS)
        if kind == "smart_address":
            made.options = [Option(index, text, index) for index, text in enumerate(ADDRESS_ENUMS, 1)]
        self.of(entity)[made.id] = made
        return made

    def add_options(self, to: Field, texts: tuple[str, ...]) -> None:
        """Give a field more options."""
        for text in texts:
            self.last_option_id += 2
            to.options.append(Option(self.last_option_id, text, len(to.options) * 10 + 10))
