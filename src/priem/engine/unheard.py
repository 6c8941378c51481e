"""Leads that Priem wrote to without hearing what became of it. Pure."""

from collections.abc import Set as AbstractSet
from dataclasses import replace

from priem.engine.marks import made_unheard
from priem.model import Key, Lead, Surroundings, VisitLink


def as_if_heard(around: Surroundings, unheard: AbstractSet[Key]) -> Surroundings:
    """The leads of these visits count as Priem's own where they stand now, and those without a link as linked.

    Else a lead that Priem has closed without knowing would stay closed, since a manager might have done it.
    """
    linked = {link.lead for key, link in around.visit_links.items() if key in unheard}
    concerned = (lead for lead in around.leads.values() if lead.id in linked or not unheard.isdisjoint(lead.keys))
    leads = {lead.id: lead for lead in concerned}
    made = [lead for lead in leads.values() if lead.id not in around.lead_owners]
    links = {key: VisitLink(lead=lead.id) for lead in made for key in lead.keys} | dict(around.visit_links)
    stood = {key: standing(link, leads[link.lead]) for key, link in links.items() if link.lead in leads}
    return replace(around, visit_links=links | stood)


def standing(link: VisitLink, lead: Lead) -> VisitLink:
    return replace(link, pipeline=lead.pipeline, stage=lead.stage, fingerprint=made_unheard(link.fingerprint))
