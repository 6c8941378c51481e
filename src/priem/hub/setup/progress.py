"""Long works as pages show them: what is done, how far it is, how fast, how long it will take; what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from priem.hub.models import Clinic, Work, WorkKind, WorkState
from priem.hub.sentences import from_json, readable
from priem.hub.setup.pictures import finding
from priem.hub.setup.work import is_alive, latest
from priem.model import Finding

TITLES = {
    WorkKind.LOOK: _("Looking around"),
    WorkKind.TRY: _("Trying"),
    WorkKind.FIELDS: _("Making fields in amoCRM"),
    WorkKind.PREVIEW: _("Working out what a sync would do"),
    WorkKind.SYNC: _("Bringing the clinic over"),
    WorkKind.RECORD: _("Syncing one record"),
}
LINES_OF_ONE = 3
"""amoCRM's, and the patients and visits of one connection."""
AT_LEAST = 0.5
"""Seconds before a rate says anything."""


@dataclass(frozen=True, slots=True)
class Line:
    title: str
    done: int
    total: int | None

    @property
    def percent(self) -> int | None:
        return min(100, round(100 * self.done / self.total)) if self.total else None


@dataclass(frozen=True, slots=True)
class Shown:
    """One work."""

    work: Work
    lines: tuple[Line, ...]
    rate: int
    """Records a second; 0 while nobody knows."""
    left: int | None
    """Seconds."""

    @property
    def title(self) -> str:
        if self.is_live:
            return gettext("The clinic is kept in step")
        return str(TITLES[WorkKind(self.work.kind)])

    @property
    def is_running(self) -> bool:
        return is_alive(self.work)

    @property
    def takes_turns(self) -> bool:
        """Several connections are read, one after another."""
        return self.work.kind == WorkKind.SYNC and len(self.lines) > LINES_OF_ONE

    @property
    def is_live(self) -> bool:
        """The first sync is through; changes are followed."""
        return bool(self.work.progress.get("is_live"))

    @property
    def is_interrupted(self) -> bool:
        """Its process has ended."""
        return self.work.state == WorkState.RUNNING and not self.is_running

    @property
    def has_failed(self) -> bool:
        return self.work.state == WorkState.FAILED

    @property
    def is_done(self) -> bool:
        return self.work.state == WorkState.DONE

    @property
    def is_stopped(self) -> bool:
        return self.work.state == WorkState.STOPPED

    @property
    def what(self) -> str:
        return readable(self.work.what)

    @property
    def advice(self) -> str:
        return readable(self.work.advice)

    @property
    def trouble(self) -> str:
        """What holds it up just now."""
        said = self.work.progress.get("trouble")
        return readable(from_json(said)) if said and self.is_running else ""

    @property
    def findings(self) -> list[Finding]:
        return [finding(*written) for written in self.work.result.get("findings", ())]

    @property
    def totals(self) -> Mapping[str, int]:
        found = self.work.progress.get("totals") or self.work.result.get("totals", {})
        return {name.replace(":", "_"): count for name, count in found.items()}


def shown(work: Work) -> Shown:
    told: dict[str, Any] = work.progress
    lines = tuple(Line(readable(from_json(title)), done, total) for title, done, total in told.get("lines", ()))
    passed = told.get("at", 0) - told.get("began", 0)
    done = sum(line.done for line in lines if line.total is not None)
    total = sum(line.total for line in lines if line.total is not None)
    rate = done / passed if passed > AT_LEAST else 0
    return Shown(work, lines, round(rate), round((total - done) / rate) if rate and total else None)


def shown_works(clinic: Clinic, request: HttpRequest) -> Mapping[str, Shown]:  # noqa: ARG001 - a person's language
    """The last one of each kind."""
    found = {kind: latest(clinic, WorkKind(kind)) for kind in WorkKind.values}
    return {kind: shown(work) for kind, work in found.items() if work}
