"""«Синхронизировать сейчас»: a pass for one record that begins at once, and how it went.

Whoever keeps the clinic in step is woken, and has the first turn. Where nobody does, or he is busy with other things,
this process makes the pass: the clinic's own lock lets one at a time.
"""

import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from priem.errors import AskOperator, TryLater
from priem.hub.desk import kind_of
from priem.hub.models import Clinic, Connection, Pulse, RecalledRecord, StepRecord, Work, WorkKind, WorkState
from priem.hub.records.outside import OpenedClinic, outside
from priem.hub.records.sides import source_of
from priem.hub.setup.work import BEAT, DEAD_AFTER, Do, Report, begin_beside
from priem.hub.store import UNDER_WAY
from priem.hub.surroundings import patient_links_of, visit_links_of
from priem.hub.waking import wake
from priem.model import PatientKey, VisitKey
from priem.passes import one_pass
from priem.ports import Source
from priem.texts import text

AnyKey = PatientKey | VisitKey
AT_ONCE = 8
"""Works of this kind in one clinic: the server has other things to do."""
HEAD_START = 3.0
"""Seconds for whoever follows the clinic."""
FOLLOWED_WITHIN = timedelta(seconds=25)
BETWEEN_LOOKS = 0.2
PATIENCE = 300.0
KEPT = timedelta(days=1)
NOT_LIVE = AskOperator(
    text("The clinic was never brought over to its end: nothing is written for one record before."),
    text("Start it in the clinic's set-up, or go on with the first sync there."),
)
MANY = TryLater(text("Many records are being synced just now. Try again in a few seconds."))
LONG = TryLater(text("Another pass over this clinic takes long. The record has its turn right after it, by itself."))


def begin(clinic: Clinic, key: AnyKey) -> Work:
    """The record is recalled already. Raises AskOperator or TryLater, which whoever has asked reads."""
    cursors = Connection.objects.of(clinic.pk).filter(key=key.connection).values_list("cursor", flat=True)
    if not (clinic.live and cursors.first()):
        raise NOT_LIVE
    works = Work.objects.of(clinic.pk).filter(kind=WorkKind.RECORD)
    works.filter(started_at__lt=timezone.now() - KEPT).delete()
    if works.filter(state=WorkState.RUNNING, beat_at__gt=timezone.now() - DEAD_AFTER).count() >= AT_ONCE:
        raise MANY
    return begin_beside(clinic, WorkKind.RECORD, bring_over(clinic, key), {"about": about(key)})


def about(key: AnyKey) -> str:
    return f"{kind_of(key).value} {key}"


def work_of(clinic: Clinic, key: AnyKey, written: str) -> Work | None:
    """The work with this number, if it is this record's."""
    if not (written.isascii() and written.isdigit() and len(written) < 19):
        return None
    row = Work.objects.of(clinic.pk).filter(kind=WorkKind.RECORD, pk=int(written)).first()
    return row if row and row.progress.get("about") == about(key) else None


def steps_since(work: Work, key: AnyKey) -> list[StepRecord]:
    """What became of the record, the latest first."""
    entity = "contact" if isinstance(key, PatientKey) else "lead"
    rows = StepRecord.objects.of(work.clinic_id).filter(record=key.id, connection=key.connection, entity=entity)
    return list(rows.filter(intended_at__gte=work.started_at).order_by("-id")[:10])


def bring_over(clinic: Clinic, key: AnyKey) -> Do:
    def do(report: Report) -> Mapping[str, Any]:
        report.facts["about"] = about(key)
        look_at_card(clinic, key)
        wake(clinic.pk)
        began = time.monotonic()
        own_turn = began + (HEAD_START if is_followed(clinic.pk) else 0)
        while is_waiting(clinic.pk, key):
            if time.monotonic() >= own_turn:
                a_pass(clinic, key, report)
            if time.monotonic() > began + PATIENCE:
                raise LONG
            report.note()
            report.stop.wait(BETWEEN_LOOKS)
        return {}

    return do


def look_at_card(clinic: Clinic, key: AnyKey) -> None:
    """A person wants the card to be right now: what others did to it meanwhile may not be known yet."""
    with outside().opened(clinic.slug) as opened:
        crm, bound, store = opened.clinic.crm, opened.clinic.bound, opened.clinic.store
        if isinstance(key, PatientKey):
            if contact := patient_links_of(clinic.pk, [key]).get(key):
                store.mirror(crm.some_contacts([contact.contact], bound.contact_field_ids))
        elif lead := visit_links_of(clinic.pk, [key]).get(key):
            store.mirror(leads=crm.some_leads([lead.lead], bound.lead_field_ids))
        store.recall([key])


def is_followed(clinic_id: int) -> bool:
    return Pulse.objects.of(clinic_id).filter(beat_at__gt=timezone.now() - FOLLOWED_WITHIN).exists()


def is_waiting(clinic_id: int, key: AnyKey) -> bool:
    rows = RecalledRecord.objects.of(clinic_id).filter(connection=key.connection, kind=kind_of(key), record=key.id)
    return rows.filter(waits_for="").exists()


def a_pass(clinic: Clinic, key: AnyKey, report: Report) -> None:
    """Over the record's connection. Waits its turn behind another pass, in which the record may have had its own."""
    with outside().opened(clinic.slug) as opened:
        while is_waiting(clinic.pk, key):
            try:
                for _progress in one_pass(tuple(sources(opened, key)), opened.clinic, is_regular=False):
                    report.note()
            except TryLater as error:
                if error.what != UNDER_WAY:
                    raise
                report.stop.wait(BEAT / 4)
            report.note()


def sources(opened: OpenedClinic, key: AnyKey) -> Iterator[Source]:
    yield source_of(opened, key)
