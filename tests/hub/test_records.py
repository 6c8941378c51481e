"""What the page of a record compares."""

from dataclasses import replace

from priem.hub.records.sides import own_lead
from priem.model import VisitKey, VisitLink


def test_a_visit_that_was_moved_is_not_compared_with_the_lead_that_went_on_to_the_later_one() -> None:
    link = VisitLink(lead=37948218)
    assert own_lead(link) == 37948218
    assert own_lead(replace(link, moved_to=VisitKey("ident", "129"))) is None
    assert own_lead(None) is None
