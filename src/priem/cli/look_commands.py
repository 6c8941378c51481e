"""`priem doctor` says what works and what to mend; `priem plan` says what a sync would do. Neither changes anything."""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from priem import bootstrap
from priem.cli.terminal import both_languages, out, print_json, say, show_finding
from priem.engine import reasons
from priem.engine.plan import counts_as
from priem.engine.rehearsal import pretended, rehearse, rehearse_linked
from priem.engine.uncovered import without_rule
from priem.hub.watch.checkup import check_hub
from priem.model import Action, Finding, PatientKey, Severity, Step
from priem.texts import Text, reader_language, text


def register(app: typer.Typer) -> None:
    app.command(help="Проверить подключения и сказать, что исправить. (Check everything and say what to mend.)")(doctor)
    app.command(help="Показать, что сделает синхронизация, ничего не меняя. (Show what a sync would do.)")(plan)


def doctor(
    *,
    clinic: Annotated[str, typer.Option(help="Клиника, если их несколько. (Which clinic, if several.)")] = "",
    hub: Annotated[bool, typer.Option("--hub", help="Сам узел, а не клинику. (The hub itself, not a clinic.)")] = False,
    json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    if hub:
        groups = [(name.read(reader_language()), list(found)) for name, found in check_hub()]
    else:
        groups = [(name, list(found)) for name, found in bootstrap.check(bootstrap.only_clinic(clinic))]
    worst = max((finding.severity for _, findings in groups for finding in findings), key=list(Severity).index)
    if json:
        print_json({"worst": worst.value, "parts": {name: list(map(finding_json, found)) for name, found in groups}})
    else:
        for name, findings in groups:
            out.print(f"[bold]{name}[/]")
            for finding in findings:
                show_finding(finding)
    raise typer.Exit(1 if worst is Severity.BROKEN else 0)


def finding_json(finding: Finding) -> dict[str, object]:
    advice = {"advice": both_languages(finding.advice)} if finding.advice else {}
    return {"severity": finding.severity.value, "what": both_languages(finding.what), **advice}


def plan(
    *,
    clinic: Annotated[str, typer.Option(help="Клиника, если их несколько. (Which clinic, if several.)")] = "",
    to: Annotated[Path | None, typer.Option("--csv", help="Записать каждый шаг в CSV. (Every step as CSV.)")] = None,
    json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    steps: list[Step] = []
    slug = bootstrap.only_clinic(clinic)
    with bootstrap.opened(slug) as opened:
        together = pretended(opened.clinic)
        for source in opened.sources:
            steps += rehearse(source, together)
            steps += rehearse_linked(source, together)
        unruled = without_rule(steps, opened.clinic.bound.settings)
        is_later = any(opened.clinic.store.cursor(source.connection) for source in opened.sources)
    bootstrap.note_seen(slug)
    if to:
        write_csv(steps, to)
    if json:
        counted = {"contacts": totals(steps, of_patients=True), "leads": totals(steps, of_patients=False)}
        print_json({**counted, "without_rule": unruled})
    else:
        show_plan(steps)
        if unruled:
            say(said_of(unruled), "dim")
        if is_later:
            say(AND_LINKED, "dim")


def said_of(unruled: Mapping[str, int]) -> Text:
    return text(
        "No rule of the stages fits these visits, so their leads stay where they are, and new ones begin in the first "
        "stage; the МИС's statuses and how many visits: {list}.",
        list=[f"{status}: {visits}" for status, visits in unruled.items()],
    )


AND_LINKED = text(
    "That is what has changed in the clinic, and what the settings as they are now mean for all linked records: these "
    "are written when they change, at the nightly comparison, or by priem reconcile --repair."
)


def totals(steps: Iterable[Step], *, of_patients: bool) -> dict[str, int]:
    mine = (step for step in steps if isinstance(step.key, PatientKey) is of_patients)
    return {action.value: 0 for action in Action} | Counter(counts_as(step).value for step in mine)


def show_plan(steps: list[Step]) -> None:
    for title, of_patients in ((text("Contacts"), True), (text("Leads"), False)):
        count = totals(steps, of_patients=of_patients)
        say(
            text(
                "{title}: {create} to make, {adopt} found and bound, {update} to change, {leave} left as they are, "
                "{ask} questions.",
                title=title.read(reader_language()),
                **count,
            )
        )
    say(text("Nothing was written. To do it: priem sync."), "dim")


HEADINGS = (
    text("Record"),
    text("ID in the MIS"),
    text("What is done"),
    text("ID in amoCRM"),
    text("Why"),
    text("Why this stage"),
    text("What was looked at"),
)
CODES = ("action", "rule", "stage_rule")
"""For programs, in Priem's own words; docs/reference/decisions.md"""
RECORDS = {True: text("patient"), False: text("visit")}
DONE = {
    Action.CREATE: text("create"),
    Action.ADOPT: text("adopt"),
    Action.UPDATE: text("change"),
    Action.LEAVE: text("leave as it is"),
    Action.ASK: text("ask a person"),
}


def write_csv(steps: Iterable[Step], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8-sig") as file:  # a byte order mark, or Excel spoils Cyrillic
        rows = csv.writer(file, delimiter=";")
        rows.writerow([*map(read, HEADINGS), *CODES])
        rows.writerows(map(row, steps))


def read(sentence: Text) -> str:
    return sentence.read(reader_language())


def row(step: Step) -> list[object]:
    """In a person's words first, then CODES."""
    action, why = counts_as(step), step.why
    target = step.target if step.target and step.target > 0 else ""
    candidates = "; ".join(f"{one.id}: {read(reasons.say(one.because))}" for one in why.candidates)
    stage = read(reasons.say(why.stage_rule)) if why.stage_rule else ""
    words = (read(RECORDS[isinstance(step.key, PatientKey)]), str(step.key), read(DONE[action]), target)
    return [*words, read(reasons.say(why.rule)), stage, candidates, action.value, why.rule, why.stage_rule]
