"""`priem explain`: why a record is as it is, in words."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Annotated, Literal

import typer
from django.utils import timezone, translation

from priem import bootstrap
from priem.cli.cards import card
from priem.cli.terminal import both_languages, out, print_json
from priem.engine.reasons import say as because
from priem.engine.rehearsal import rehearse_some
from priem.errors import AskOperator
from priem.hub import words
from priem.hub.explaining import Explanation, Happening
from priem.model import Action, PatientKey, State, Step, Told, VisitKey
from priem.texts import Text, reader_language, text

KINDS = Literal["contact", "lead", "patient", "visit"]
CRM_KINDS = {"patient": "contact", "visit": "lead", "contact": "contact", "lead": "lead"}


def register(app: typer.Typer) -> None:
    app.command(name="explain", help="Объяснить, что решено о записи и почему. (Say what was decided, and why.)")(
        explain_record
    )


def explain_record(
    kind: Annotated[KINDS, typer.Argument(help="contact | lead | patient | visit")],
    id_: Annotated[str, typer.Argument(metavar="ID", help="Номер в amoCRM или в МИС. (The id, there or here.)")],
    *,
    clinic: Annotated[str, typer.Option(help="Клиника, если их несколько. (Which clinic, if several.)")] = "",
    json: Annotated[bool, typer.Option("--json", help="Одной строкой JSON. (As one line of JSON.)")] = False,
) -> None:
    slug = bootstrap.only_clinic(clinic)
    found = bootstrap.explain(slug, kind, id_)
    would_be = () if found.is_known else decided_now(slug, kind, id_)
    if not (found.is_known or would_be):
        raise AskOperator(
            text("Priem knows nothing of {kind} {id}.", kind=kind, id=id_), text("Check the number, and the clinic.")
        )
    with translation.override(reader_language()):
        if json:
            print_json(as_json(slug, found) | {"would_be": [step_json(step) for step in would_be]})
        else:
            for line in chain(lines(slug, found), foretold(found, would_be)):
                out.print(line, markup=False, soft_wrap=True)


def decided_now(slug: str, kind: str, written: str) -> Sequence[Step]:
    """What a sync would decide of a record of which nothing is written down: nothing was done, and it says why."""
    if kind not in ("patient", "visit"):
        return ()
    connection, colon, rest = written.partition(":")
    id_ = rest if colon else written
    with bootstrap.opened(slug) as opened:
        asked = [source for source in opened.sources if not colon or source.connection == connection]
        ids = {"patients": [id_]} if kind == "patient" else {"visits": [id_]}
        steps = [step for source in asked for step in rehearse_some(source, opened.clinic, **ids)]
    wanted = PatientKey if kind == "patient" else VisitKey
    return [step for step in steps if isinstance(step.key, wanted) and step.key.id == id_]


def foretold(found: Explanation, steps: Sequence[Step]) -> Iterator[str]:
    if steps:
        yield f"  {read(NOTHING_DONE)}"
    for step in steps:
        yield f"  {read(ACTIONS[step.action, CRM_KINDS[found.kind]])} ({step.key})"
        yield f"    {read(WHY)} {read(because(step.why.rule))}"
        if step.why.stage_rule:
            yield f"    {read(STAGE)} {read(because(step.why.stage_rule))}"


def step_json(step: Step) -> dict[str, object]:
    rule = {"word": step.why.rule, **both_languages(because(step.why.rule))}
    return {"record": str(step.key), "action": step.action.value, "rule": rule, "stage_rule": step.why.stage_rule}


def lines(slug: str, found: Explanation) -> Iterator[str]:
    yield read(Text(TITLES[found.kind].template, {"id": found.id}))
    yield from standing(slug, found)
    if found.happenings:
        yield read(text("What happened, the latest first:"))
    for happening in found.happenings:
        yield from told(found, happening)


TITLES = {
    "patient": text("Patient {id}"),
    "visit": text("Visit {id}"),
    "contact": text("Contact {id}"),
    "lead": text("Lead {id}"),
}
"""By kind; the place is filled by the record's id."""


def standing(slug: str, found: Explanation) -> Iterator[str]:
    """How it is now."""
    crm = CRM_KINDS[found.kind]
    for link in found.links:
        kind = text("Linked: {key} and contact {target}, {at}.") if crm == "contact" else LEAD_LINK
        said = Text(kind.template, {"key": link.key, "target": str(link.target), "at": moment(link.made_at)})
        yield f"  {read(said)} {read(because(link.rule)) if link.rule else ''}"
        yield f"    {card(slug, crm, link.target)}"
        if link.moved_to:
            moved = text("The visit was moved: its lead belongs to visit {key} now.", key=link.moved_to)
            yield f"  {read(moved)}"
    if found.question:
        asked = text("A person is asked which contact patient {id} is.", id=found.question.key)
        yield f"  {read(asked)}"
        for one in found.question.candidates:
            yield f"    {one.id}: {read(because(one.because))}"
    if found.told:
        yield f"  {read(because('apart' if found.told is Told.APART else 'person_said_new'))}"
    for key in found.recalled:
        waits = text("It waits until patient {key} has a contact.", key=key)
        yield f"  {read(waits if key else NEXT_PASS)}"
    for row in found.rejected:
        yield f"  {read(NOT_TAKEN)} {read(row.reason) if row.reason else '—'}"


