"""`priem reconcile`: compare every link with both sides, and repair what has drifted apart."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import typer

from priem import bootstrap
from priem.cli.terminal import bars, out, print_json, say
from priem.engine.reconcile import Compared, Drift, Drifted, reconcile
from priem.hub import words
from priem.model import PatientKey, State
from priem.texts import Text, reader_language, text

MOST_SHOWN = 50


def register(app: typer.Typer) -> None:
    app.command(name="reconcile", help="Сверить все связи с обеими сторонами. (Compare all links with both sides.)")(
        compare_links
    )


def compare_links(
    *,
    repair: Annotated[bool, typer.Option("--repair", help="Исправить расхождения. (Repair what differs.)")] = False,
    clinic: Annotated[str, typer.Option(help="Клиника, если их несколько. (Which clinic, if several.)")] = "",
    json: Annotated[bool, typer.Option("--json", help="Итог одной строкой JSON. (The result as JSON.)")] = False,
) -> None:
    slug = bootstrap.only_clinic(clinic)
    if repair:
        bootstrap.require_seen(slug, sure=False)
    with bootstrap.opened(slug) as opened, bootstrap.between_passes(opened.clinic.store), bars(hidden=json) as shown:
        task = shown.add_task(COMPARING.read(reader_language()), total=None, rate="")
        pieces: list[Compared] = []
        for piece in reconcile(opened.sources, opened.clinic, repair=repair):
            pieces.append(piece)
            shown.advance(task, piece.mirrored + piece.patients + piece.visits)
    drifted = [one for piece in pieces for one in piece.drifted]
    if json:
        print_json(as_json(pieces, drifted))
    else:
        show(pieces, drifted, repaired=repair)


COMPARING = text("links compared")


def as_json(pieces: Sequence[Compared], drifted: Sequence[Drifted]) -> dict[str, object]:
    kinds = Counter(kind.value for one in drifted for kind in one.kinds)
    return {
        "compared": {
            "patients": sum(piece.patients for piece in pieces),
            "visits": sum(piece.visits for piece in pieces),
        },
        "drift": {kind.value: kinds[kind.value] for kind in Drift},
        "repaired": sum(one.repaired for one in drifted),
        "refused": sum(outcome.state is State.REFUSED for piece in pieces for _, outcome in piece.carried),
        "records": [
            {
                "record": str(one.key),
                "kind": "patient" if isinstance(one.key, PatientKey) else "visit",
                "target": one.target,
                "drift": [kind.value for kind in one.kinds],
                "what": list(one.what),
                "repaired": one.repaired,
            }
            for one in drifted
        ],
    }


def show(pieces: Sequence[Compared], drifted: Sequence[Drifted], *, repaired: bool) -> None:
    compared = sum(piece.patients for piece in pieces)
    say(
        text(
            "Compared: {count} of contacts, {visits} of leads; drifted apart: {drifted}.",
            count=compared,
            visits=sum(piece.visits for piece in pieces),
            drifted=len(drifted),
        ),
        "bold",
    )
    for one in drifted[:MOST_SHOWN]:
        out.print(f"  {line(one)}", markup=False)
    if len(drifted) > MOST_SHOWN:
        say(text("… and {count} more.", count=len(drifted) - MOST_SHOWN))
    if drifted and not repaired:
        say(text("Nothing was written. To repair it: priem reconcile --repair."), "dim")


def line(one: Drifted) -> str:
    title = RECORD[isinstance(one.key, PatientKey)]
    record = Text(title.template, {"id": str(one.key), "target": str(one.target or "—")}).read(reader_language())
    kinds = ", ".join(DRIFTS[kind].read(reader_language()) for kind in one.kinds)
    what = f" ({', '.join(map(words.changed, one.what))})" if one.what else ""
    return f"{record}: {kinds}{what}{REPAIRED.read(reader_language()) if one.repaired else ''}"


RECORD = {True: text("patient {id}, contact {target}"), False: text("visit {id}, lead {target}")}
REPAIRED = text(" — repaired")
DRIFTS = {
    Drift.MISSING: text("it is not in amoCRM any more"),
    Drift.STAGE: text("the stage is not the one of the rules"),
    Drift.FIELDS: text("what it says differs"),
    Drift.KEY_LOST: text("the key is lost"),
    Drift.KEY_DOUBLED: text("others carry the key, too"),
    Drift.RECORD_GONE: text("the clinic does not have the record any more"),
    Drift.UNREADABLE: text("the clinic's row cannot be taken"),
}
