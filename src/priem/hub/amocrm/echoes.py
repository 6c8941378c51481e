"""Priem's own steps that are on their way to amoCRM: their webhooks may come before their answers are stored."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from priem.amocrm.hook_news import concerns
from priem.amocrm.webhooks_in import Change
from priem.hub.models import StepRecord
from priem.hub.models.journal import Entity
from priem.hub.rows import key_of
from priem.model import Key, State


@dataclass(frozen=True, slots=True)
class OnTheWay:
    """What a webhook may tell of that nobody has to ask for: the answer says it, or else the step is looked up."""

    keys: frozenset[Key]
    targets: frozenset[tuple[str, int]]
    """Kind and id of what is changed."""

    def concerns(self, entity: Entity, id_: int, keys: Collection[Key]) -> bool:
        return (entity.value, id_) in self.targets or not self.keys.isdisjoint(keys)


NOTHING = OnTheWay(frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class News:
    """Contacts and leads that webhooks show otherwise than the mirror, and whose they are, as far as they say."""

    contacts: Mapping[int, Collection[Key]]
    leads: Mapping[int, Collection[Key]]

    def awaited(self, underway: OnTheWay) -> "News":
        """Those that Priem itself is writing just now."""
        return News(
            {id_: keys for id_, keys in self.contacts.items() if underway.concerns(Entity.CONTACT, id_, keys)},
            {id_: keys for id_, keys in self.leads.items() if underway.concerns(Entity.LEAD, id_, keys)},
        )

    def without(self, others: "News") -> "News":
        return News(
            {id_: keys for id_, keys in self.contacts.items() if id_ not in others.contacts},
            {id_: keys for id_, keys in self.leads.items() if id_ not in others.leads},
        )

    def names_any(self, changes: Iterable[Change]) -> bool:
        return any(
            (concerns(change, "contact") and change.id in self.contacts)
            or (concerns(change, "lead") and change.id in self.leads)
            for change in changes
        )


def on_the_way(clinic_id: int) -> OnTheWay:
    """Only what is surely waited for: a step whose answer was lost is not."""
    open_steps = StepRecord.objects.of(clinic_id).filter(finished_at__isnull=True, state=State.INTENDED.value)
    rows = list(open_steps.values_list("entity", "connection", "record", "target"))
    return OnTheWay(
        keys=frozenset(key_of(entity, connection, record) for entity, connection, record, _ in rows),
        targets=frozenset((entity, target) for entity, _, _, target in rows if target is not None),
    )