NOTHING_DONE = text("Nothing was done for it so far. What a sync would decide now:")
NEXT_PASS = text("The next pass reads it and decides anew.")
NOT_TAKEN = text("It could not be taken:")
WHY, STAGE, WRITTEN = text("Why:"), text("The stage:"), text("Written:")
LEAD_LINK = text("Linked: {key} and lead {target}, {at}.")


def told(found: Explanation, happening: Happening) -> Iterator[str]:
    step = happening.step
    crm = CRM_KINDS[found.kind]
    what = f"{read(ACTIONS[step.action, crm])} {step.target or ''}".strip()
    yield f"  {moment(step.intended_at)}  {what} ({step.key}): {read(STATES[step.state])}"
    yield f"    {read(WHY)} {read(because(step.why.rule))}"
    for one in step.why.candidates:
        yield f"      {one.id}: {read(because(one.because))}"
    if step.why.stage_rule:
        yield f"    {read(STAGE)} {read(because(step.why.stage_rule))}"
        yield from (f"      {rule}" for rule in happening.stage_rules)
    if step.changes:
        yield f"    {read(WRITTEN)} {', '.join(words.changed(name, found.fields) for name in step.changes)}"
    if step.reason:
        yield f"    {read(step.reason)}"
    if happening.request:
        request = happening.request
        answer = request.status or "—"
        yield f"    {request.what} → {answer}, {request.milliseconds} ms, X-Request-Id {request.request_id}"
    elif step.request_id:
        yield f"    X-Request-Id {step.request_id}"


ACTIONS = {
    (Action.CREATE, "contact"): text("contact made"),
    (Action.ADOPT, "contact"): text("contact found"),
    (Action.UPDATE, "contact"): text("contact changed"),
    (Action.LEAVE, "contact"): text("contact left as it is"),
    (Action.ASK, "contact"): text("a person asked"),
    (Action.CREATE, "lead"): text("lead made"),
    (Action.ADOPT, "lead"): text("lead found"),
    (Action.UPDATE, "lead"): text("lead changed"),
    (Action.LEAVE, "lead"): text("lead left as it is"),
    (Action.ASK, "lead"): text("a person asked"),
}
STATES = {
    State.INTENDED: text("under way"),
    State.DONE: text("done"),
    State.REFUSED: text("refused"),
    State.UNKNOWN: text("outcome unknown"),
    State.POSTPONED: text("postponed"),
}


def read(sentence: Text) -> str:
    return sentence.read(reader_language())


def moment(at: datetime) -> str:
    return f"{timezone.localtime(at):%d.%m.%Y %H:%M:%S}"


def as_json(slug: str, found: Explanation) -> dict[str, object]:
    crm = CRM_KINDS[found.kind]
    return {
        "kind": found.kind,
        "id": found.id,
        "links": [
            {
                "record": link.key,
                "target": link.target,
                "url": card(slug, crm, link.target),
                "rule": link.rule,
                "by_person": link.by_person,
                "made_at": link.made_at.isoformat(),
                "moved_to": link.moved_to,
            }
            for link in found.links
        ],
        "asked": str(found.question.key) if found.question else None,
        "told": found.told.value if found.told else None,
        "waits_for": list(found.recalled),
        "rejected": [both_languages(row.reason) if row.reason else None for row in found.rejected],
        "history": [happening_json(one) for one in found.happenings],
    }


def happening_json(happening: Happening) -> dict[str, object]:
    step, request = happening.step, happening.request
    return {
        "at": step.intended_at.isoformat(),
        "action": step.action.value,
        "record": step.key,
        "target": step.target,
        "state": step.state.value,
        "rule": {"word": step.why.rule, **both_languages(because(step.why.rule))},
        "candidates": [
            {"id": one.id, "word": one.because, **both_languages(because(one.because))} for one in step.why.candidates
        ],
        "stage_rule": {"word": step.why.stage_rule, "settings": list(happening.stage_rules)}
        if step.why.stage_rule
        else None,
        "changes": list(step.changes),
        "reason": both_languages(step.reason) if step.reason else None,
        "request_id": step.request_id,
        "request": {"what": request.what, "status": request.status, "milliseconds": request.milliseconds}
        if request
        else None,
    }
