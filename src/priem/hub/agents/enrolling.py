"""Codes that let an agent in once, and the tokens that they are exchanged for. Only their hashes are kept."""

import secrets
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from django.db import transaction

from priem.errors import AskOperator, TryLater
from priem.hub.audit.notes import note
from priem.hub.models import Agent, AgentCode, Connection
from priem.hub.models.audit import Deed
from priem.hub.quick import rows_of
from priem.texts import text

CODE_LIVES = timedelta(minutes=30)
"""Long enough to walk to the computer, short enough for a note that is left lying about."""
LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""None that is taken for another when it is read out on the phone."""
GROUPS, GROUP = 4, 4
COLUMNS = tuple(field.attname for field in Agent._meta.concrete_fields)  # noqa: SLF001  # Django documents _meta
MOST_TRIES = 10
WITHIN = 600.0
"""Seconds: so many wrong codes from one address, and it waits."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    agent: Agent
    token: str = field(repr=False)


def hashed(secret: str) -> str:
    """Both are random and long: no guessing, so no salt and no slowness."""
    return sha256(secret.encode()).hexdigest()


def plain(code: str) -> str:
    return "".join(letter for letter in code.upper() if letter.isalnum())


def make_code(clinic_id: int, connection: str) -> str:
    """Shown once. Codes that were made before for the connection open nothing any more."""
    code = "".join(secrets.choice(LETTERS) for _ in range(GROUPS * GROUP))
    now = datetime.now(UTC)
    with transaction.atomic():
        AgentCode.objects.of(clinic_id).filter(connection=connection, used_at=None).delete()
        AgentCode.objects.create(
            clinic_id=clinic_id, connection=connection, code=hashed(code), made_at=now, until=now + CODE_LIVES
        )
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def enrol(code: str, host: str, program: str) -> Enrolled:
    """Whoever is enrolled takes the place of the connection's agents before. Raises AskOperator for a code that opens
    nothing; which of forged, late and used it is, nobody is told."""
    now = datetime.now(UTC)
    with transaction.atomic():
        row = AgentCode.objects.of_all().select_for_update().filter(code=hashed(plain(code))).first()
        is_good = row is not None and row.used_at is None and row.until > now
        if row is None or not is_good or not has_connection(row):
            raise AskOperator(
                text("This code opens nothing: it is wrong, too old, or was used already."),
                text("Make a new one in the hub, at the clinic's connection."),
            )
        token = f"pa_{secrets.token_urlsafe(32)}"
        revoke_all(row.clinic_id, row.connection, now)
        agent = Agent.objects.create(
            clinic_id=row.clinic_id,
            connection=row.connection,
            token=hashed(token),
            host=host[:100],
            program=program[:32],
            enrolled_at=now,
            heard_at=now,
        )
        AgentCode.objects.of(row.clinic_id).filter(pk=row.pk).update(used_at=now, agent=agent)
        note(row.clinic_id, Deed.ENROLLED, f"{row.connection}: {agent.host}")
    return Enrolled(agent, token)


def has_connection(row: AgentCode) -> bool:
    return Connection.objects.of(row.clinic_id).filter(key=row.connection).exists()


def revoke_all(clinic_id: int, connection: str, now: datetime) -> None:
    Agent.objects.of(clinic_id).filter(connection=connection, revoked_at=None).update(revoked_at=now)


def revoke(clinic_id: int, agent: int) -> bool:
    """Whether there was one to be revoked."""
    rows = Agent.objects.of(clinic_id).filter(pk=agent, revoked_at=None)
    return bool(rows.update(revoked_at=datetime.now(UTC)))


def agent_of(clinic_id: int, connection: str) -> Agent | None:
    """The one that is let in."""
    for row in reversed(rows_of(Agent, clinic_id, *COLUMNS, order="id", connection=connection, revoked_at=None)):
        return Agent.from_db("default", COLUMNS, row)
    return None


class Tries:
    """Wrong codes by address, in this process."""

    def __init__(self, most: int = MOST_TRIES, within: float = WITHIN) -> None:
        self._most, self._within = most, within
        self._wrong: dict[str, deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def require_few(self, address: str) -> None:
        """Raises TryLater for an address that has guessed too often."""
        with self._lock:
            wrong = self._recent(address)
            if len(wrong) >= self._most:
                raise TryLater(
                    text("Too many wrong codes came from this address."),
                    text("Wait ten minutes, then use a new code."),
                    after=max(1.0, wrong[0] + self._within - time.monotonic()),
                )

    def was_wrong(self, address: str) -> None:
        with self._lock:
            self._recent(address).append(time.monotonic())

    def _recent(self, address: str) -> deque[float]:
        since = time.monotonic() - self._within
        for other in [one for one, wrong in self._wrong.items() if not wrong or wrong[-1] < since]:
            del self._wrong[other]
        wrong = self._wrong[address]
        while wrong and wrong[0] < since:
            wrong.popleft()
        return wrong


TRIES = Tries()
