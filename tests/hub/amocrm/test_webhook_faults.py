"""Whatever happens to webhooks on their way: amoCRM and what Priem knows of it end as if nothing had happened."""

from typing import Any

import pytest

from priem.model import VisitStatus
from tests.engine.clinic import ANNA, BORIS, patient, visit
from tests.hub.amocrm.conftest import OpensOffice
from tests.hub.amocrm.office import Office, due

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

FAULTS = ("webhook_lost", "webhook_doubled", "webhook_late", "webhook_reordered")
STRANGER = "+79215550011"


def a_day(office: Office, kind: str | None) -> dict[str, Any]:
    """Managers and the clinic work at the same people, in passes that go on all the while.

    Before each pass that makes something ten minutes are over: what one hook, lost alone, would have told is known.
    """
    office.mis.put(patient("1", "Белова Анна", ANNA), visit("500"))
    office.sync()
    office.hear()
    if kind:
        office.fault(kind, count=None, probability=0.5, seconds=0.2)
    (mine,), (lead,) = office.names_there(), office.stages_there()
    known = office.act("contact", name="Краснов Б.", phone=BORIS)["contact_id"]
    office.mis.put(patient("2", "Краснов Борис", BORIS), visit("502", "2"))
    due(office)
    office.sync()
    other = office.act("contact", name="Дубль Беловой", phone=STRANGER)["contact_id"]
    office.act("merge_contacts", winner=other, loser=mine)
    office.act("move_stage", lead_id=lead, status="Пришёл")
    office.act("edit_contact", contact_id=known, name="Краснов (VIP)")
    office.mis.put(visit("500", status=VisitStatus.CONFIRMED), visit("503", hours=9), patient("3", "Новый", STRANGER))
    due(office)
    office.sync()
    due(office)
    office.sync()
    return seen(office)


def seen(office: Office) -> dict[str, Any]:
    """As people see it, whatever the ids."""
    assert office.agrees()
    state = office.state("contacts", "leads")
    names = {row["id"]: row["name"] for row in state["contacts"]}
    return {
        "contacts": sorted((row["name"], row["is_deleted"]) for row in state["contacts"]),
        "leads": sorted(
            (row["name"], row["status_id"], row["is_deleted"], *sorted(names[id_] for id_ in row["contact_ids"]))
            for row in state["leads"]
        ),
    }


def test_after_any_failure_of_webhooks_amocrm_looks_as_if_nothing_had_failed(open_office: OpensOffice) -> None:
    unhurt = a_day(open_office(), None)
    assert len(unhurt["leads"]) == 3
    for number, kind in enumerate(FAULTS):
        office = open_office(slug=f"clinic-{number}")
        assert a_day(office, kind) == unhurt, kind
        assert office.state("faults")["faults"]["fired"][kind] >= 2
