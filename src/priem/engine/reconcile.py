"""Compares every link with both sides, and repairs what has drifted apart through the same steps as any pass.

Only what the settings leave to Priem counts as drift: a stage that is guarded, a name that a manager gave, a field with
the policy `fill` that says something are as they should be.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain

from priem.engine.apply import Carried
from priem.engine.by_hand import release
from priem.engine.mirror import Mirror
from priem.engine.reasons import Reason
from priem.engine.rehearsal import pretended
from priem.engine.sync import Clinic, Line
from priem.engine.told import learn_losses, look_at
from priem.engine.vanished import KEPT
from priem.engine.wanted import parts_written
from priem.model import Action, Contact, Key, Lead, Page, PatientKey, State, Step, VisitKey
from priem.ports import Source

AnyKey = PatientKey | VisitKey


class Drift(StrEnum):
    MISSING = "missing"
    """The contact or lead is not in the CRM any more."""
    STAGE = "stage"
    """The lead is not where the rules put it, and may be moved."""
    FIELDS = "fields"
    """Something else differs that is Priem's to write."""
    KEY_LOST = "key_lost"
    """The key field does not say whose it is."""
    KEY_DOUBLED = "key_doubled"
    """Others carry the key, too."""
    RECORD_GONE = "record_gone"
    """The МИС does not have the record any more."""
    UNREADABLE = "unreadable"
    """The МИС's row cannot be taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drifted:
    key: AnyKey
    target: int | None
    kinds: tuple[Drift, ...]
    what: tuple[str, ...] = ()
    """Names of what differs: `stage`, `field 12`; for doubled keys the ids of the others. Never values."""
    repaired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What one piece of the work brought."""

    connection: str = ""
    mirrored: int = 0
    """Contacts and leads that were read."""
    patients: int = 0
    visits: int = 0
    """Links that were compared."""
    drifted: tuple[Drifted, ...] = ()
    carried: Carried = ()
    """Only what was really written."""


def reconcile(sources: Sequence[Source], clinic: Clinic, *, repair: bool) -> Iterator[Compared]:
    """Nothing is written unless it is to be repaired.

    Each piece is taken inside `store.exclusively()`; between two of them others may have their turn. Raises TryLater
    or AskOperator as a pass does; what was repaired stays so.
    """
    if clinic.store.mirrored_until() is None:
        return  # nothing was ever linked
    mirror = Mirror(clinic.crm, clinic.store, clinic.clock, clinic.bound, clinic.settle_seconds, clinic.is_told)
    mirror.settle()
    crm = WholeCrm()
    yield from crm.read(clinic)
    mirror.read_at = clinic.clock.now()
    links = Links.of(sources, clinic)
    learn_what_is_lost(crm, links, clinic)
    yield doubled(crm, links, clinic, repair=repair)
    works = replace(clinic if repair else pretended(clinic), doubts=True)
    for source in sources:
        for kind in (PatientKey, VisitKey):
            yield from compare(source, kind, crm, links, works, mirror, repair=repair)
    clinic.store.reconciled()


class WholeCrm:
    """All that is in the CRM, as far as it has to be known at once: ids, and who carries which key."""

    def __init__(self) -> None:
        self.contacts: set[int] = set()
        self.leads: set[int] = set()
        self.closed: set[int] = set()
        """Leads."""
        self.carriers: defaultdict[AnyKey, list[int]] = defaultdict(list)

    def read(self, clinic: Clinic) -> Iterator[Compared]:
        for contacts in clinic.crm.contacts(None, clinic.bound.contact_field_ids):
            clinic.store.mirror(contacts)
            self.contacts |= self.seen(contacts)
            yield Compared(mirrored=len(contacts))
        for leads in clinic.crm.leads(None, clinic.bound.lead_field_ids):
            clinic.store.mirror(leads=leads)
            self.leads |= self.seen(leads)
            self.closed |= {lead.id for lead in leads if lead.is_closed}
            yield Compared(mirrored=len(leads))

    def seen(self, records: Sequence[Contact] | Sequence[Lead]) -> set[int]:
        for record in records:
            for key in record.keys:
                if record.id not in self.carriers[key]:
                    self.carriers[key].append(record.id)
        return {record.id for record in records}


@dataclass(frozen=True, slots=True)
class Links:
    """Which contact and lead every linked record is."""

    patients: Mapping[PatientKey, int]
    visits: Mapping[VisitKey, int]

    @classmethod
    def of(cls, sources: Iterable[Source], clinic: Clinic) -> "Links":
        patients: dict[PatientKey, int] = {}
        visits: dict[VisitKey, int] = {}
        for source in sources:
            after = ""
            while page := clinic.store.linked(source.connection, PatientKey, after):
                patients |= dict(page)
                after = page[-1][0].id
            after = ""
            while of_visits := clinic.store.linked(source.connection, VisitKey, after):
                visits |= dict(of_visits)
                after = of_visits[-1][0].id
        return cls(patients, visits)

    def target(self, key: AnyKey) -> int | None:
        return self.patients.get(key) if isinstance(key, PatientKey) else self.visits.get(key)


