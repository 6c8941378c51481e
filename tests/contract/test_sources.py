"""Every connector keeps what `Source` promises, each against its МИС's sandbox. IDENT: priem.mis.ident.

ArchiMed+ (priem.mis.archimed) keeps it against payloads of recorded shapes, too, of both versions.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from priem.mis.ahead import ReadAhead
from priem.ports import Source
from tests.contract.source_contract import SourceContract, read_on
from tests.mis.archimed.clinic import ArchimedClinic, started
from tests.mis.archimed.recorded import Recorded, RecordedClinic
from tests.mis.ident.clinic import IdentClinic, Sandbox

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ident() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    sandbox.stop()


class TestIdent(SourceContract):
    @pytest.fixture(params=["pymssql", "pytds"])
    def clinic(self, ident: Sandbox, request: pytest.FixtureRequest) -> Iterator[IdentClinic]:
        clinic = IdentClinic(ident, driver=request.param)
        yield clinic
        clinic.close()


class Ahead:
    """The clinic, whose database another thread reads."""

    def __init__(self, clinic: IdentClinic) -> None:
        self._clinic = clinic

    def open(self) -> Source:
        return ReadAhead(self._clinic.open())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._clinic, name)


class TestIdentReadAhead(SourceContract):
    @pytest.fixture
    def clinic(self, ident: Sandbox) -> Iterator[Ahead]:
        clinic = IdentClinic(ident)
        yield Ahead(clinic)
        clinic.close()


class TestIdentWithoutActiveRowVersion(SourceContract):
    """As on a server that does not say which row versions are still to come."""

    @pytest.fixture
    def clinic(self, ident: Sandbox) -> Iterator[IdentClinic]:
        fault = {"kind": "error", "match": "MIN_ACTIVE_ROWVERSION", "number": 195}
        ident.control("faults", fault)
        clinic = IdentClinic(ident)
        yield clinic
        clinic.close()
        ident.control("faults", method="DELETE")

    def test_changes_of_visits_are_found_by_their_times(self, clinic: IdentClinic) -> None:
        source = clinic.open()
        _, cursor = read_on(source, None)
        clinic.confirm(clinic.book(clinic.register("Павлинова")))
        read_on(source, cursor)

        asked = {exchange.what for exchange in clinic.journal.exchanges}
        assert "visits changed" in asked
        assert clinic.asked_for("RowVersion >") == []


class TestArchimedAsRecorded(SourceContract):
    @pytest.fixture(params=["v4", "v5"])
    def clinic(self, request: pytest.FixtureRequest) -> Iterator[RecordedClinic]:
        recorded = Recorded("v5" if request.param == "v5" else "v4")
        recorded.narrows = request.param == "v5"
        clinic = RecordedClinic(recorded)
        for surname in ("Белова", "Седов", "Титова", "Умнов"):
            clinic.book(clinic.register(surname), days=1)
        yield clinic
        clinic.close()
        recorded.stop()


class TestArchimed(SourceContract):
    @pytest.fixture(params=["v4", "newest first"])
    def clinic(self, request: pytest.FixtureRequest) -> Iterator[ArchimedClinic]:
        sandbox = started()
        clinic = ArchimedClinic(sandbox, version="v4" if request.param == "v4" else "v5")
        if request.param == "newest first":
            sandbox.change(branch=0, newest_first=True)
            sandbox.change(branch=0, v5={"max_limit": 7, "doctor_names": "last_name", "ids_as_text": False})
        yield clinic
        clinic.close()
        sandbox.stop()
