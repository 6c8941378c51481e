"""The account and the people who work in it (docs/reference/amocrm.md §3.11, §3.12)."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Account:
    """What `set` of the sandbox's controls may change stands here, too."""

    id: int
    subdomain: str
    name: str
    uuid: str
    amojo_id: str
    timezone: str = "Europe/Moscow"
    is_api_filter_enabled: bool = True
    is_unsorted_on: bool = True
    is_loss_reason_enabled: bool = True
    subscription_ended_at: int | None = None
    host: str | None = None
    refresh_revokes_access: bool = False
    duplicate_control: str = "off"
    """`off`, `update` (incoming data is written over), or `keep` (the existing data stays): §4.1."""
    duplicate_many: str = "newest"
    """What 2–3 matches mean: `all`, `newest` or `new`."""
    duplicate_statuses: list[tuple[int, int]] = field(default_factory=list)
    """(pipeline, status) pairs that count as matches; none means every open one."""
    uninstall_url: str | None = None
    disposable_audience: str | None = None


@dataclass(slots=True)
class User:
    """Somebody who works in the account."""

    id: int
    name: str
    email: str
    is_admin: bool = False
    is_active: bool = True
    is_free: bool = False
    group_id: int = 0
    role_id: int | None = None


@dataclass(slots=True)
class Users:
    """Everybody, by id."""

    rows: dict[int, User] = field(default_factory=dict)

    def is_active(self, user_id: int) -> bool:
        """Whether somebody may be made responsible."""
        user = self.rows.get(user_id)
        return user is not None and user.is_active

    def is_author(self, user_id: int) -> bool:
        """Whether somebody may be named as the one who changed a thing; 0 is the robot."""
        return user_id == 0 or self.is_active(user_id)

    def admin(self) -> User:
        """The first administrator: integrations act on her behalf."""
        return next(user for user in self.rows.values() if user.is_admin)


@dataclass(slots=True)
class TaskType:
    """A kind of task."""

    id: int
    name: str
    code: str | None
    color: str | None = None
    icon_id: int | None = None
