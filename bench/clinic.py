"""An invented clinic, an amoCRM that knows a part of it already, and the file that sets Priem up between them."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from priem.cli.demo import setup, stage
from priem.cli.demo.stage import Stage
from priem.cli.demo.verify import Row, rows
from priem.configuration import write
from priem.phones import numbers_in

AT_ONCE = 5000
"""Cards in one request to the sandbox's own door."""
BRANCHES = 3
"""With ArchiMed+."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    patients: int
    visits: int
    """To come."""
    contacts: int = 0
    """In amoCRM already; half of them are patients."""
    leads: int = 0
    """Requests that wait in amoCRM already; half of them are of patients who have a visit to come."""
    latency_ms: float = 300
    system: str = "ident"
    """Or `archimed`: three branches that share the patients and visits."""
    seed: int = 1


@contextlib.contextmanager
def systems(size: Size) -> Iterator[Stage]:
    """Both outside systems as processes, and a folder for Priem; all of it is gone at the end."""
    parts = 1 if size.system == "ident" else BRANCHES
    clinic = [
        "--patients",
        str(size.patients // parts),
        "--visits",
        str(size.visits // parts),
        "--seed",
        str(size.seed),
    ]
    ident = clinic if size.system == "ident" else None
    archimed = [*clinic, "--branches", str(BRANCHES)] if size.system == "archimed" else None
    crm = ["--seed", str(size.seed), "--latency-ms", str(size.latency_ms)]
    with (
        tempfile.TemporaryDirectory(prefix="priem-bench-") as folder,
        stage.outside_systems(Path(folder), crm, ident, archimed) as started,
    ):
        yield started


def set_up(started: Stage) -> str:
    """Configures Priem as the demo does, in the stage's folder. Gives the clinic's name."""
    file = setup.clinic_file(started)
    path = started.home / "clinic.toml"
    path.write_text(write(file), encoding="utf-8")
    command = [sys.executable, "-m", "priem.cli", "configure", str(path), "--json"]
    subprocess.run(command, env=environment(started), stdout=subprocess.DEVNULL, check=True)
    return file.clinic.slug


def environment(started: Stage) -> Mapping[str, str]:
    """In which Priem's processes find the clinic that is measured."""
    return {**os.environ, "PRIEM_HOME": str(started.home)}


def fill(started: Stage, size: Size) -> None:
    """Puts the contacts and leads into amoCRM that are there before Priem comes."""
    ident = str(started.ident["control"])
    people = {row["ID"]: row for row in rows(ident, "Persons")}
    expected = patients_with_visits(ident)
    reachable = [people[id_] for id_ in patients_by_number(ident, people)]
    # Those with a visit come first, so that half of the leads find one.
    known = sorted(reachable, key=lambda person: person["ID"] not in expected)[: size.contacts // 2]
    cards = [card(person) for person in known]
    cards += [stranger(number) for number in range(size.contacts - len(cards))]
    asking = [place for place, person in enumerate(known) if person["ID"] in expected][: size.leads // 2]
    asking += range(len(known), len(known) + size.leads - len(asking))
    put_in(started, cards, asking)


def patients_with_visits(ident: str) -> set[int]:
    """Those whose visit is still to come."""
    coming = (row for row in rows(ident, "Receptions") if not row["ReceptionCanceled"] and not row["PatientAppeared"])
    return {row["ID_Patients"] for row in coming if row["ID_Patients"]}


def patients_by_number(ident: str, people: dict[int, Row]) -> Sequence[int]:
    """Patients with a number of their own: whoever shares one may be taken for another of the household, rightly."""
    first: dict[str, int] = {}
    for row in rows(ident, "Patients"):
        for number in numbers_in(str(people[row["ID_Persons"]]["MobilePhone"] or "")):
            first.setdefault(number, row["ID_Persons"])
    return list(dict.fromkeys(first.values()))


def card(person: Row) -> dict[str, Any]:
    return {"name": f"{person['Surname'] or ''} {person['Name'] or ''}".strip(), "phones": [person["MobilePhone"]]}


def stranger(number: int) -> dict[str, Any]:
    return {"name": f"Поставщик {number}", "phones": [f"+7 383 {number // 10000 + 200:03} {number % 10000:04}"]}


def put_in(started: Stage, cards: Sequence[dict[str, Any]], asking: Sequence[int]) -> None:
    """`asking` are places in `cards`."""
    ids: list[int] = []
    for start in range(0, len(cards), AT_ONCE):
        ids += act(started, {"act": "bulk", "contacts": cards[start : start + AT_ONCE]})["contacts"]
    leads = [{"name": "Заявка с сайта", "contact_id": ids[place]} for place in asking]
    for start in range(0, len(leads), AT_ONCE):
        act(started, {"act": "bulk", "leads": leads[start : start + AT_ONCE]})


def act(started: Stage, wanted: dict[str, Any]) -> dict[str, Any]:
    answer = httpx2.post(f"{started.amocrm['control']}/act", json=wanted, timeout=120).raise_for_status()
    done: dict[str, Any] = answer.json()
    return done


@dataclass(frozen=True, slots=True)
class Requests:
    """What amoCRM has counted since it began."""

    total: int
    updates: int
    most_in_one_second: int
    refused: int


def requests(started: Stage) -> Requests:
    answer = httpx2.get(f"{started.amocrm['control']}/state", params={"only": "requests"}, timeout=60)
    counted = answer.json()["requests"]
    return Requests(
        total=counted["total"],
        updates=sum(count for path, count in counted["by_path"].items() if path.startswith("PATCH")),
        most_in_one_second=counted["max_in_one_second"],
        refused=counted["by_status"].get("429", 0),
    )
