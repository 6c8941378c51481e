"""Where a lead came from, by amoCRM's statistics."""

from datetime import UTC
from typing import Any

import pytest

from priem.amocrm.leads import to_lead


def lead(**told: str) -> dict[str, Any]:
    """As amoCRM lists it."""
    values = [
        {"field_id": number, "field_code": code, "field_type": "tracking_data", "values": [{"value": value}]}
        for number, (code, value) in enumerate(told.items())
    ]
    return {"id": 77, "name": "Заявка", "custom_fields_values": values or None}


@pytest.mark.parametrize(
    ("told", "source"),
    [
        pytest.param({}, "", id="nothing is said"),
        pytest.param({"UTM_SOURCE": "yandex", "UTM_REFERRER": "https://2gis.ru/"}, "yandex", id="the source by name"),
        pytest.param({"UTM_MEDIUM": "cpc", "GCLID": "Cj0KC"}, "google", id="a click that was paid for"),
        pytest.param({"UTM_REFERRER": "https://www.2gis.ru/firm/4821?m=1"}, "2gis.ru", id="the page they came from"),
        pytest.param({"REFERRER": "2gis.ru"}, "2gis.ru", id="a page without a scheme"),
        pytest.param({"REFERRER": "http://[nonsense"}, "", id="no address at all"),
        pytest.param({"UTM_SOURCE": "  ", "FROM": "widget"}, "widget", id="an empty one does not count"),
        pytest.param({"UTM_CONTENT": "banner"}, "", id="only what was shown"),
        pytest.param({"UTM_SOURCE": "x" * 300}, "x" * 200, id="too long a one is cut"),
    ],
)
def test_where_a_lead_came_from(told: dict[str, str], source: str) -> None:
    assert to_lead(lead(**told), (), UTC).source == source
