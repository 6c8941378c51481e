"""A database that an agent reads keeps what `Source` promises, as one that the hub reads itself."""

import pytest

from tests.agent.kit import Beside, FedClinic
from tests.contract.source_contract import SourceContract
from tests.mis.ident.clinic import IdentClinic

pytestmark = pytest.mark.slow


class TestThroughAnAgent(SourceContract):
    @pytest.fixture
    def clinic(self, ident: IdentClinic, beside: Beside) -> FedClinic:
        return FedClinic(ident, beside)
