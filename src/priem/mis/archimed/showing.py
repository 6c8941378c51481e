"""What a branch shows of itself to whoever sets a clinic up: its dictionaries, and some visits to come."""

from priem.mis.archimed.config import Config
from priem.mis.archimed.dictionaries import Dictionaries
from priem.mis.archimed.lists import Cards, Span, Talons
from priem.mis.archimed.loose import an_id, words
from priem.mis.archimed.parsing import Parser
from priem.mis.archimed.rows import full_name
from priem.model import Page, Patient, Visit
from priem.showing import Directory


def directory(config: Config, dictionaries: Dictionaries) -> Directory:
    services = dictionaries.rows("services")
    return Directory(
        branches={config.branch: config.name_of_branch},
        doctors={id_: full_name(row) for row in dictionaries.rows("doctors") if (id_ := an_id(row.get("id")))},
        services=tuple(sorted({words(row.get("name")) for row in services} - {""})),
        categories=tuple(sorted({words(row.get("group_name")) for row in services} - {""})),
        statuses=dictionaries.names("talonstatuses"),
    )


def samples(talons: Talons, cards: Cards, parser: Parser, span: Span, count: int) -> Page:
    """Visits of the span, from its first page."""
    rows = [row for row in talons.page(1, span).rows if span.holds(row)]
    chosen = rows[:: max(1, len(rows) // max(1, count))][:count]
    visits = [visit for visit in parser.visits(chosen) if isinstance(visit, Visit)]
    found = (cards.one(id_) for id_ in dict.fromkeys(visit.patient.id for visit in visits))
    patients = parser.patients(row for row in found if row is not None)
    return Page(patients=tuple(one for one in patients if isinstance(one, Patient)), visits=tuple(visits), cursor="")