def learn_what_is_lost(crm: WholeCrm, links: Links, clinic: Clinic) -> None:
    """What is linked and was not read is asked for once more: it may have been made meanwhile, or merged."""
    contacts = set(links.patients.values()) - crm.contacts
    leads = set(links.visits.values()) - crm.leads
    if look_at(contacts, leads, clinic.crm, clinic.store, clinic.bound):
        since = int(clinic.clock.now().timestamp()) - KEPT
        learn_losses(since, clinic.crm, clinic.store, clinic.bound)


def doubled(crm: WholeCrm, links: Links, clinic: Clinic, *, repair: bool) -> Compared:
    """Keys on several contacts or leads. The linked one keeps it; without a link nobody knows which is right."""
    several = {key: ids for key, ids in crm.carriers.items() if len(ids) > 1 and links.target(key) in ids}
    drifted = []
    for key, ids in several.items():
        target = links.target(key)
        if repair:
            release(key, clinic, keeping=target)
        others = tuple(str(id_) for id_ in ids if id_ != target)
        drifted.append(Drifted(key=key, target=target, kinds=(Drift.KEY_DOUBLED,), what=others, repaired=repair))
    return Compared(drifted=tuple(drifted))


def compare(
    source: Source,
    kind: type[PatientKey] | type[VisitKey],
    crm: WholeCrm,
    links: Links,
    clinic: Clinic,
    mirror: Mirror,
    *,
    repair: bool,
) -> Iterator[Compared]:
    every: Sequence[AnyKey] = sorted(links.patients) if kind is PatientKey else sorted(links.visits)
    keys = [key for key in every if key.connection == source.connection]
    for start in range(0, len(keys), AT_ONCE):
        some = keys[start : start + AT_ONCE]
        cursor = clinic.store.cursor(source.connection)
        if cursor is None:
            return  # read from the beginning anyway
        ids = [key.id for key in some]
        page = source.reread(cursor, ids, ()) if kind is PatientKey else source.reread(cursor, (), ids)
        carried = carry_through(page, source, clinic, mirror)
        written = [(step, outcome.state is State.DONE) for step, outcome in carried]
        told = [drifted_by(step, repaired=repair and done) for step, done in written]
        drifted = (*absent(some, page, crm, links), *(drift for drift in told if drift))
        yield Compared(
            connection=source.connection,
            patients=len(some) if kind is PatientKey else 0,
            visits=len(some) if kind is VisitKey else 0,
            drifted=drifted,
            carried=[(step, outcome) for step, outcome in carried if repair and step.draft],
        )


AT_ONCE = 500


def carry_through(page: Page, source: Source, clinic: Clinic, mirror: Mirror) -> Carried:
    """Decides on the page and does so at once: between its pieces nobody else may move the cursor."""
    line = Line(source, clinic, mirror)
    line.later.is_over = True
    work = chain(line.take(replace(page, rejected=())), line.finish())
    return [pair for progress in work for pair in progress.carried]


def absent(keys: Iterable[AnyKey], page: Page, crm: WholeCrm, links: Links) -> Iterator[Drifted]:
    """A visit that is gone and whose lead is closed is over and done with."""
    there: set[Key] = {*(patient.key for patient in page.patients), *(visit.key for visit in page.visits)}
    broken = {row.id for row in page.rejected}
    for key in keys:
        over = isinstance(key, VisitKey) and links.target(key) in crm.closed
        if key not in there and not over:
            kind = Drift.UNREADABLE if key.id in broken else Drift.RECORD_GONE
            yield Drifted(key=key, target=links.target(key), kinds=(kind,))


def drifted_by(step: Step, *, repaired: bool) -> Drifted | None:
    """What a step says about how the record was."""
    if step.draft is None:
        is_gone = step.why.rule == Reason.GONE
        return Drifted(key=step.key, target=step.target, kinds=(Drift.MISSING,)) if is_gone else None
    parts = parts_written(step.draft)
    if step.action is Action.CREATE:
        return Drifted(key=step.key, target=step.target, kinds=(Drift.MISSING,), repaired=repaired)
    kinds = Counter(KINDS.get(part, Drift.FIELDS) for part in parts)
    return Drifted(key=step.key, target=step.target, kinds=tuple(kinds), what=tuple(parts), repaired=repaired)


KINDS = {
    "keys": Drift.KEY_LOST,
    "pipeline": Drift.STAGE,
    "stage": Drift.STAGE,
    "loss_reason": Drift.STAGE,
}
"""Whatever else is written is a field."""
