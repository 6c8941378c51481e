"""Counts what is doubled or missing, from what the outside systems say of themselves. Shares nothing with the engine.

A patient is known in amoCRM by the text of the field with the code PRIEM_PATIENT, a visit by PRIEM_VISIT.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx2

from priem.cli.demo import setup
from priem.cli.demo.stage import Stage

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    duplicate_contacts: int
    missing_contacts: int
    duplicate_leads: int
    missing_leads: int
    patients: int
    visits: int

    @property
    def is_clean(self) -> bool:
        return not (self.duplicate_contacts or self.missing_contacts or self.duplicate_leads or self.missing_leads)


@dataclass(frozen=True, slots=True)
class Expected:
    """Who and what of one connection has to be in the CRM."""

    patients: set[str]
    visits: set[str]


def verify(ident: str, amocrm: str, connection: str, horizon: str) -> Verdict:
    """`ident` and `amocrm` are the sandboxes' control addresses; `horizon` is naive local time, as IDENT writes it."""
    return verify_all(amocrm, {connection: in_ident(ident, horizon)})


def in_ident(ident: str, horizon: str) -> Expected:
    patients = {str(row["ID_Persons"]) for row in rows(ident, "Patients")}
    return Expected(patients, expected_visits(list(rows(ident, "Receptions")), horizon))


def in_archimed(archimed: str, api_id: str, horizon: str) -> Expected:
    """A talon that was deleted without a reason was a mistake: it needs no lead, nor does one without a card."""
    state = httpx2.get(f"{archimed}/state", params={"only": "medcards,talons", "branch": api_id}, timeout=60).json()
    talons = {
        str(row["id"])
        for row in state["talons"][api_id]
        if row["patient_id"] and row["start"] >= horizon and (row["delete_reason_id"] or not row["deleted"])
    }
    cards = {str(row["id"]) for row in state["medcards"][api_id] if not row["deleted"]}
    return Expected(cards, talons)


def expected(stage: Stage, horizon: datetime) -> Mapping[str, Expected]:
    """Of every connection, from its own system; visits from that moment on by its own clock."""

    def local(zone: str) -> datetime:
        return horizon.astimezone(ZoneInfo(zone))

    found = {}
    if stage.ident:
        found[setup.CONNECTION] = in_ident(str(stage.ident["control"]), f"{local(setup.TIME_ZONE):%Y-%m-%d %H:%M:%S}")
    for key, branch in setup.branches(stage):
        since = f"{local(branch['time_zone']):%Y-%m-%dT%H:%M:%S}"
        found[key] = in_archimed(str(stage.archimed["control"]), branch["api_id"], since)
    return found


def verify_all(amocrm: str, expected: Mapping[str, Expected]) -> Verdict:
    """Of every connection."""
    entities = httpx2.get(f"{amocrm}/state", params={"only": "contacts,leads"}, timeout=120).json()
    contacts = {key: Counter(keys_in(entities["contacts"], "PRIEM_PATIENT", key)) for key in expected}
    leads = {key: Counter(keys_in(entities["leads"], "PRIEM_VISIT", key)) for key in expected}
    return Verdict(
        duplicate_contacts=sum(map(doubled, contacts.values())) + twins(entities["contacts"]),
        missing_contacts=sum(len(of.patients - contacts[key].keys()) for key, of in expected.items()),
        duplicate_leads=sum(map(doubled, leads.values())),
        missing_leads=sum(len(of.visits - leads[key].keys()) for key, of in expected.items()),
        patients=sum(len(of.patients) for of in expected.values()),
        visits=sum(len(of.visits) for of in expected.values()),
    )


def doubled(keys: "Counter[str]") -> int:
    return sum(count - 1 for count in keys.values())


def existing_cards(amocrm: str) -> tuple[int, int]:
    """How many contacts and leads are there."""
    entities = httpx2.get(f"{amocrm}/state", params={"only": "contacts,leads"}, timeout=120).json()
    return len(entities["contacts"]), len(entities["leads"])


def rows(ident: str, table: str) -> Iterator[Row]:
    after = 0
    while page := httpx2.get(
        f"{ident}/_sandbox/rows", params={"table": table, "after": after, "limit": 5000}, timeout=60
    ).json():
        yield from page
        after = int(page[-1]["ID" if "ID" in page[-1] else "ID_Persons"])


def expected_visits(receptions: Iterable[Row], horizon: str) -> set[str]:
    """Visits of patients, planned for after the horizon, which did not live on in another row."""
    all_rows = list(receptions)
    moved_away = {row["ID_ReceptionsTransferFrom"] for row in all_rows}
    return {
        str(row["ID"])
        for row in all_rows
        if row["ID_Patients"] is not None
        and row["ID"] not in moved_away
        and row["PlanStart"] is not None
        and str(row["PlanStart"]).replace("T", " ") >= horizon
    }


def twins(contacts: Iterable[Row]) -> int:
    """Cards with a key beside one without, of the same name and number: Priem made a second one of a person."""
    living = [card for card in contacts if not card.get("is_deleted")]
    keyed = {person for card in living if has_field(card, "PRIEM_PATIENT") for person in people_on(card)}
    return sum(1 for card in living if not has_field(card, "PRIEM_PATIENT") and not keyed.isdisjoint(people_on(card)))


def people_on(card: Row) -> Iterator[tuple[str, str]]:
    """The name and the last ten digits of each number."""
    for field in card.get("custom_fields_values") or ():
        if field.get("field_code") == "PHONE":
            for entry in field["values"]:
                digits = "".join(filter(str.isdigit, str(entry["value"])))
                if len(digits) >= 10:
                    yield str(card.get("name", "")).casefold(), digits[-10:]


def has_field(card: Row, code: str) -> bool:
    return any(field.get("field_code") == code for field in card.get("custom_fields_values") or ())


def keys_in(entities: Iterable[Row], code: str, connection: str) -> Iterator[str]:
    """The МИС ids that living entities carry in their key field."""
    for entity in entities:
        if entity.get("is_deleted"):
            continue
        for field in entity.get("custom_fields_values") or ():
            if field.get("field_code") == code:
                for word in str(field["values"][0]["value"]).split():
                    name, _, id_ = word.partition(":")
                    if name == connection:
                        yield id_


def written_to_archimed(stage: Stage) -> int:
    """Requests to ArchiMed+ that were more than questions."""
    state = httpx2.get(f"{stage.archimed['control']}/state", params={"only": "requests"}, timeout=60).json()
    asked = state["requests"]["by_path"].items()
    return sum(count for path, count in asked if "/api/" in path and not path.startswith("GET "))
