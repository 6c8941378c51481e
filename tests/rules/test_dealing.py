import pytest

from tests.dealing import dealt


@pytest.mark.parametrize("workers", [1, 2, 4, 9])
def test_every_test_is_dealt_once(workers: int, request: pytest.FixtureRequest) -> None:
    tests = request.session.items
    dealt_out = dealt(tests, workers)
    assert len(dealt_out) == len(tests)
    assert {test.nodeid for test in dealt_out} == {test.nodeid for test in tests}
