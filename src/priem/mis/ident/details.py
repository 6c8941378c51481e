"""Whole visits out of a page of their rows: orders, services, calendar cells and moves, each asked for once a page."""

from collections.abc import Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

from priem.mis.ident.catalogue import Catalogue
from priem.mis.ident.config import Config
from priem.mis.ident.known import KnownVisit
from priem.mis.ident.plans import plans_of
from priem.mis.ident.reading import Reader
from priem.mis.ident.rows import (
    Details,
    Plain,
    Row,
    Setting,
    by_visit,
    figure,
    grouped,
    id_of,
    moment,
    to_cells,
    to_patient,
    to_services,
    to_visit,
    whole,
)
from priem.mis.ident.statuses import Reading
from priem.model import Patient, PatientKey, Rejected, Service, Visit, VisitKey, VisitStatus
from priem.texts import text


class Parser:
    """Rows → the model, with whatever else has to be read for that."""

    def __init__(self, config: Config, reader: Reader, catalogue: Catalogue) -> None:
        self._config = config
        self._reader = reader
        self._catalogue = catalogue
        self._zones = {branch: ZoneInfo(zone) for branch, zone in config.branch_time_zones.items()}
        self.told_aside: frozenset[int] = frozenset()
        """Of the visits that were read last, those of which other tables tell something, and may tell it anew."""

    def patients(self, rows: Sequence[Row]) -> list[Patient | Rejected]:
        self._catalogue.know("info_sources", (whole(row["InfoSource"]) for row in rows))
        connection, sources = self._config.connection, self._catalogue.info_sources
        plans = plans_of([id_of(row) for row in rows], self._config, self._reader)
        return [to_patient(row, connection, sources, plans.get(id_of(row), ())) for row in rows]

    def visits(self, rows: Sequence[Row], moves: Mapping[int, int] | None = None) -> list[Visit | Rejected]:
        """Those of the branches that this connection reads. Who knows already which were moved to which says so."""
        vague = [id_ for row in rows if is_vague(row) and (id_ := whole(row["ID"])) is not None]
        details = self._details(rows, vague, moves)
        self.told_aside = frozenset((*details.services, *vague))
        self._know(rows, details)
        setting = Setting(
            connection=self._config.connection, zones=self._zones, zone=self._config.zone, reading=self._reading(rows)
        )
        found = (to_visit(row, details, self._catalogue, setting) for row in rows)
        return [chosen for visit in found if (chosen := self._chosen(visit)) is not None]

    def deleted(self, vanished: Sequence[KnownVisit]) -> list[Visit]:
        """What is left to say of visits whose rows are gone."""
        self._catalogue.know("branches", (visit.branch or None for visit in vanished))
        moved_to = self._moved_to([visit.id for visit in vanished])
        return [self._deleted(visit, moved_to.get(visit.id)) for visit in vanished]

    def _deleted(self, visit: KnownVisit, moved_to: int | None) -> Visit:
        connection, branch = self._config.connection, str(visit.branch or "")
        return Visit(
            key=VisitKey(connection, str(visit.id)),
            patient=PatientKey(connection, str(visit.patient)),
            status=VisitStatus.DELETED,
            raw_status="deleted",
            starts_at=visit.starts.replace(tzinfo=self._zones.get(branch, self._config.zone)),
            branch=branch,
            branch_name=self._catalogue.branches.get(visit.branch, ""),
            moved_to=VisitKey(connection, str(moved_to)) if moved_to else None,
        )

    def _chosen(self, visit: Visit | Rejected) -> Visit | Rejected | None:
        if isinstance(visit, Rejected) or not self._config.only_branches or visit.branch in self._config.only_branches:
            return visit
        if visit.branch:
            return None
        reason = text("The visit has no branch (no chair), and this connection reads certain branches only.")
        return Rejected(kind="visit", id=visit.key.id, reason=reason)

    def _details(self, rows: Sequence[Row], vague: Sequence[int], moves: Mapping[int, int] | None) -> Details:
        ids = [id_ for row in rows if (id_ := whole(row["ID"])) is not None]
        branch, services = self._bills(ids)
        debts = by_visit(self._reader.parts_of("debts", services))
        cells = grouped(self._reader.with_ids("cells", vague, "Visit"), "Visit")
        return Details(
            branch=branch,
            services=services,
            paid=frozenset(visit for visit, found in debts.items() if is_settled(found)),
            cells={visit: to_cells(found) for visit, found in cells.items()},
            moved_to=self._moved_to(ids) if moves is None else moves,
        )

    def _moved_to(self, ids: Sequence[int]) -> Mapping[int, int]:
        moves = sorted(self._reader.with_ids("visits", ids, "MovedFrom", "it.ID, it.MovedFrom"), key=id_of)
        return {came: to for move in moves if (came := whole(move["MovedFrom"])) and (to := whole(move["ID"]))}

    def _bills(self, ids: Sequence[int]) -> tuple[dict[int, int], dict[int, Sequence[Service]]]:
        bills = by_visit(self._reader.parts_of("orders", ids))
        lines = by_visit(self._reader.parts_of("services", bills))
        self._catalogue.know("categories", map(whole, {line[2] for found in lines.values() for line in found}))
        branch = {visit: first for visit, found in bills.items() if (first := first_branch(found)) is not None}
        return branch, {visit: to_services(lines.get(visit, ()), self._catalogue.categories) for visit in bills}

    def _know(self, rows: Sequence[Row], details: Details) -> None:
        cells = details.cells.values()
        chairs = {*map(whole, {row["Chair"] for row in rows}), *(cell.chair for cell in cells)}
        doctors = {*map(whole, {row["Doctor"] for row in rows}), *(cell.doctor for cell in cells)}
        self._catalogue.know("chairs", chairs)
        self._catalogue.know("doctors", doctors)
        self._catalogue.know("professions", doctors)
        of_chairs = (branch for _, branch in self._catalogue.chairs.values())
        self._catalogue.know("branches", [*of_chairs, *details.branch.values()])

    def _reading(self, rows: Iterable[Row]) -> Reading:
        settings = {reason.casefold(): outcome for reason, outcome in self._config.cancel_reasons.items()}
        reasons = {int(reason): outcome for reason, outcome in settings.items() if reason.isdecimal()}
        if len(reasons) < len(settings):
            self._catalogue.know("cancel_reasons", (whole(row["CancelReason"]) for row in rows))
            named = self._catalogue.cancel_reasons.items()
            by_name = {id_: settings[name.casefold()] for id_, name in named if name.casefold() in settings}
            reasons = by_name | reasons
        return Reading(
            reasons=reasons,
            auto_closed_is_no_show=self._config.auto_closed_is_no_show,
            notified_is_confirmed=self._config.notified_is_confirmed,
        )


def is_vague(row: Row) -> bool:
    """Says not who or when: the calendar may."""
    return row["Doctor"] is None or row["Chair"] is None or moment(row["PlanStart"]) is None


def is_settled(debts: Iterable[Plain]) -> bool:
    """Every bill of the visit is made out, and nothing of it is owed. A debt that is not told is no proof."""
    return all(is_formed and debt is not None and figure(debt) <= 0 for _visit, is_formed, debt in debts)


def first_branch(bills: Sequence[Plain]) -> int | None:
    ordered = bills if len(bills) == 1 else sorted(bills, key=lambda bill: whole(bill[1]) or 0)
    return next((branch for bill in ordered if (branch := whole(bill[2])) is not None), None)
