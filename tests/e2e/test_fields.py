"""What of a visit a clinic sees in its lead card: several services in one list, day and hour apart or together."""

from collections import defaultdict
from typing import Any

import pytest

from priem.cli.demo.verify import rows
from tests.chaos.looking import keyed
from tests.e2e.conftest import Start
from tests.e2e.systems import Systems

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

FIELDS = """
[[fields]]
value = "visit.services"

[[fields]]
value = "visit.date"

[[fields]]
value = "visit.time"

[[fields]]
value = "visit.starts_at"
"""


def test_services_come_as_a_list_whose_options_grow_and_day_and_hour_apart(start: Start) -> None:
    systems = start(60, 40)
    path = systems.home / "clinic.toml"
    path.write_text(systems.clinic_toml(more="visits_since = 2020-01-01") + FIELDS, encoding="utf-8")
    assert systems.priem("configure", str(path), "--json").code == 0

    assert systems.priem("sync", "--json").code == 0

    leads = keyed(systems.amocrm_state("leads")["leads"], "PRIEM_VISIT")
    done = services(systems)
    assert len({service for names in done.values() for service in names}) >= 3
    assert {visit: chosen(leads[visit], "Услуги") for visit in done} == done
    starts = {str(row["ID"]): str(row["PlanStart"]).replace("T", " ") for row in rows(ident(systems), "Receptions")}
    assert all(chosen(lead, "Время записи") == {starts[visit][11:16]} for visit, lead in leads.items())
    assert all(chosen(lead, "Дата записи") for lead in leads.values())
    assert all(chosen(lead, "Дата и время записи") for lead in leads.values())


def ident(systems: Systems) -> str:
    return str(systems.ident.said["control"])


def services(systems: Systems) -> dict[str, set[str]]:
    """What was done at each visit, from the clinic's own tables."""
    items = {row["ID"]: row["Name"] for row in rows(ident(systems), "ServiceItems")}
    prices = {row["ID"]: items[row["ID_ServiceItems"]] for row in rows(ident(systems), "ServiceItemPrices")}
    visits = {row["ID"]: row["ID_Receptions"] for row in rows(ident(systems), "Orders") if row["ID_Receptions"]}
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows(ident(systems), "OrderServiceRelation"):
        if row["ID_Orders"] in visits:
            found[str(visits[row["ID_Orders"]])].add(prices[row["ID_ServicePrices"]])
    return dict(found)


def chosen(lead: dict[str, Any], name: str) -> set[Any]:
    fields = [field for field in lead["custom_fields_values"] or () if field["field_name"] == name]
    return {value["value"] for field in fields for value in field["values"]}
