"""No query of the store reads more of a clinic than it needs: SQLite's own plans say so."""

import re
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from priem.hub.models import Clinic
from priem.hub.store import DjangoStore
from priem.model import Candidate, Outcome, PatientKey, Rejected, State, Told, VisitKey
from priem.texts import text
from tests.contract.store_records import (
    CHILD,
    EVENING,
    FAMILY_PHONE,
    MORNING,
    MOTHER,
    contact,
    creates,
    done,
    lead,
    leaves,
    patient,
)

pytestmark = pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by what is in the tables")
ANY_AT_ALL = re.compile(
    r'SELECT 1 AS "a" FROM "(\w+)" WHERE "\1"\."clinic_id" = \d+ LIMIT 1'
    r'|SELECT EXISTS \(SELECT 1 FROM "\w+" WHERE clinic_id = \d+\)'
)
"""Whether a clinic has any row at all: takes one."""
SMALL = ("hub_connection", "hub_mirrorstate", "hub_rejectedrow", "hub_question", "step_open")
"""Read whole for a clinic: a few rows each."""


@pytest.fixture
def queries(clinic: Clinic) -> list[str]:
    """Everything that a pass asks of its store."""
    store = DjangoStore(clinic.pk)
    with CaptureQueriesContext(connection) as captured:
        store.cursor("ident")
        store.mirrored_until()
        for updated_at in (100, 101):
            store.mirror([contact(1, FAMILY_PHONE, keys=[MOTHER], updated_at=updated_at)], [lead(5, 1, keys=[MORNING])])
        steps = [creates(MOTHER), creates(MORNING), leaves(CHILD, 1)]
        store.reject("ident", [Rejected(kind="patient", id="10", reason=text("Priem"))])
        store.intend(steps)
        store.record([done(steps[0], 1, contact(1)), (steps[1], Outcome(ref="1", state=State.UNKNOWN), None)])
        store.close_steps([step.id for step in store.open_steps()], State.POSTPONED)
        store.around_patients([patient(MOTHER, FAMILY_PHONE)])
        store.around_visits({EVENING: MORNING}, [MOTHER])
        store.ask({MOTHER: [Candidate(1, "phone:name")]})
        store.hold({EVENING: MOTHER})
        store.bind(MOTHER, 1)
        store.bind(MORNING, 5)
        store.tell(CHILD, Told.APART)
        store.recall_is_over([recall.id for recall in store.recalled("ident")])
        store.linked("ident", PatientKey, "")
        store.linked("ident", VisitKey, "1")
        store.refused()
        store.advance("ident", "c")
    return [str(query["sql"]) for query in captured.captured_queries]


def plans(queries: list[str]) -> Iterator[tuple[str, str]]:
    with connection.cursor() as cursor:
        for sql in queries:
            if sql.startswith(("SELECT", "UPDATE", "DELETE")) and not ANY_AT_ALL.fullmatch(sql):
                cursor.execute("EXPLAIN QUERY PLAN " + sql.replace("%", "%%"))
                yield from ((row[3], sql) for row in cursor.fetchall())


def test_every_query_goes_by_an_index_past_the_clinic(queries: list[str]) -> None:
    found = list(plans(queries))
    assert len(found) > 30
    wide = [
        (plan, sql)
        for plan, sql in found
        if (re.search("SCAN (?!CONSTANT ROW)", plan) or re.search(r"\(clinic_id=\?\)$", plan))
        and not any(small in plan for small in SMALL)
    ]
    assert wide == []


def test_the_number_of_queries_does_not_grow_with_the_page(clinic: Clinic) -> None:
    store = DjangoStore(clinic.pk)
    counts = []
    for size in (1, 100):
        with CaptureQueriesContext(connection) as captured:
            steps = [creates(type(MOTHER)("ident", f"{size}-{n}")) for n in range(size)]
            store.around_patients([patient(type(MOTHER)("ident", f"{size}-{n}"), FAMILY_PHONE) for n in range(size)])
            store.intend(steps)
            store.record([done(step, size * 1000 + n, contact(size * 1000 + n)) for n, step in enumerate(steps)])
        counts.append(len(captured.captured_queries))
    assert counts[1] <= counts[0] + 10
