"""Statuses of visits that no rule gives a stage: leads stay where they are then, which people should know. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from priem.engine.reasons import Reason
from priem.engine.settings import Settings
from priem.findings import Finding, Severity
from priem.model import Step, VisitStatus
from priem.statuses import STATUS_LABELS
from priem.texts import text


def uncovered(settings: Settings) -> list[VisitStatus]:
    """Those that no rule names, of the clinic or of a branch. What nobody has mapped is shown elsewhere."""
    syncs = [settings.status_sync, *(branch.status_sync for branch in settings.branches.values())]
    on = [sync for sync in syncs if sync and sync.mode != "never"]
    named = {rule.status for sync in on for rule in sync.rules} | {VisitStatus.UNMAPPED}
    return [status for status in VisitStatus if status not in named] if on else []


def finding_of_uncovered(settings: Settings) -> Iterator[Finding]:
    if statuses := uncovered(settings):
        yield Finding(
            Severity.FINE,
            text(
                "No rule gives a stage to these statuses: {list}. Leads of such visits stay where they are, new ones "
                "begin in the first stage.",
                list=[STATUS_LABELS[status] for status in statuses],
            ),
        )


def without_rule(steps: Iterable[Step], settings: Settings) -> Mapping[str, int]:
    """The МИС's words for the statuses of visits that no rule fits, and how many visits each; nothing where the
    clinic wants no rules."""
    if settings.status_sync.mode == "never":
        return {}
    open_to_rules = (step for step in steps if step.why.stage_rule in (Reason.NO_RULE, Reason.FIRST_STAGE))
    return Counter(step.status for step in open_to_rules if step.status)
