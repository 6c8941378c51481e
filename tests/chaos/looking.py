"""What amoCRM has to look like for a clinic's database as it is, by rules written down here a second time.

Shares nothing with the engine and the connector: rows come from the sandboxes' control ports.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from priem.cli.demo.verify import rows
from tests.e2e.systems import Systems

CONNECTION = "lenina"
STAGES = {
    "cancelled": "Закрыто и не реализовано",
    "completed": "Завершён (ждёт оплаты)",
    "arrived": "Пришёл",
    "confirmed": "Подтверждён",
    "booked": "Записан",
}
"""The rules of the set-up in tests/e2e/systems.py. A visit that has begun has none: its lead stays where it was."""


def status(row: Mapping[str, Any]) -> str:
    """Of a row of Receptions: docs/reference/ident.md §3.2"""
    marks = {
        "cancelled": row["ReceptionCanceled"] or row["ID_ReceptionCancelReasons"],
        "completed": row["CheckIssued"] or row["ReceptionEnded"],
        "in_progress": row["ReceptionStarted"],
        "arrived": row["PatientAppeared"],
        "confirmed": row["IsNotified"],
    }
    return next((word for word, mark in marks.items() if mark), "booked")


def wrongs(systems: Systems) -> Iterator[str]:
    """Everything that is not as it should be, in words; nothing when all is well."""
    ident = systems.ident.said["control"]
    state = systems.amocrm_state("contacts", "leads", "pipelines", "links")
    contacts, leads = keyed(state["contacts"], "PRIEM_PATIENT"), keyed(state["leads"], "PRIEM_VISIT")
    stages = {
        (pipeline["id"], stage["id"]): stage["name"]
        for pipeline in state["pipelines"]
        for stage in pipeline["statuses"]
    }
    contacts_of = {
        (link["entity_id"], link["to_entity_id"]) for link in state["links"] if link["entity_type"] == "leads"
    }
    persons = {str(row["ID"]): row for row in rows(ident, "Persons")}
    for patient, contact in contacts.items():
        wanted = " ".join(persons[patient][part] or "" for part in ("Surname", "Name", "Patronymic")).split()
        if contact["name"].split() != wanted:
            yield f"patient {patient} is called otherwise"
    for row in rows(ident, "Receptions"):
        lead = leads.get(str(row["ID"]))
        if lead is None:
            continue
        wanted_stage = STAGES.get(status(row))
        stands = stages[lead["pipeline_id"], lead["status_id"]]
        if wanted_stage and stands != wanted_stage:
            yield f"visit {row['ID']} is {status(row)}, its lead stands in «{stands}»"
        if (lead["id"], contacts[str(row["ID_Patients"])]["id"]) not in contacts_of:
            yield f"the lead of visit {row['ID']} is not on its patient's contact"


def keyed(entities: list[dict[str, Any]], code: str, of: str = CONNECTION) -> dict[str, dict[str, Any]]:
    """By the МИС's id; those that are deleted, and those without a key, are left out."""
    found = {}
    for entity in entities:
        for field in entity.get("custom_fields_values") or ():
            if field.get("field_code") == code and not entity.get("is_deleted"):
                for word in str(field["values"][0]["value"]).split():
                    connection, _, id_ = word.partition(":")
                    if connection == of:
                        found[id_] = entity
    return found
