"""«Контроль дублей» of `/leads/complex`, off unless the account switches it on (docs/reference/amocrm.md §4.1).

A contact with the same phone or e-mail → its open leads where it is the main contact, in the stages that count.
"""

from collections.abc import Mapping

from .cards import Card, Contact, Lead
from .crm import Crm
from .fields import Field
from .leads import change_lead
from .pipelines import CLOSED
from .search import digits_of
from .values import kept_values
from .writing import change_person, create_company, link, listed

SIGNIFICANT_DIGITS = 10
MOST_MATCHES = 3


def absorb(crm: Crm, item: Mapping[str, object], by: int) -> dict[str, object] | None:
    """Put an incoming lead into those it duplicates; None when it is to be made anew."""
    contacts = listed(item, "_embedded", "contacts")
    if crm.account.duplicate_control == "off" or not contacts or contacts[0].get("id") is not None:
        return None
    matches = _matches(crm, contacts[0])
    if not matches or len(matches) > MOST_MATCHES or (len(matches) > 1 and crm.account.duplicate_many == "new"):
        return None
    newest = max(matches, key=lambda lead: (lead.created_at, lead.id))
    for lead in matches if crm.account.duplicate_many == "all" else [newest]:
        _update(crm, lead, item, contacts[0], by)
    companies = crm.links.of("leads", newest.id, "companies")
    return {
        "id": newest.id,
        "contact_id": crm.links.main[newest.id],
        "company_id": companies[0] if companies else _company(crm, newest, item, by),
        "merged": True,
    }


def _company(crm: Crm, lead: Lead, item: Mapping[str, object], by: int) -> int | None:
    sent = listed(item, "_embedded", "companies")
    if not sent:
        return None
    company = create_company(crm, sent[0], by)
    link(crm, "leads", lead.id, "companies", company.id, by)
    return company.id


def _matches(crm: Crm, sent: Mapping[str, object]) -> list[Lead]:
    keys, fields = _sent_keys(crm, sent), key_fields(crm)
    found: list[Lead] = []
    for contact in crm.contacts.living() if keys else ():
        if keys & keys_of(fields, contact):
            leads = (crm.leads.get(lead_id) for lead_id in crm.links.of("contacts", contact.id, "leads"))
            found += [
                lead for lead in leads if lead and crm.links.main.get(lead.id) == contact.id and _counts(crm, lead)
            ]
    return found


def _counts(crm: Crm, lead: Lead) -> bool:
    stages = crm.account.duplicate_statuses
    return (lead.pipeline_id, lead.status_id) in stages if stages else lead.status_id not in CLOSED


def _sent_keys(crm: Crm, sent: Mapping[str, object]) -> set[str]:
    keys: set[str] = set()
    for entry in listed(sent, "custom_fields_values"):
        field = crm.fields.find("contacts", entry.get("field_id"), entry.get("field_code"))
        if field is not None and field.code in ("PHONE", "EMAIL"):
            keys |= {_key(field, str(value)) for value, _ in kept_values(field, entry.get("values"))}
    return keys - {""}


def key_fields(crm: Crm) -> list[Field]:
    """The fields of contacts that people are recognised by."""
    found = (crm.fields.coded("contacts", code) for code in ("PHONE", "EMAIL"))
    return [field for field in found if field is not None]


def keys_of(fields: list[Field], contact: Card) -> set[str]:
    """What a contact is recognised by: phones by their last ten digits, e-mails without case."""
    keys = {_key(field, str(value)) for field in fields for value, _ in contact.values(field.id)}
    return keys - {""}


def _key(field: Field, value: str) -> str:
    return value.casefold() if field.code == "EMAIL" else digits_of(value)[-SIGNIFICANT_DIGITS:]


def _update(crm: Crm, lead: Lead, item: Mapping[str, object], sent: Mapping[str, object], by: int) -> None:
    """Incoming data overwrites, but phones and e-mails are appended; `keep` leaves all as it is."""
    if crm.account.duplicate_control != "update":
        return
    plain = {
        key: value for key, value in item.items() if key not in ("_embedded", "status_id", "pipeline_id", "created_at")
    }
    change_lead(crm, lead, plain, by)
    contact = crm.contacts.get(crm.links.main[lead.id])
    if contact is not None:
        change_person(crm, "contacts", contact, {**sent, "custom_fields_values": _appended(crm, contact, sent)}, by)


def _appended(crm: Crm, contact: Contact, sent: Mapping[str, object]) -> list[dict[str, object]]:
    entries: list[dict[str, object]] = []
    for entry in listed(sent, "custom_fields_values"):
        field = crm.fields.find("contacts", entry.get("field_id"), entry.get("field_code"))
        if field is None or field.code not in ("PHONE", "EMAIL"):
            entries.append(entry)
            continue
        kept = contact.values(field.id)
        known = {_key(field, str(value)) for value, _ in kept}
        new = [each for each in kept_values(field, entry.get("values")) if _key(field, str(each[0])) not in known]
        entries.append(
            {"field_id": field.id, "values": [{"value": value, "enum_id": enum} for value, enum in (*kept, *new)]}
        )
    return entries
