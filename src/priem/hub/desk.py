"""What people are asked and what they said, and which records the next pass reads anew."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from priem.engine.linking import bound_link, claims
from priem.engine.marks import forgotten
from priem.engine.reasons import Reason
from priem.hub.bulk import put
from priem.hub.linking import VISIT_COLUMNS, visit_row
from priem.hub.models import PatientLink, Question, RecalledRecord, RejectedRow, Saying, StepRecord, VisitLink
from priem.hub.models.desk import Kind
from priem.hub.pieces import pieces
from priem.hub.presence import has_any
from priem.hub.quick import among, rows_of
from priem.hub.rows import key_of
from priem.hub.surroundings import by_key, lead_owners, visit_links_of
from priem.model import Candidate, PatientKey, State, Told, VisitKey
from priem.ports import K, Recall
from priem.ports import Question as Asked

AnyKey = PatientKey | VisitKey
NOT_DONE = (State.REFUSED.value, State.POSTPONED.value)
A_PAGE = 500
RECORD = ("clinic", "connection", "kind", "record")


def kind_of(key: AnyKey) -> Kind:
    return Kind.PATIENT if isinstance(key, PatientKey) else Kind.VISIT


def named(kind: str, connection: str, record: str) -> AnyKey:
    return PatientKey(connection, record) if kind == Kind.PATIENT else VisitKey(connection, record)


def ask(clinic_id: int, questions: Mapping[PatientKey, Sequence[Candidate]], now: datetime) -> None:
    known = by_key(Question, clinic_id, "patient", questions, "connection", "patient", "asked_at")
    asked_at = {PatientKey(connection, patient): at for connection, patient, at in known}
    rows = (
        (clinic_id, key.connection, key.id, [[one.id, one.because] for one in candidates], asked_at.get(key, now))
        for key, candidates in questions.items()
    )
    columns = ("clinic", "connection", "patient", "candidates", "asked_at")
    put(Question, columns, rows, key=("clinic", "connection", "patient"))


def questions(clinic_id: int, patient: str = "") -> tuple[Asked, ...]:
    """All of them, or those about the patients with this id."""
    waiting, rows = RecalledRecord.objects.of(clinic_id).filter(waits_for__gt=""), Question.objects.of(clinic_id)
    if patient:
        rows = rows.filter(patient=patient)
        waiting = waiting.filter(waits_for__in=[str(row) for row in rows])
    visits = Counter(waiting.values_list("waits_for", flat=True))
    return tuple(
        Asked(
            key=PatientKey(row.connection, row.patient),
            candidates=tuple(Candidate(*candidate) for candidate in row.candidates),
            asked_at=row.asked_at,
            visits=visits[str(row)],
        )
        for row in rows.order_by("asked_at", "id")
    )


def bind(clinic_id: int, key: AnyKey, target: int, now: datetime) -> None:
    if isinstance(key, PatientKey):
        columns = ("clinic", "connection", "patient", "contact", "fingerprint", "rule", "made_at", "by_person")
        row = (clinic_id, key.connection, key.id, target, "", Reason.PERSON.value, now, True)
        put(PatientLink, columns, [row], key=("clinic", "connection", "patient"))
    else:
        link = bound_link(visit_links_of(clinic_id, [key]).get(key), target)
        claims({key: link}, lead_owners(clinic_id, [target]))
        put(VisitLink, VISIT_COLUMNS, [visit_row(clinic_id, key, link, (Reason.PERSON.value, now))], key=VISIT)
    say(clinic_id, key, None, now)


VISIT = ("clinic", "connection", "visit")


def tell(clinic_id: int, key: AnyKey, told: Told, now: datetime) -> None:
    if isinstance(key, PatientKey):
        PatientLink.objects.of(clinic_id).filter(connection=key.connection, patient=key.id).delete()
    else:
        VisitLink.objects.of(clinic_id).filter(connection=key.connection, visit=key.id).delete()
    say(clinic_id, key, told, now)


def say(clinic_id: int, key: AnyKey, told: Told | None, now: datetime) -> None:
    if told:
        row = (clinic_id, key.connection, kind_of(key).value, key.id, told.value, now)
        put(Saying, (*RECORD, "told", "said_at"), [row], key=RECORD)
    else:
        Saying.objects.of(clinic_id).filter(connection=key.connection, kind=kind_of(key), record=key.id).delete()
    recall(clinic_id, [key])
    if isinstance(key, PatientKey):
        answered(clinic_id, [key])


def answered(clinic_id: int, patients: Collection[PatientKey]) -> None:
    """They have contacts, or somebody has spoken: no question is left, and visits that waited for them are due."""
    if has_any(Question, clinic_id):
        asked = Question.objects.of(clinic_id)
        for connection in {key.connection for key in patients}:
            for piece in pieces(key.id for key in patients if key.connection == connection):
                asked.filter(connection=connection, patient__in=piece).delete()
    if patients and has_any(RecalledRecord, clinic_id):
        due = among(RecalledRecord, clinic_id, "waits_for", [str(key) for key in patients], "connection", "record")
        recall(clinic_id, [VisitKey(connection, record) for connection, record in due])


def hold(clinic_id: int, visits: Mapping[VisitKey, PatientKey]) -> None:
    rows = ((clinic_id, key.connection, Kind.VISIT.value, key.id, str(patient)) for key, patient in visits.items())
    put(RecalledRecord, (*RECORD, "waits_for"), rows, key=RECORD)


def recall(clinic_id: int, keys: Iterable[AnyKey]) -> None:
    """Written anew rather than over: a pass that has read them already ends the recall that it knows, by its id."""
    named_once = set(keys)
    for kind in Kind:
        for connection in {key.connection for key in named_once}:
            ids = [key.id for key in named_once if key.connection == connection and kind_of(key) == kind]
            for piece in pieces(ids):
                rows = RecalledRecord.objects.of(clinic_id).filter(connection=connection, kind=kind)
                rows.filter(record__in=piece).delete()
                forget_decisions(clinic_id, kind, connection, piece)
    anew = ((clinic_id, key.connection, kind_of(key).value, key.id, "") for key in sorted(named_once, key=str))
    put(RecalledRecord, (*RECORD, "waits_for"), anew)


def forget_decisions(clinic_id: int, kind: Kind, connection: str, ids: Sequence[str]) -> None:
    if kind is Kind.PATIENT:
        of_patients = PatientLink.objects.of(clinic_id).filter(connection=connection, patient__in=ids)
        of_patients.update(fingerprint="")
        return
    of_visits = VisitLink.objects.of(clinic_id).filter(connection=connection, visit__in=ids)
    for pk, fingerprint in list(of_visits.values_list("pk", "fingerprint")):
        VisitLink.objects.of(clinic_id).filter(pk=pk).update(fingerprint=forgotten(fingerprint))


def recalled(clinic_id: int, connection: str) -> tuple[Recall, ...]:
    if not has_any(RecalledRecord, clinic_id):
        return ()
    rows = rows_of(RecalledRecord, clinic_id, "id", "kind", "record", order="id", waits_for="", connection=connection)
    return tuple(Recall(id_, named(kind, connection, record)) for id_, kind, record in rows)


def recall_is_over(clinic_id: int, ids: Collection[int]) -> None:
    for piece in pieces(ids):
        RecalledRecord.objects.of(clinic_id).filter(id__in=piece, waits_for="").delete()


def refused(clinic_id: int) -> set[AnyKey]:
    rows = StepRecord.objects.of(clinic_id)
    columns = ("entity", "connection", "record", "id")
    failed = {key_of(*row[:3]): row[3] for row in rows.filter(state__in=NOT_DONE).order_by("id").values_list(*columns)}
    last: Counter[AnyKey] = Counter()
    for *key, id_ in among(StepRecord, clinic_id, "record", {key.id for key in failed}, *columns):
        last[key_of(*key)] = max(last[key_of(*key)], id_)
    rejected = RejectedRow.objects.of(clinic_id).values_list("kind", "connection", "record")
    return {key for key, id_ in failed.items() if last[key] == id_} | {named(*row) for row in rejected}


def linked(clinic_id: int, connection: str, kind: type[K], after: str) -> tuple[tuple[K, int], ...]:
    if issubclass(kind, PatientKey):
        patients = PatientLink.objects.of(clinic_id).filter(connection=connection, patient__gt=after)
        found = list(patients.order_by("patient").values_list("patient", "contact")[:A_PAGE])
    else:
        visits = VisitLink.objects.of(clinic_id).filter(connection=connection, visit__gt=after, moved_to__isnull=True)
        found = list(visits.order_by("visit").values_list("visit", "lead")[:A_PAGE])
    return tuple((kind(connection, id_), target) for id_, target in found)


def told_of(clinic_id: int, keys: Iterable[AnyKey]) -> dict[AnyKey, Told]:
    found: dict[AnyKey, Told] = {}
    every = list(keys)
    if not (every and has_any(Saying, clinic_id)):
        return found
    columns = ("connection", "record", "told")
    for kind in Kind:
        mine = [key for key in every if kind_of(key) == kind]
        for connection, record, told in by_key(Saying, clinic_id, "record", mine, *columns, kind=kind.value):
            found[named(kind, connection, record)] = Told(told)
    return found


def asked_of(clinic_id: int, patients: Iterable[PatientKey]) -> frozenset[PatientKey]:
    any_asked = has_any(Question, clinic_id)
    rows = by_key(Question, clinic_id, "patient", patients, "connection", "patient") if any_asked else ()
    return frozenset(PatientKey(connection, patient) for connection, patient in rows)
