"""ArchiMed+'s desk: who works when, who is known, and the few writes that its API takes. docs/reference/archimed.md

What a write answers is not believed alone: an installation may say Ok to a field that it does not take in. So what was
changed is read back, and what did not change is told as something that this ArchiMed+ cannot do.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from priem.asked import called
from priem.booking import (
    Ability,
    BranchInfo,
    DoctorInfo,
    Entry,
    NewPatient,
    Order,
    RefusalKind,
    Refused,
    ScheduleQuery,
    ServiceInfo,
    Shift,
    StatusInfo,
    Time,
    Unable,
    unable,
)
from priem.errors import AskOperator, OutcomeUnknown, TryLater
from priem.mis.archimed import failures
from priem.mis.archimed.api import Api, Params
from priem.mis.archimed.asking import ASKED
from priem.mis.archimed.config import Config
from priem.mis.archimed.dictionaries import Dictionaries, asking_for
from priem.mis.archimed.failures import NoMethod
from priem.mis.archimed.lists import WITH_DELETED, Span, Spanned, Talons, rows_of_all
from priem.mis.archimed.loose import Row, an_id, figure, money, named, words, written_day
from priem.mis.archimed.pace import Pace
from priem.mis.archimed.parsing import Parser
from priem.mis.archimed.rows import CARD_FIELDS, TALON_FIELDS, full_name
from priem.mis.archimed.schedule import shifts
from priem.mis.archimed.spelling import spellings
from priem.mis.archimed.statuses import Meanings
from priem.model import Patient, PatientKey, Visit, VisitKey, VisitStatus
from priem.ports import Clock, ExchangeLog
from priem.texts import text

ROWS = 500
MOST_PAGES = 400
AT_ONCE = 4
"""Questions about a phone's spellings at the same time."""


