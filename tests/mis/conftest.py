"""The clinic with IDENT that the tests of this folder share, and one of its own for a test that turns it over."""

from collections.abc import Iterator

import pytest

from tests.mis.ident.clinic import IdentClinic, Sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def clinic(sandbox: Sandbox) -> Iterator[IdentClinic]:
    clinic = IdentClinic(sandbox)
    yield clinic
    sandbox.control("faults", method="DELETE")
    clinic.close()


@pytest.fixture
def own_clinic() -> Iterator[IdentClinic]:
    sandbox = Sandbox(patients=60, visits=20)
    clinic = IdentClinic(sandbox)
    yield clinic
    clinic.close()
    sandbox.stop()
