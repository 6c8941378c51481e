"""What a branch's database holds. Moments are naive local time of the branch, whole seconds."""

from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(slots=True)
class Medcard:
    """A patient (docs/reference/archimed.md §1.6). The phone stands as somebody typed it."""

    id: int
    last_name: str
    first_name: str
    middle_name: str
    birthdate: date | None
    phone: str
    created: datetime
    changed: datetime
    number: str = ""
    female: bool = False
    phone1: str = ""
    email: str = ""
    sms_send: bool = True
    email_send: bool = False
    profession: str = ""
    registration_address: str = ""
    document: str = ""
    deleted: bool = False

    @property
    def full_name(self) -> str:
        """As talons show it."""
        return " ".join(part for part in (self.last_name, self.first_name, self.middle_name) if part)


@dataclass(slots=True)
class Named:
    """An entry of a dictionary."""

    id: int
    name: str


@dataclass(slots=True)
class Status:
    """A talon's status. What it means is known to the clinic and to this sandbox, never to the API."""

    id: int
    name: str
    means: str = ""


@dataclass(slots=True)
class Building:
    """Корпус."""

    id: int
    name: str
    address: str


@dataclass(slots=True)
class Doctor:
    """`max_time` is the length of a slot in minutes; 0 is a doctor who never set one."""

    id: int
    last_name: str
    first_name: str
    middle_name: str
    specialities: list[int]
    building_id: int
    room: str
    max_time: int
    department_id: int | None = None
    zone_id: int | None = None
    category_id: int | None = None
    degree_id: int | None = None
    user_id: int | None = None
    phone: str = ""
    snils: str = ""
    enabled: bool = True

    @property
    def full_name(self) -> str:
        """As talons and intervals show it."""
        return f"{self.last_name} {self.first_name} {self.middle_name}".strip()


@dataclass(slots=True)
class Shift:
    """A doctor's hours of one day in one room; a hidden one is not for booking by API."""

    id: int
    doctor_id: int
    building_id: int
    room: str
    start: datetime
    end: datetime
    kind: int = 0
    hidden: bool = False


@dataclass(slots=True)
class Talon:
    """An appointment (docs/reference/archimed.md §1.4). Without a medcard, `patient_id` is 0, and the name is here."""

    id: int
    patient_id: int
    doctor_id: int
    start: datetime
    end: datetime
    created: datetime
    updated: datetime
    status_id: int
    creator: str = ""
    room: str = ""
    info: str = ""
    name: str = ""
    phone: str = ""
    reception_type_id: int = 0
    com_status_id: int = 0
    info_source_id: int = 0
    record_type_id: int = 0
    agent_id: int = 0
    assistant_id: int = 0
    deleted: bool = False
    delete_reason_id: int = 0


@dataclass(slots=True)
class Group:
    """A folder of the price list; `owner` is the folder above, 0 at the top."""

    id: int
    code: str
    name: str
    owner: int


@dataclass(slots=True)
class Service:
    """A line of the price list."""

    id: int
    code: str
    name: str
    group_id: int
    base_cost: int
    duration: int
    kind: int = 0


@dataclass(slots=True)
class User:
    """Who works in the clinic's program; a token's `user_id` names one."""

    id: int
    name: str


@dataclass(slots=True)
class Dictionaries:
    """Everything that has an id, a name and no more."""

    rows: dict[str, dict[int, Named]] = field(default_factory=dict)

    def put(self, kind: str, names: list[str], first: int = 1) -> None:
        """Fill one."""
        self.rows[kind] = {first + n: Named(first + n, name) for n, name in enumerate(names)}

    def name(self, kind: str, number: int | None) -> str:
        """Empty when there is none."""
        found = self.rows.get(kind, {}).get(number or 0)
        return found.name if found else ""
