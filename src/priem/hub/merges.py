"""What is not in the CRM any more: forgotten, or followed to the one that swallowed it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from priem.hub.mirroring import forget as forget_index
from priem.hub.mirroring import mirror_leads
from priem.hub.models import (
    Merge,
    MirroredContact,
    MirroredContactKey,
    MirroredContactPhone,
    MirroredLead,
    MirroredLeadContact,
    MirroredLeadKey,
    PatientLink,
    VisitLink,
)
from priem.hub.models.journal import Entity
from priem.hub.pieces import pieces
from priem.hub.presence import has_any
from priem.hub.quick import among
from priem.hub.rows import LEAD_COLUMNS, lead_of
from priem.model import Lead, PatientKey, VisitKey


def forget(clinic_id: int, contacts: Collection[int], leads: Collection[int]) -> None:
    for index in (MirroredContactPhone, MirroredContactKey):
        forget_index(clinic_id, index, "contact", contacts)
    for of_leads in (MirroredLeadContact, MirroredLeadKey):
        forget_index(clinic_id, of_leads, "lead", leads)
    for piece in pieces(contacts):
        MirroredContact.objects.of(clinic_id).filter(crm_id__in=piece).delete()
    for piece in pieces(leads):
        MirroredLead.objects.of(clinic_id).filter(crm_id__in=piece).delete()


def remember(clinic_id: int, contacts: Mapping[int, int], leads: Mapping[int, int]) -> None:
    heirs = written(clinic_id, Entity.CONTACT, contacts)
    written(clinic_id, Entity.LEAD, leads)
    mirror_leads(clinic_id, [handed_on(lead, heirs) for lead in leads_of(clinic_id, contacts)])
    forget(clinic_id, contacts, leads)


def written(clinic_id: int, entity: Entity, winners: Mapping[int, int]) -> Mapping[int, int]:
    """Who lives on in place of each, once these merges are written down, too."""
    before = swallowed_by(clinic_id, entity, winners)
    later = swallowers(clinic_id, entity, winners.values())
    known = {**before, **later, **winners}
    heirs = {loser: living(loser, known) for loser in {*before, *winners}}
    Merge.objects.bulk_create(
        [Merge(clinic_id=clinic_id, entity=entity.value, loser=id_, winner=heir) for id_, heir in heirs.items()],
        update_conflicts=True,
        unique_fields=("clinic", "entity", "loser"),
        update_fields=("winner",),
    )
    return heirs


def living(id_: int, winners: Mapping[int, int]) -> int:
    """The end of the chain; of a ring, which amoCRM should never tell of, some member."""
    passed: set[int] = set()
    while id_ in winners and id_ not in passed:
        passed.add(id_)
        id_ = winners[id_]
    return id_


def swallowers(clinic_id: int, entity: Entity, losers: Iterable[int]) -> dict[int, int]:
    """Those of these that were swallowed, and by whom."""
    return merged(clinic_id, entity, "loser", losers)


def swallowed_by(clinic_id: int, entity: Entity, winners: Iterable[int]) -> dict[int, int]:
    """Whom these have swallowed."""
    return merged(clinic_id, entity, "winner", winners)


def merged(clinic_id: int, entity: Entity, side: str, ids: Iterable[int]) -> dict[int, int]:
    """Winners by loser."""
    wanted = set(ids)
    if not (wanted and has_any(Merge, clinic_id)):
        return {}
    return dict(among(Merge, clinic_id, side, sorted(wanted), "loser", "winner", entity=entity.value))


def leads_of(clinic_id: int, contacts: Collection[int]) -> list[Lead]:
    """The open leads in which these contacts stand."""
    rows = among(MirroredLeadContact, clinic_id, "contact", contacts, "lead")
    ids = {lead for (lead,) in rows}
    return [lead_of(row) for row in among(MirroredLead, clinic_id, "crm_id", ids, *LEAD_COLUMNS)]


def linked_to(clinic_id: int, contacts: Collection[int], leads: Collection[int]) -> list[PatientKey | VisitKey]:
    """Whose links lead there."""
    patients = among(PatientLink, clinic_id, "contact", contacts, "connection", "patient")
    visits = among(VisitLink, clinic_id, "lead", leads, "connection", "visit", moved_to=None)
    return [*(PatientKey(*key) for key in patients), *(VisitKey(*key) for key in visits)]


def handed_on(lead: Lead, heirs: Mapping[int, int]) -> Lead:
    return replace(lead, contacts=tuple(dict.fromkeys(heirs.get(id_, id_) for id_ in lead.contacts)))
