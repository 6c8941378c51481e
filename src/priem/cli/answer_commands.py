"""What needs a person: questions, links by hand, and what amoCRM refused."""

from collections.abc import Collection, Iterable, Sequence
from typing import Annotated, Literal

import typer

from priem import bootstrap
from priem.cli.cards import card
from priem.cli.terminal import both_languages, out, print_json, say
from priem.engine.reasons import say as because
from priem.errors import AskOperator
from priem.hub.clinics import load_clinic
from priem.hub.explaining import reason_for
from priem.hub.models import Clinic
from priem.hub.records import deeds
from priem.model import PatientKey, Told, VisitKey
from priem.ports import Question
from priem.texts import Text, reader_language, text

AnyKey = PatientKey | VisitKey
ClinicOption = Annotated[str, typer.Option(help="Клиника, если их несколько. (Which clinic, if several.)")]
Json = Annotated[bool, typer.Option("--json")]
MOST_SHOWN = 50


def register(app: typer.Typer) -> None:
    app.command(help="Показать вопросы, на которые отвечает человек. (Show the questions that a person answers.)")(
        questions
    )
    app.command(help="Ответить на вопрос: номер контакта или new. (Answer a question: a contact's number, or new.)")(
        answer
    )
    app.command(help="Связать вручную пациента с контактом или запись со сделкой. (Link a record by hand.)")(link)
    app.command(help="Разорвать связь; Priem запись больше не тронет. (Undo a link; the record is left alone.)")(unlink)
    app.command(help="Решить заново то, что amoCRM не приняла. (Decide again on what amoCRM refused.)")(retry)


def questions(*, clinic: ClinicOption = "", json: Json = False) -> None:
    slug = bootstrap.only_clinic(clinic)
    asked = bootstrap.store_of(slug).questions()
    if json:
        print_json({"questions": [question_json(slug, question) for question in asked]})
        return
    for question in asked:
        show_question(slug, question)
    say(text("Answer: priem answer PATIENT CONTACT, or priem answer PATIENT new.") if asked else text("No questions."))


def question_json(slug: str, question: Question) -> dict[str, object]:
    return {
        "patient": str(question.key),
        "asked_at": question.asked_at.isoformat(),
        "visits": question.visits,
        "candidates": [
            {"contact": one.id, "url": card(slug, "contact", one.id), "because": both_languages(because(one.because))}
            for one in question.candidates
        ],
    }


def show_question(slug: str, question: Question) -> None:
    say(
        text("Patient {id}: which contact is it? Visits that wait: {count}.", id=question.key, count=question.visits),
        "bold",
    )
    for one in question.candidates:
        reason = because(one.because).read(reader_language())
        out.print(f"  {one.id}  {reason}  {card(slug, 'contact', one.id)}", markup=False)


def answer(
    patient: Annotated[str, typer.Argument(help="Пациент, как в priem questions. (As priem questions shows him.)")],
    choice: Annotated[
        str, typer.Argument(metavar="CONTACT|new", help="Номер контакта или new. (A contact's number, or new.)")
    ],
    *,
    clinic: ClinicOption = "",
) -> None:
    slug = bootstrap.only_clinic(clinic)
    store, key = bootstrap.store_of(slug), bootstrap.key_of(slug, PatientKey, patient)
    question = next((one for one in store.questions() if one.key == key), None)
    if question is None:
        raise AskOperator(text("Nothing is asked about patient {id}.", id=key), text("What is asked: priem questions."))
    if choice != "new" and choice not in {str(one.id) for one in question.candidates}:
        raise AskOperator(
            text("Contact {id} is none of those that are asked about.", id=choice),
            text("One of them, or new. Any other contact: priem link patient."),
        )
    deeds.answered(Clinic.objects.get(slug=slug), key, choice)
    say(text("Remembered. The next pass writes it, with the visits that waited."), "green")


def link(
    kind: Annotated[Literal["patient", "visit"], typer.Argument(help="patient | visit")],
    record: Annotated[str, typer.Argument(help="Номер в МИС. (The id in the clinic's system.)")],
    target: Annotated[int, typer.Argument(help="Номер контакта или сделки. (The contact's or lead's number.)")],
    *,
    clinic: ClinicOption = "",
) -> None:
    slug = bootstrap.only_clinic(clinic)
    key = record_of(slug, kind, record)
    deeds.link(Clinic.objects.get(slug=slug), key, target)
    say(text("Linked by hand: {id} and {target}. Only a person changes that.", id=key, target=target), "green")


def unlink(
    kind: Annotated[Literal["patient", "visit"], typer.Argument(help="patient | visit")],
    record: Annotated[str, typer.Argument(help="Номер в МИС. (The id in the clinic's system.)")],
    *,
    new: Annotated[
        bool, typer.Option("--new", help="Завести своё: это не то, что было. (Make its own: it is another one.)")
    ] = False,
    clinic: ClinicOption = "",
) -> None:
    slug = bootstrap.only_clinic(clinic)
    key = record_of(slug, kind, record)
    deeds.unlink(Clinic.objects.get(slug=slug), key, Told.NEW if new else Told.APART)
    if new:
        say(text("{id} is linked to nothing. The next pass makes what is its own.", id=key), "green")
        return
    say(text("{id} is linked to nothing and is left alone. To link it again: priem link.", id=key), "green")


def record_of(slug: str, kind: str, written: str) -> AnyKey:
    return (
        bootstrap.key_of(slug, PatientKey, written) if kind == "patient" else bootstrap.key_of(slug, VisitKey, written)
    )


def retry(
    ids: Annotated[list[str] | None, typer.Argument(help="Номера в МИС. (Ids in the clinic's system.)")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Все. (All of them.)")] = False,
    clinic: ClinicOption = "",
    json: Json = False,
) -> None:
    slug = bootstrap.only_clinic(clinic)
    store = bootstrap.store_of(slug)
    refused = sorted(store.refused(), key=str)
    chosen = refused if everything else named(refused, ids or ())
    deeds.retry(Clinic.objects.get(slug=slug), chosen)
    if json:
        print_json({"refused": list(map(str, refused)), "retried": list(map(str, chosen))})
    elif chosen:
        say(text("Records that the next pass decides on anew: {count}.", count=len(chosen)), "green")
    else:
        show_refused(slug, refused)


def named(refused: Collection[AnyKey], ids: Sequence[str]) -> list[AnyKey]:
    """Raises AskOperator for what is not among them."""
    unknown = [id_ for id_ in ids if not any(id_ in (key.id, str(key)) for key in refused)]
    if unknown:
        raise AskOperator(
            text("Nothing was refused or put off of: {list}.", list=", ".join(unknown)),
            text("What was: priem retry. To look at any record: priem explain."),
        )
    return [key for key in refused if key.id in ids or str(key) in ids]


def show_refused(slug: str, refused: Iterable[AnyKey]) -> None:
    known, clinic_id = list(refused), load_clinic(slug).id
    for key in known[:MOST_SHOWN]:
        reason = reason_for(clinic_id, key)
        line = REFUSED[isinstance(key, PatientKey)]
        said = Text(line.template, {"id": str(key), "why": reason or "—"})
        out.print(said.read(reader_language()), markup=False)
    if len(known) > MOST_SHOWN:
        say(text("… and {count} more.", count=len(known) - MOST_SHOWN))
    say(text("To decide on them again: priem retry --all.") if known else text("Nothing is refused or put off."))


REFUSED = {True: text("Patient {id}: {why}"), False: text("Visit {id}: {why}")}
