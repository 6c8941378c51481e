"""What somebody says has happened in the CRM: looked at, never simply believed."""

from collections.abc import Collection

from priem.engine.bindings import Bound
from priem.ports import Crm, Gone, Store


def look_at(contacts: Collection[int], leads: Collection[int], crm: Crm, store: Store, bound: Bound) -> bool:
    """Mirrors these as they are now, many in a request; those that are not there any more are gone.

    Gives whether any is gone: a merge may have swallowed it.
    """
    there = crm.some_contacts(sorted(contacts), bound.contact_field_ids) if contacts else ()
    leads_there = crm.some_leads(sorted(leads), bound.lead_field_ids) if leads else ()
    store.mirror(there, leads_there)
    lost = set(contacts) - {contact.id for contact in there}
    lost_leads = set(leads) - {lead.id for lead in leads_there}
    if lost or lost_leads:
        store.gone(lost, lost_leads)
    return bool(lost or lost_leads)


def learn_losses(since: int, crm: Crm, store: Store, bound: Bound) -> Gone:
    """What was merged or deleted at or after that unix second: links lead to the winners from now on.

    The winners are read, too: they have what the others had. Deleted ones may be there again.
    """
    gone = crm.gone_since(since)
    if gone.merged_contacts or gone.merged_leads:
        store.merged(gone.merged_contacts, gone.merged_leads)
    contacts = gone.contacts.union(gone.merged_contacts.values())
    look_at(contacts, gone.leads.union(gone.merged_leads.values()), crm, store, bound)
    return gone
