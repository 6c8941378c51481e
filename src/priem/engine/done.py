"""What follows once a desk has done something: link, task, note, and the lead read anew by the next pass."""

from dataclasses import dataclass

from priem.engine.names import filled
from priem.engine.reception import Answer, Reception
from priem.errors import PriemError
from priem.intents import Deed, Finished, Intent, Phase
from priem.model import Visit, VisitKey, VisitStatus


@dataclass(frozen=True, slots=True)
class Sent:
    """The visit as the МИС names it now."""

    visit: VisitKey


def when_done(intent: Intent, sent: Sent, reception: Reception) -> Answer:
    """Linked first: the visit may be read by the pass at any moment."""
    wanted, store = intent.wanted, reception.store
    visit = visit_for_words(intent, sent.visit, reception) if wanted.deed is Deed.BOOK else None
    name = patient_name(intent, reception) if visit else ""
    template = reception.bound.settings.booking.note
    note = filled(template, visit, name) if visit and template and wanted.lead else ""
    after = store.finish(intent.id, Finished(phase=Phase.DONE, visit=sent.visit, note=note))
    task = reception.bound.settings.leads.task
    if visit and task:
        store.wish_tasks({sent.visit: filled(task.text, visit, name)})
    store.recall({sent.visit, *([wanted.visit] if wanted.visit else [])})
    return reception.answer(after)


def visit_for_words(intent: Intent, key: VisitKey, reception: Reception) -> Visit | None:
    """As the МИС has it; as it was asked for, when that cannot be read now."""
    wanted = intent.wanted
    try:
        if there := reception.desks[wanted.connection].visit(key.id):
            return there
        doctors = {one.id: one.name for one in reception.desks[wanted.connection].doctors()}
    except PriemError:
        doctors = {}
    if wanted.time is None or wanted.patient is None:
        return None
    return Visit(
        key=key,
        patient=wanted.patient,
        status=VisitStatus.BOOKED,
        raw_status="",
        starts_at=wanted.time.starts_at,
        ends_at=wanted.time.ends_at,
        doctor=wanted.time.doctor,
        doctor_name=doctors.get(wanted.time.doctor, ""),
        room=wanted.time.room,
    )


def patient_name(intent: Intent, reception: Reception) -> str:
    wanted = intent.wanted
    if wanted.new_patient:
        return wanted.new_patient.name
    try:
        patient = reception.desks[wanted.connection].patient(wanted.patient.id) if wanted.patient else None
    except PriemError:
        return ""
    return patient.name if patient else ""
