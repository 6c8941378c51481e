"""What a merge's event may carry is not documented: whatever it is, ids come out and words do not."""

from typing import Any

import pytest

from priem.amocrm.events import follow, ids_in


@pytest.mark.parametrize(
    ("after", "before", "found"),
    [
        ([{"merge": {"entity_id": 2}}], [], {1, 2}),
        ([], [{"entity": {"type": "contact", "id": "2"}}, {"entity": {"id": 3}}], {1, 2, 3}),
        ([{"link": {"entity": {"type": "contact", "id": 2}}}], [{"note": {"id": 99}}], {1, 2}),
        ([{"task": {"id": 99}}], [{"lead_status": {"id": 98, "pipeline_id": 97}}], {1}),
        ("odd", None, {1}),
        ([], [], {1}),
    ],
)
def test_ids_are_found_wherever_they_are(after: Any, before: Any, found: set[int]) -> None:
    assert ids_in({"entity_id": 1, "value_after": after, "value_before": before}) == found


@pytest.mark.parametrize(
    ("groups", "living", "found"),
    [
        ([{1, 2}], {1}, {2: 1}),
        ([{1, 2}, {2, 3}], {3}, {1: 3, 2: 3}),
        ([{1, 2}, {3, 4}, {4, 1}], {4}, {1: 4, 2: 4, 3: 4}),
        ([{1, 2}], set(), {}),
        ([{1, 2}], {1, 2}, {}),
        ([], set(), {}),
    ],
)
def test_a_merge_leads_to_the_one_that_is_left(groups: list[set[int]], living: set[int], found: dict[int, int]) -> None:
    assert follow(groups, living) == found
