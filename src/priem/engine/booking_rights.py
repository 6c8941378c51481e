"""Who may book where. Pure; the rights are the clinic's settings."""

from collections.abc import Iterable
from dataclasses import dataclass

from priem.engine.bindings import Bound
from priem.engine.settings import UserBooking


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Whoever asks for something to be done in the МИС."""

    name: str
    """For the history: `amocrm:501`, `hub:anna`, `cli`, `trigger:confirm`."""
    user: int | None = None
    """amoCRM's user. None: somebody of the clinic's own house, who may book everywhere."""


def of_user(user: int) -> Actor:
    return Actor(name=f"amocrm:{user}", user=user)


def rights_of(actor: Actor, bound: Bound) -> UserBooking:
    if actor.user is None:
        return UserBooking(user=0)
    return bound.booking_users.get(actor.user, UserBooking(user=actor.user, books=bound.settings.booking.others))


def may_book(actor: Actor, connection: str, branch: str, bound: Bound) -> bool:
    """In a branch of this connection. When the МИС does not say which, only those may who may book in all of it."""
    rights = rights_of(actor, bound)
    allowed = rights.branches
    return rights.books and (not allowed or connection in allowed or f"{connection}:{branch}" in allowed)


def may_somewhere(actor: Actor, connection: str, branches: Iterable[str], bound: Bound) -> bool:
    return any(may_book(actor, connection, branch, bound) for branch in (*branches, ""))


def may_in(actor: Actor, connection: str, bound: Bound) -> bool:
    """In at least one branch of it, whichever there are."""
    rights = rights_of(actor, bound)
    return rights.books and any(place.partition(":")[0] == connection for place in rights.branches or [connection])


def default_branch(actor: Actor, bound: Bound) -> str:
    """`connection:branch id`, a connection, or nothing."""
    return rights_of(actor, bound).default or bound.settings.booking.default_branch
