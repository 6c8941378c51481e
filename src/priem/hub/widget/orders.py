"""What stages of the digital pipeline order, until it is done or refused for good.

amoCRM says it once and never again (docs/reference/amocrm.md §3.19). So a hook is kept in a file before it is answered,
as webhooks are, goes from there to the database, and is tried until it is over: the clinic's system may be away, the
database locked, amoCRM closed. Its name is its lead, stage, action and moment, so the same one again is done once.
"""

import os
import threading
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError, connection

from priem.engine.finding_out import tell_lead
from priem.engine.reception import Reception
from priem.errors import BadRecord, PriemError
from priem.hub.amocrm.inbox import Inbox, Letter
from priem.hub.booking.receptions import RECEPTIONS, Office
from priem.hub.clinics import clinic_data
from priem.hub.exchanges import DjangoExchanges
from priem.hub.models import Clinic, OrderState, StageOrder
from priem.hub.store import utc_now
from priem.hub.waking import wake
from priem.hub.widget import pipeline
from priem.hub.widget.pipeline import Hook, NotThere, read_hook
from priem.ports import Exchange
from priem.texts import Text, text

LONGEST_PAUSE = 60.0
BETWEEN_LOOKS = 15.0
"""Seconds. What other processes have left is found, too."""
CLAIMED = timedelta(minutes=3)
"""Whoever tries an order has it for so long: no question to a clinic's system takes longer."""
GIVES_UP = timedelta(days=1)
AT_ONCE = 4
"""Clinics: one whose system keeps everybody waiting must not keep the others."""
ACTIONS: Mapping[str, Text] = {
    "confirm": text("confirm the visit"),
    "cancel": text("cancel the visit"),
    "arrived": text("mark that the patient has come"),
    "completed": text("mark the visit as completed"),
    "no_show": text("mark that the patient did not come"),
    "apply": text("hand the lead to IDENT as an application"),
}

log = structlog.get_logger(__name__)


class Orders(Inbox):
    """From the file into the database."""

    folder = "stage-orders"

    def store(self, letters: Iterable[Letter]) -> None:
        there = set(Clinic.objects.values_list("pk", flat=True))
        for letter in letters:
            if letter.clinic in there:
                with suppress(BadRecord):  # of a version that took more: it must not hold up what comes after it
                    take_in(letter)

    def ring(self, clinics: Iterable[int]) -> None:  # noqa: ARG002  # whoever looks, looks at all of them
        LOOK.set()


def take_in(letter: Letter) -> None:
    hook = read_hook(letter.body)
    wanted = {"lead": hook.lead, "pipeline": hook.pipeline, "stage": hook.stage, "action": hook.action}
    moments = {"came_at": letter.at, "due_at": letter.at}
    _, is_new = StageOrder.objects.of(letter.clinic).get_or_create(
        clinic_id=letter.clinic, ref=hook.ref, defaults=wanted | moments
    )
    DjangoExchanges(letter.clinic).note(
        Exchange(
            system="amocrm",
            what="POST stage action",
            started_at=letter.at,
            milliseconds=0,
            status=200,
            items=int(is_new),
            incoming=True,
            about=(("lead", str(hook.lead)),),
            request=wanted,
        )
    )


def put(clinic_id: int, body: bytes) -> bool:
    """Kept for good when it returns true. Raises BadRecord for what is no hook."""
    read_hook(body)
    return ORDERS.put(clinic_id, body)


# Trying


def keep_trying() -> None:
    """For a thread of the hub's server: never ends."""
    while True:
        LOOK.clear()
        try:
            ORDERS.take_over()
            try_due(utc_now())
        except Exception as error:  # noqa: BLE001 - without this thread no order of any clinic would be tried again
            log.warning("stages' orders are kept waiting", error=type(error).__name__)
        connection.close()
        LOOK.wait(seconds_to_next())


def seconds_to_next() -> float:
    try:
        rows = StageOrder.objects.of_all().filter(due_at__isnull=False)
        due = rows.order_by("due_at").values_list("due_at", flat=True).first()
    except DatabaseError:
        due = None
    connection.close()
    return min(BETWEEN_LOOKS, max(0.5, (due - utc_now()).total_seconds())) if due else BETWEEN_LOOKS


def try_due(now: datetime) -> None:
    """Every order whose time has come, a clinic's in their order."""
    rows = StageOrder.objects.of_all().filter(due_at__lte=now)
    clinics = sorted(set(rows.values_list("clinic_id", flat=True)))
    if clinics:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(try_apart, clinics))


