"""What integrators' scripts do: for each record a search by phone, then a create, one by one. On a sample."""

import time
from collections.abc import Sequence

import httpx2

from bench.clinic import Size, patients_by_number, systems
from priem.cli.demo.stage import Stage
from priem.cli.demo.verify import Row, rows

CONTACTS = "/api/v4/contacts"
REQUESTS_PER_SECOND = 7


def seconds_per_record(sample: int, latency_ms: float, seed: int) -> float:
    """Two requests each, never more than the limit allows; a script has one under way at a time."""
    with systems(Size(patients=2 * sample, visits=0, latency_ms=latency_ms, seed=seed)) as started:
        people = some_people(started, sample)
        began = time.monotonic()
        with script(started) as client:
            for person in people:
                carry_over(client, person)
        return (time.monotonic() - began) / len(people)


def some_people(started: Stage, sample: int) -> Sequence[Row]:
    ident = str(started.ident["control"])
    people = {row["ID"]: row for row in rows(ident, "Persons")}
    return [people[id_] for id_ in patients_by_number(ident, people)[:sample]]


def script(started: Stage) -> httpx2.Client:
    headers = {"Authorization": f"Bearer {started.amocrm['long_lived_token']}"}
    return httpx2.Client(base_url=str(started.amocrm["url"]), headers=headers, timeout=60)


def carry_over(client: httpx2.Client, person: Row) -> None:
    phone = str(person["MobilePhone"])
    found = ask(client, client.build_request("GET", CONTACTS, params={"query": phone}))
    if found.status_code == 204:
        name = f"{person['Surname']} {person['Name']}"
        fields = [{"field_code": "PHONE", "values": [{"value": phone}]}]
        ask(client, client.build_request("POST", CONTACTS, json=[{"name": name, "custom_fields_values": fields}]))


def ask(client: httpx2.Client, request: httpx2.Request) -> httpx2.Response:
    began = time.monotonic()
    answer = client.send(request).raise_for_status()
    time.sleep(max(0.0, 1 / REQUESTS_PER_SECOND - (time.monotonic() - began)))
    return answer
