"""What IDENT shows of itself to whoever sets a clinic up, and how it is asked for."""

from dataclasses import fields

import pytest

from priem.mis.ident import ASKED, Config
from priem.showing import Showing
from tests.mis.ident.clinic import IdentClinic


@pytest.mark.slow
def test_its_dictionaries_and_some_visits_to_come(clinic: IdentClinic) -> None:
    source = clinic.open()
    assert isinstance(source, Showing)

    directory, page = source.directory(), source.samples(5)

    assert directory.branches
    assert directory.doctors
    assert {visit.branch for visit in page.visits} <= directory.branches.keys()
    assert 0 < len(page.visits) <= 5
    assert {visit.patient for visit in page.visits} == {patient.key for patient in page.patients}


def test_every_setting_is_asked_for_in_words() -> None:
    """Branches are asked for at a step of their own; fields that show plans say that plans are read."""
    elsewhere = {"connection", "only_branches", "branch_time_zones", "reads_plans"}

    assert {asked.name for asked in ASKED} == {field.name for field in fields(Config)} - elsewhere