class Desk(Unable):
    """A `Booking`. Used by many threads at once; what a person waits for does not wait for the reader's pace."""

    def __init__(self, config: Config, exchanges: ExchangeLog, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._api = Api(config, exchanges, clock)
        self._dictionaries = Dictionaries(config, self._api, clock)
        self._parser = Parser(config, self._dictionaries)
        self._talons = Talons(config, self._api, Pace(config.requests_per_second, clock))

    def close(self) -> None:
        self._api.close()

    @property
    def connection(self) -> str:
        return self._config.connection

    @property
    def abilities(self) -> frozenset[Ability]:
        return frozenset(
            (
                Ability.BOOK,
                Ability.MAKE_PATIENT,
                Ability.RESCHEDULE,
                Ability.CHANGE_STATUS,
                Ability.CANCEL,
                Ability.COMMENT,
            )
        )

    # What there is

    def branches(self) -> Sequence[BranchInfo]:
        addresses = [words(row.get("address")) for row in self._dictionaries.rows("buildings")]
        return (
            BranchInfo(
                id=self._config.branch,
                name=self._config.name_of_branch,
                time_zone=self._config.time_zone,
                address=next(filter(None, addresses), ""),
            ),
        )

    def doctors(self) -> Sequence[DoctorInfo]:
        return tuple(doctor_info(row) for row in self._dictionaries.rows("doctors") if an_id(row.get("id")))

    def specialities(self) -> Sequence[Entry]:
        return entries(self._dictionaries.names("specializations"))

    def services(self) -> Sequence[ServiceInfo]:
        groups = self._dictionaries.names("groupservices")
        rows = self._dictionaries.rows("services")
        return tuple(service_info(row, groups) for row in rows if an_id(row.get("id")))

    def statuses(self) -> Sequence[StatusInfo]:
        meanings = Meanings.of(self._config)
        names = self._dictionaries.names("talonstatuses")
        return tuple(StatusInfo(id=id_, name=name, status=meanings.of_status(id_, name)) for id_, name in names.items())

    def cancel_reasons(self) -> Sequence[Entry]:
        return entries(self._dictionaries.names("talondeletereasons"))

    def schedule(self, wanted: ScheduleQuery) -> Sequence[Shift]:
        if wanted.branch and wanted.branch != self._config.branch:
            return ()
        params = [("date_from", written_day(wanted.first)), ("date_to", written_day(wanted.last))]
        rows = self._api.listing("intervals", params, envelope="doctors").rows
        return shifts(rows, wanted, self._config, self._clock.now())

    # Patients

    def find_patients(self, phones: Collection[str]) -> Sequence[Patient]:
        """Texts are compared as they were typed (docs/reference/archimed.md §1.6), so many spellings are asked for."""
        asked = [question for phone in phones for question in spellings(phone)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(lambda question: self._cards_with(*question), asked))
        found = {patient.key: patient for answer in answers for patient in answer if set(patient.phones) & set(phones)}
        if any(not set(patient.phones) & set(phones) for answer in answers for patient in answer):
            found |= {patient.key: patient for patient in self._search(set(phones))}
        return [patient for patient in found.values() if not patient.archived]

    def patient(self, id_: str) -> Patient | None:
        row = self._api.one("medcards", id_, asking_for(CARD_FIELDS)) if an_id(id_) else None
        return next(iter(self._patients([row])), None) if row else None

    def make_patient(self, new: NewPatient) -> PatientKey:
        if not (new.last_name and new.phone):
            raise Refused(RefusalKind.INCOMPLETE, text("The surname and the phone are needed to make a card."))
        form = {
            "last_name": new.last_name,
            "first_name": new.first_name,
            "middle_name": new.middle_name,
            "birthdate": written_day(new.birthday) if new.birthday else "",
            "phone": new.phone,
            "email": new.email,
        }
        made = self._api.write("POST", "medcards", {name: value for name, value in form.items() if value})
        return PatientKey(self.connection, id_of(made))

    # Visits

    def visit(self, id_: str) -> Visit | None:
        row = self._talon(id_)
        return next(iter(self._visits([row])), None) if row else None

    def visits_of(self, patient: str) -> Sequence[Visit]:
        if not an_id(patient):
            return ()
        params: Params = [WITH_DELETED, *asking_for(TALON_FIELDS)]
        try:
            rows = self._all(f"medcards/{patient}/talons", params)
        except NoMethod:
            filtered = [("filters[0][field]", "patient_id"), ("filters[0][value]", patient)]
            rows = self._all("talons", [*params, *filtered])
        # A filter is not to be trusted blindly: docs/reference/archimed.md §1.4.
        own = [row for row in rows if an_id(row.get("patient_id")) == patient]
        return sorted(self._visits(own), key=lambda visit: visit.starts_at, reverse=True)

    def visits_between(self, wanted: ScheduleQuery) -> Sequence[Visit]:
        if wanted.branch and wanted.branch != self._config.branch:
            return ()
        span = Span(wanted.first, wanted.last)
        rows = {an_id(row.get("id")): row for row in rows_of_all(Spanned(self._talons, span), ROWS) if span.holds(row)}
        found = (
            visit for visit in self._visits(list(rows.values())) if not wanted.doctors or visit.doctor in wanted.doctors
        )
        return sorted(found, key=lambda visit: (visit.starts_at, visit.key))

    def look_up(self, patient: str, doctor: str, starts_at: datetime) -> Visit | None:
        found = (
            visit
            for visit in self.visits_of(patient)
            if visit.doctor == doctor and visit.starts_at == starts_at and not visit.status.is_over
        )
        return next(found, None)

    def book(self, order: Order) -> VisitKey:
        form = {**self._time(order.time), "patient_id": order.patient.id}
        if note := self._note(order):
            form["info"] = note
        return VisitKey(self.connection, id_of(self._api.write("POST", "talons", form)))

    def reschedule(self, visit: str, to: Time) -> VisitKey:
        self._change(visit, self._time(to), lambda now: (now.doctor, now.starts_at) == (to.doctor, to.starts_at))
        return VisitKey(self.connection, visit)

    def change_status(self, visit: str, status: str) -> None:
        if status not in self._dictionaries.names_with("talonstatuses", {status}):
            raise Refused(RefusalKind.INCOMPLETE, text("ArchiMed+ has no such status."))
        self._change(visit, {"status_id": status}, lambda now: now.raw_status == status)

    def cancel(self, visit: str, reason: str = "", comment: str = "") -> None:
        now = self.visit(visit)
        if now is None:
            raise failures.no_visit()
        if now.status.is_over:
            return
        note = {"info": "\n".join(filter(None, (now.comment, comment)))} if comment else {}
        why = {"delete_reason_id": reason} if reason else {}
        if self._config.cancel_by == "delete":
            if note:
                self._change(visit, note, lambda _: True)
            self._change(visit, why, lambda then: then.status.is_over, verb="DELETE")
        else:
            form = {"status_id": self._cancelling(), **why, **note}
            self._change(visit, form, lambda then: then.status.is_over)

    def update(self, visit: str, *, comment: str | None = None, services: Sequence[str] | None = None) -> None:
        if services is not None:
            raise unable()
        if comment is not None:
            self._change(visit, {"info": comment}, lambda now: now.comment == comment.strip())

    # How it is asked and told

    def _change(
        self,
        visit: str,
        form: Mapping[str, str],
        is_so: Callable[[Visit], bool],
        *,
        verb: str = "PUT",
    ) -> None:
        """Writes once, and reads back whether it is so."""
        if not an_id(visit):
            raise failures.no_visit()
        try:
            self._api.write(verb, f"talons/{visit}", form)
        except Refused as error:
            if error.kind is RefusalKind.NO_VISIT and self.visit(visit) is not None:
                raise failures.no_method(f"{verb} talons") from error  # the visit is there: what is lacking is the way
            raise
        try:
            now = self.visit(visit)
        except (TryLater, AskOperator) as error:
            raise OutcomeUnknown(error.what) from error
        is_deleted = now is None and verb == "DELETE"
        if not is_deleted and (now is None or not is_so(now)):
            raise unable()

    def _time(self, time: Time) -> dict[str, str]:
        if not an_id(time.doctor):
            raise Refused(RefusalKind.INCOMPLETE, text("Choose a doctor."))
        starts, ends = (moment.astimezone(self._config.zone) for moment in (time.starts_at, time.ends_at))
        return {
            "doc_id": time.doctor,
            "date": written_day(starts.date()),
            "begintime": f"{starts:%H:%M}",
            "endtime": f"{ends:%H:%M}",
        }

    def _note(self, order: Order) -> str:
        """Services have no place of their own in a talon that is made from outside: they are named in its note."""
        prices = {row.id: row.name for row in self.services()} if order.services else {}
        named_services = ", ".join(prices.get(id_, id_) for id_ in order.services)
        return "\n".join(filter(None, (named_services, order.comment)))

    def _cancelling(self) -> str:
        chosen = self._config.cancel_status
        meant = (status.id for status in self.statuses() if status.status is VisitStatus.CANCELLED)
        if found := chosen or next(meant, ""):
            return found
        raise AskOperator(
            text(
                "There is no status in ArchiMed+ that means cancelled. Choose one in the setting {setting}.",
                setting=called(ASKED, "cancel_status"),
            )
        )

    def _talon(self, id_: str) -> Row | None:
        return self._api.one("talons", id_, [WITH_DELETED, *asking_for(TALON_FIELDS)]) if an_id(id_) else None

    def _cards_with(self, field: str, spelling: str) -> Sequence[Patient]:
        filtered = [("filters[0][field]", field), ("filters[0][value]", spelling)]
        params: Params = [*asking_for(CARD_FIELDS), *filtered, ("page", 1), ("limit", ROWS)]
        return self._patients(self._api.listing("medcards", params).rows)

    def _search(self, phones: set[str]) -> Sequence[Patient]:
        """Through all cards: this installation does not filter them."""
        rows = self._all("medcards", asking_for(CARD_FIELDS))
        return [patient for patient in self._patients(rows) if phones & set(patient.phones)]

    def _all(self, method: str, params: Params) -> list[Row]:
        found: dict[str, Row] = {}
        for page in range(1, MOST_PAGES + 1):
            listing = self._api.listing(method, [*params, ("page", page), ("limit", ROWS)])
            before = len(found)
            found |= {an_id(row.get("id")): row for row in listing.rows}
            if len(listing.rows) < listing.limit or len(found) == before:
                break
        return list(found.values())

    def _patients(self, rows: Sequence[Row]) -> list[Patient]:
        return [one for one in self._parser.patients(rows) if isinstance(one, Patient)]

    def _visits(self, rows: Sequence[Row]) -> list[Visit]:
        return [one for one in self._parser.visits(rows) if isinstance(one, Visit)]


def id_of(written: Row) -> str:
    """Of what was made. Without one it has to be looked up."""
    id_ = an_id(named(written, "id", "talon_id", "medcard_id"))
    if not id_:
        raise failures.outcome_unknown()
    return id_


def entries(names: Mapping[str, str]) -> tuple[Entry, ...]:
    return tuple(Entry(id_, name) for id_, name in names.items())


def doctor_info(row: Row) -> DoctorInfo:
    types = row.get("types")
    known = {an_id(each.get("id")): words(each.get("name")) for each in types or () if isinstance(each, dict)}
    main = an_id(row.get("primary_type_id"))
    ordered = sorted(known.items(), key=lambda entry: entry[0] != main)
    return DoctorInfo(
        id=an_id(row.get("id")),
        name=full_name(row),
        specialities=tuple(Entry(id_, name) for id_, name in ordered),
        minutes=figure(row.get("max_time")),
    )


def service_info(row: Row, groups: Mapping[str, str]) -> ServiceInfo:
    return ServiceInfo(
        id=an_id(row.get("id")),
        name=words(row.get("name")),
        code=words(row.get("code")),
        category=words(row.get("group_name")) or groups.get(an_id(row.get("group_id")), ""),
        price=money(row.get("base_cost")),
        minutes=figure(row.get("duration")) or None,
    )
