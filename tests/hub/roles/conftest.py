import pytest

from tests.hub.roles.world import World, make_world


@pytest.fixture
def world(db: None) -> World:  # noqa: ARG001  # the fixture opens the database
    return make_world()
