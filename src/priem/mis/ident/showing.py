"""What IDENT shows of itself to whoever sets a clinic up: its dictionaries, and some visits to come."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from priem.mis.ident.catalogue import Catalogue
from priem.mis.ident.details import Parser
from priem.mis.ident.reading import Reader
from priem.mis.ident.rows import Row, words
from priem.model import Page, Patient, Visit
from priem.showing import Directory

RECENT = 2000
"""Lines of orders among which names of services are looked for: the whole price list stands nowhere else."""


def directory(reader: Reader, catalogue: Catalogue) -> Directory:
    for name in ("branches", "doctors", "categories"):
        catalogue.read(name)
    return Directory(
        branches=as_texts(catalogue.branches),
        doctors=as_texts(catalogue.doctors),
        services=services(reader),
        categories=tuple(sorted({*catalogue.categories.values()} - {""})),
    )


def as_texts(named: Mapping[int, str]) -> Mapping[str, str]:
    return {str(id_): name for id_, name in named.items()}


def services(reader: Reader) -> tuple[str, ...]:
    if "services" not in reader.profile():
        return ()
    rows = reader.page("services", after=max(0, reader.highest("services") - RECENT))
    return tuple(sorted({words(row["Name"]) for row in rows} - {""}))


def samples(reader: Reader, parser: Parser, horizon: datetime, count: int) -> Page:
    """Visits to come; where there are none, the last ones."""
    rows = reader.page("visits", after=0, horizon=horizon)
    rows = rows or reader.page("visits", after=max(0, reader.highest("visits") - count))
    visits = [visit for visit in parser.visits(spread(rows, count)) if isinstance(visit, Visit)]
    cards = reader.with_ids("patients", {int(visit.patient.id) for visit in visits})
    patients = (patient for patient in parser.patients(list(cards)) if isinstance(patient, Patient))
    return Page(patients=tuple(patients), visits=tuple(visits), cursor="")


def spread(rows: Iterable[Row], count: int) -> list[Row]:
    """As many of them, not all of one day."""
    every = list(rows)
    return every[:: max(1, len(every) // count)][:count]
