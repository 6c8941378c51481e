"""What the CRM knew before Priem came: some of the clinic's patients under the names that managers type, strangers, and
requests from the site that wait to become visits. Reads the clinic as its own staff would, from the sandbox."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

import httpx2

from priem.cli.demo.stage import Stage
from priem.cli.demo.verify import Row, rows

KNOWN = 0.2
"""Of the patients, how many are in the CRM already."""
STRANGERS = 0.05
REQUESTS = 0.1
"""Of the visits to come, how many have a request waiting."""


def fill(stage: Stage, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - an invented clinic
    ident, control = str(stage.ident["control"]), str(stage.amocrm["control"])
    people = {row["ID"]: row for row in rows(ident, "Persons")}
    patients = [people[row["ID_Persons"]] for row in rows(ident, "Patients")]
    known = [person for person in patients if person["MobilePhone"] and chance.random() < KNOWN]
    contacts = [contact(person, chance) for person in known]
    place = {person["ID"]: number for number, person in enumerate(known)}
    strangers = list(invented(int(len(patients) * STRANGERS), chance))
    leads = [{"name": "Заявка с сайта", "contact": place[id_]} for id_ in waiting(ident, chance) if id_ in place]
    httpx2.post(
        f"{control}/act", json={"act": "bulk", "contacts": contacts + strangers, "leads": leads}, timeout=120
    ).raise_for_status()


def contact(person: Row, chance: random.Random) -> dict[str, Any]:
    """A card as a manager or a telephony makes it: the name turned round, half of it, or only the number."""
    surname, name = str(person["Surname"] or "").strip(), str(person["Name"] or "").strip()
    typed = chance.choice((f"{name} {surname}", f"{surname} {name}", name, str(person["MobilePhone"])))
    return {"name": typed, "phones": [person["MobilePhone"]]}


def invented(count: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield {
            "name": f"Поставщик {number + 1}",
            "phones": [f"+7 495 {chance.randrange(200, 999)}-{number % 90 + 10}-77"],
        }


def waiting(ident: str, chance: random.Random) -> Sequence[int]:
    """Patients with a visit to come and a request of which nobody told the CRM that it was booked."""
    ahead = {
        row["ID_Patients"]
        for row in rows(ident, "Receptions")
        if row["ID_Patients"] and not row["ReceptionCanceled"] and not row["PatientAppeared"]
    }
    return [id_ for id_ in sorted(ahead) if chance.random() < REQUESTS / KNOWN]
