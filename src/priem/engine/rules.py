"""Which stage a visit's lead belongs to, and whether it may be moved there. Pure; the rules are the clinic's data."""

from dataclasses import dataclass

from priem.engine.bindings import Bound, BoundRule, Stage
from priem.engine.reasons import Reason
from priem.engine.settings import StageRule
from priem.model import LOST, WON, Lead, Visit, VisitLink


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the lead belongs, or None for «leave it», and the words that explain it."""

    stage: Stage | None
    rule: str
    loss_reason: int | None = None


def place_new(visit: Visit, bound: Bound) -> Placement:
    """Where a lead begins."""
    first = first_stage(visit, bound)
    decided = fitting_rule(visit, first[0], bound)
    if decided:
        return Placement(decided.stage, said(decided), decided.loss_reason)
    return Placement(first, Reason.FIRST_STAGE)


def place(visit: Visit, lead: Lead, link: VisitLink | None, bound: Bound) -> Placement:
    """Where a lead that exists goes."""
    now = (lead.pipeline, lead.stage)
    if now in bound.guarded:
        return Placement(None, Reason.GUARDED)
    decided = fitting_rule(visit, lead.pipeline, bound)
    if decided is None:
        return Placement(None, Reason.NO_RULE)
    if link and decided.stage != now and goes_back(now, decided.stage, bound) and not may_go_back(now, link, bound):
        return Placement(None, Reason.AHEAD)
    return Placement(decided.stage, said(decided), decided.loss_reason)


def first_stage(visit: Visit, bound: Bound) -> Stage:
    """The branch's own before the clinic's; for a repeat visit, that for repeat visits first."""
    branch = branch_name(visit)
    own = bound.branch_first_stages.get(branch)
    if visit.is_first is False:
        return bound.branch_repeat_stages.get(branch) or own or bound.repeat_stage or bound.first_stage
    return own or bound.first_stage


def said(decided: BoundRule) -> str:
    return f"{Reason.BRANCH_RULE if decided.is_branchs else Reason.RULE}:{decided.number}"


def goes_back(now: Stage, target: Stage, bound: Bound) -> bool:
    """Earlier in the same pipeline, or out of a closed stage. From one pipeline to another nothing is earlier."""
    if now[1] in (WON, LOST):
        return True
    return now[0] == target[0] and bound.order.get(target, 0) < bound.order.get(now, 0)


def may_go_back(now: Stage, link: VisitLink, bound: Bound) -> bool:
    match bound.settings.leads.back:
        case "always":
            return True
        case "own":
            return now == (link.pipeline, link.stage)
        case _:
            return False


def fitting_rule(visit: Visit, pipeline: int, bound: Bound) -> BoundRule | None:
    """The first rule from the top whose status and conditions fit, for a lead in this pipeline."""
    branch = bound.settings.branches.get(branch_name(visit))
    own = branch.status_sync if branch else None
    sync = own or bound.settings.status_sync
    if sync.mode == "never":
        return None
    rules = bound.branch_rules[branch_name(visit)] if own else bound.rules
    return next((rule for rule in rules if fits(rule, visit, pipeline)), None)


def fits(bound_rule: BoundRule, visit: Visit, pipeline: int) -> bool:
    rule = bound_rule.rule
    return (
        rule.status == visit.status
        and is_one_of(rule.branch, visit.branch, visit.branch_name, branch_name(visit))
        and is_one_of(rule.doctor, visit.doctor, visit.doctor_name)
        and is_one_of(rule.service, *(service.name for service in visit.services))
        and is_one_of(rule.category, *(service.category for service in visit.services))
        and fits_visit_number(rule, visit)
        and bound_rule.in_pipeline in (None, pipeline)
    )


def is_one_of(wanted: str, *there: str) -> bool:
    """An empty condition holds for all."""
    return not wanted or wanted.strip().casefold() in {name.casefold() for name in there}


def fits_visit_number(rule: StageRule, visit: Visit) -> bool:
    """A visit of which the МИС does not say whether it is the first fits neither."""
    return not rule.visit or visit.is_first is (rule.visit == "first")


def branch_name(visit: Visit) -> str:
    return f"{visit.key.connection}:{visit.branch}"
