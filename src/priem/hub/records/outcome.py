"""A pass for one record as its page shows it: under way, or what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from priem.hub import words
from priem.hub.models import Clinic, StepRecord, Work, WorkState
from priem.hub.records import at_once
from priem.hub.sentences import readable
from priem.hub.setup.work import is_alive
from priem.model import Action, PatientKey, State, VisitKey
from priem.texts import text

INTERRUPTED = text("It was interrupted: Priem was restarted meanwhile. The record has its turn with the next pass.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    id: int
    is_running: bool = False
    what: str = ""
    """What came of it."""
    advice: str = ""
    is_bad: bool = False


def pass_of(clinic: Clinic, key: PatientKey | VisitKey, written: str) -> Pass | None:
    """The one with this number, if it is this record's."""
    work = at_once.work_of(clinic, key, written)
    if work is None:
        return None
    if is_alive(work):
        return Pass(id=work.pk, is_running=True)
    return failed(work) if work.state != WorkState.DONE else became(work.pk, at_once.steps_since(work, key))


def failed(work: Work) -> Pass:
    if work.state != WorkState.FAILED:
        return Pass(id=work.pk, what=readable(INTERRUPTED), is_bad=True)
    return Pass(id=work.pk, what=readable(work.what), advice=readable(work.advice), is_bad=True)


def became(id_: int, steps: Sequence[StepRecord]) -> Pass:
    """What the latest step says."""
    last = next(iter(steps), None)
    if last is None:
        return Pass(id=id_, what=gettext("It was read and decided anew: there was nothing to write."))
    if last.state == State.REFUSED:
        return Pass(id=id_, what=gettext("amoCRM has refused it."), advice=readable(last.reason), is_bad=True)
    if last.state != State.DONE:
        said = gettext("It is decided, but not written yet: Priem tries again by itself.")
        return Pass(id=id_, what=said, advice=readable(last.reason), is_bad=True)
    if last.action == Action.ASK:
        return Pass(id=id_, what=gettext("A person has to answer a question first."))
    if last.action == Action.LEAVE or not last.changes:
        said = gettext("It was read and decided anew: there was nothing to write.")
        return Pass(id=id_, what=said, advice=words.because(last.why.get("rule", "")))
    names = ", ".join(words.changed(name, of_lead=last.entity == "lead") for name in last.changes)
    return Pass(id=id_, what=gettext("It is in step now. Written: {names}.").format(names=names))
