"""A first proposal for a new clinic: stages by their names. A person looks at it before anything is kept."""

from collections.abc import Iterator, Mapping

from priem.engine.settings import StageRule
from priem.hub.setup.choices import Choices
from priem.model import LOST, WON, PipelineInfo, VisitStatus

WORDS: Mapping[VisitStatus, tuple[str, ...]] = {
    VisitStatus.BOOKED: ("записан", "запись"),
    VisitStatus.CONFIRMED: ("подтвержд", "подтвердил"),
    VisitStatus.ARRIVED: ("приш", "явился"),
    VisitStatus.IN_PROGRESS: ("на приёме", "на приеме"),
    VisitStatus.COMPLETED: ("заверш", "проведён", "проведен", "состоялся"),
}
"""How clinics call such stages: words of the stages' names, hence Russian."""
CLOSED: Mapping[VisitStatus, int] = {
    VisitStatus.PAID: WON,
    VisitStatus.CANCELLED: LOST,
    VisitStatus.NO_SHOW: LOST,
    VisitStatus.DELETED: LOST,
}


def guessed(choices: Choices) -> tuple[StageRule, ...]:
    """Of the pipeline whose stages fit best; nothing where none has one for a booking."""
    proposals = [tuple(rules_in(pipeline)) for pipeline in choices.pipelines]
    best = max(proposals, key=len, default=())
    return best if any(rule.status is VisitStatus.BOOKED for rule in best) else ()


def rules_in(pipeline: PipelineInfo) -> Iterator[StageRule]:
    for status, words in WORDS.items():
        for stage in pipeline.stages:
            if not stage.is_unsorted and any(word in stage.name.casefold() for word in words):
                yield StageRule(status=status, pipeline=pipeline.id, stage=stage.id)
                break
    for status, stage_id in CLOSED.items():
        yield StageRule(status=status, pipeline=pipeline.id, stage=stage_id)