def try_apart(clinic_id: int) -> None:
    """In a thread of its own."""
    try:
        try_of(clinic_id, utc_now())
    except Exception as error:  # noqa: BLE001 - a thread that ends would leave orders of all clinics waiting
        log.warning("stages' orders are kept waiting", clinic=clinic_id, error=type(error).__name__)
    finally:
        connection.close()


def try_of(clinic_id: int, now: datetime) -> None:
    clinic = Clinic.objects.get(pk=clinic_id)
    for row in StageOrder.objects.of(clinic_id).filter(due_at__lte=now).order_by("pk"):
        if not is_mine(row, now):
            continue
        try:
            with RECEPTIONS.of(clinic_data(clinic)) as office:
                carry_out(row, office, now)
        except PriemError as error:
            put_off(row, error.what, now)


def is_mine(row: StageOrder, now: datetime) -> bool:
    """One process tries it; what one that died had begun is due again a little later."""
    row.tries += 1
    mine = StageOrder.objects.of(row.clinic_id).filter(pk=row.pk, due_at=row.due_at)
    return mine.update(due_at=now + CLAIMED, tries=row.tries) == 1


def carry_out(row: StageOrder, office: Office, now: datetime) -> None:
    if row.state == OrderState.REFUSED:
        tell(row, office.reception, now)
        return
    if now - row.came_at >= GIVES_UP:
        why = row.said or text("The hub was switched off.")
        refuse(row, text("it could not be done for a whole day. {why}", why=why), office.reception, now)
        return
    hook = Hook(lead=row.lead, pipeline=row.pipeline, stage=row.stage, action=row.action, ref=row.ref)
    try:
        pipeline.set_off(office, hook)
    except BadRecord as no:
        refuse(row, no.what, office.reception, now, says_so=row.tries > 1 or not isinstance(no, NotThere))
    except PriemError as error:
        put_off(row, error.what, now)
    else:
        save(row, state=OrderState.DONE, said=None, due_at=None)
        wake(row.clinic_id)


def put_off(row: StageOrder, why: Text, now: datetime) -> None:
    pause = min(LONGEST_PAUSE, 2.0 ** min(row.tries - 1, 10))
    save(row, said=why, due_at=now + timedelta(seconds=pause))


def refuse(row: StageOrder, why: Text, reception: Reception, now: datetime, *, says_so: bool = True) -> None:
    """For good. Whoever has moved the lead reads why, in the lead."""
    save(row, state=OrderState.REFUSED, said=why, due_at=now if says_so else None)
    if says_so:
        tell(row, reception, now)


def tell(row: StageOrder, reception: Reception, now: datetime) -> None:
    note = text("The stage's action was not done ({action}): {why}", action=called(row.action), why=row.said or "")
    is_over = tell_lead(row.lead, note.read("ru"), row.ref, reception)
    save(row, due_at=None if is_over else now + timedelta(seconds=LONGEST_PAUSE))


def save(row: StageOrder, **changed: object) -> None:
    for name, value in changed.items():
        setattr(row, name, value)
    row.save(update_fields=list(changed))


def called(action: str) -> Text:
    return ACTIONS.get(action, text("«{name}»", name=action))


# Showing


def waiting_of(clinic_id: int, lead: int) -> list[Text]:
    """What a lead's stage has ordered and what it waits for, in sentences."""
    rows = StageOrder.objects.of(clinic_id).filter(lead=lead, state=OrderState.WAITING, said__isnull=False)
    return [in_words(row) for row in rows.order_by("pk")]


def in_words(row: StageOrder) -> Text:
    why = row.said or text("It has just come.")
    if row.state == OrderState.WAITING:
        return text("The stage's action waits ({action}): {why}", action=called(row.action), why=why)
    if row.state == OrderState.REFUSED:
        return text("The stage's action was not done ({action}): {why}", action=called(row.action), why=why)
    return text("The stage's action is done ({action}).", action=called(row.action))


def orders_of(clinic_id: int, leads: Collection[int]) -> Iterable[StageOrder]:
    return StageOrder.objects.of(clinic_id).filter(lead__in=list(leads)).order_by("-pk")[:100]


LOOK = threading.Event()
ORDERS = Orders()
os.register_at_fork(after_in_child=ORDERS.begin_anew)
