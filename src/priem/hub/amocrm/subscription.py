"""amoCRM is asked to post what changes, for as long as there is an address to post to."""

from datetime import UTC, datetime, timedelta

from priem.amocrm.crm import AmoCrm
from priem.amocrm.problems import Refused
from priem.amocrm.webhooks import subscribe, unsubscribe
from priem.errors import AskOperator
from priem.hub.amocrm.address import HOOKS, destination
from priem.hub.clinics import ClinicData
from priem.hub.models import Hearing, StepRecord
from priem.hub.quick import change, rows_of
from priem.model import Finding, Severity, State
from priem.texts import Text, text

COLUMNS = tuple(field.attname for field in Hearing._meta.concrete_fields)  # noqa: SLF001  # Django documents _meta
ECHO = timedelta(seconds=30)
"""Priem's own writes come back as hooks. One that has not come by then says that hooks do not reach us."""
QUICK_ECHO = timedelta(seconds=5)
LATELY = timedelta(minutes=1)
NO_RIGHT = text("amoCRM did not let Priem subscribe to changes.")


def keep_subscribed(clinic: ClinicData, crm: AmoCrm, now: datetime) -> bool:
    """Made, made again when amoCRM switched it off, and taken back from an address that is not the hub's any more.

    Costs one request when all is as it was. What a person must mend is written down, not raised: without webhooks
    Priem reads more, and is as right. Raises TryLater.
    """
    known, wanted = hearing_of(clinic.id), destination(clinic)
    try:
        if known.destination and known.destination != wanted:
            unsubscribe(crm.client, known.destination)
        was_missing = subscribe(crm.client, wanted) if wanted else False
    except (AskOperator, Refused) as error:
        note(clinic.id, alive_since=None, trouble=error.what if isinstance(error, AskOperator) else NO_RIGHT)
        return False
    alive_since = known.alive_since if known.alive_since and not was_missing else now
    note(clinic.id, destination=wanted, alive_since=alive_since if wanted else None, trouble=None)
    return bool(wanted)


def hearing_of(clinic_id: int) -> Hearing:
    for row in rows_of(Hearing, clinic_id, *COLUMNS):
        return Hearing.from_db("default", COLUMNS, row)
    return Hearing(clinic_id=clinic_id)


def note(clinic_id: int, **known: str | datetime | Text | None) -> None:
    if not change(Hearing, clinic_id, dict(known)):
        Hearing.objects.update_or_create(clinic_id=clinic_id, defaults=known)


def hears(known: Hearing, now: datetime) -> bool:
    return known.alive_since is not None and not is_deaf(known, now)


def hears_at_once(known: Hearing, now: datetime) -> bool:
    """Hooks came lately, and after all that Priem has written: what others wrote would have come with them."""
    is_lively = known.heard_at is not None and now - known.heard_at < LATELY
    return is_lively and not is_deaf(known, now, QUICK_ECHO)


def is_deaf(known: Hearing, now: datetime, echo: timedelta = ECHO) -> bool:
    """Priem has written, and no hook came back. Whether amoCRM sends none or none gets through, nothing is told."""
    if known.alive_since is None:
        return False
    since = max(known.alive_since, known.heard_at or known.alive_since)
    if now - since <= echo:
        return False  # what was written since then was written within that time
    written = StepRecord.objects.of(known.clinic_id).filter(
        state=State.DONE.value, intended_at__gt=since, finished_at__lt=now - echo
    )
    return written.exclude(changes=[]).exists()


def findings(clinic: ClinicData) -> list[Finding]:
    """What a check says of webhooks."""
    known, wanted = hearing_of(clinic.id), destination(clinic)
    if not wanted:
        return [
            Finding(
                Severity.FINE,
                text("amoCRM cannot reach this hub, so managers' changes are read before each write."),
                text("Give the hub's address from outside in PRIEM_PUBLIC_URL to work with fewer requests."),
            )
        ]
    if known.trouble:
        return [Finding(Severity.WARNING, known.trouble, text("Priem reads changes instead, with more requests."))]
    if known.alive_since is None or known.destination != wanted:
        return [
            Finding(
                Severity.WARNING,
                text("amoCRM is not asked yet to tell of changes at {address}.", address=shown(wanted)),
                text("The next pass of `priem sync` asks."),
            )
        ]
    if is_deaf(known, datetime.now(UTC)):
        return [
            Finding(
                Severity.WARNING,
                text("amoCRM is asked to tell of changes at {address}, but nothing comes.", address=shown(wanted)),
                text("Look whether that address leads to this hub, and whether the hub is running."),
            )
        ]
    return [Finding(Severity.FINE, text("amoCRM tells of changes at {address}.", address=shown(wanted)))]


def shown(address: str) -> str:
    """Without its secret."""
    return f"{address.partition(HOOKS)[0]}{HOOKS}…"
