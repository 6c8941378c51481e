import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from django.conf import settings
from django.db import connection
from pytest_django import DjangoDbBlocker

from tests.dealing import dealt
from tests.postgres import FOLDER, Cluster

# How long one example takes says how busy the machine is: a slow one is no mistake.
hypothesis.settings.register_profile("priem", deadline=None)
hypothesis.settings.load_profile("priem")


def pytest_configure(config: pytest.Config) -> None:
    """The workers of a run inherit where its PostgreSQL is to be: whoever needs it first starts it, the run ends it."""
    # Every client of a test starts the hub anew, and would list all static files: half of what a page costs.
    settings.WHITENOISE_AUTOREFRESH = True
    if FOLDER not in os.environ:
        cluster = Cluster(Path(tempfile.mkdtemp(prefix="priem-pg-")))
        os.environ[FOLDER] = str(cluster.folder)

        def end() -> None:
            del os.environ[FOLDER]
            cluster.stop()

        config.add_cleanup(end)


SERVERS = frozenset({"sandbox", "sandboxed", "live_server", "postgresql"})
"""Fixtures that start one."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What needs a server is slow, whoever forgot to say so. A worker that takes all tests keeps their order."""
    for item in items:
        if SERVERS.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("slow")
    if worker := getattr(config, "workerinput", None):
        items[:] = dealt(items, worker["workercount"])


@pytest.fixture(scope="session")
def postgresql() -> Cluster:
    """A running PostgreSQL. Ask it for a database: `empty()`, or `migrated()` with the hub's tables."""
    cluster = Cluster(Path(os.environ[FOLDER]))
    cluster.start()
    return cluster


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,  # noqa: ARG001  # which adds each worker's name
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """A file, as in earnest: SQLite in memory has one connection for all threads, or locks whole tables."""
    database = settings.DATABASES["default"]
    if "sqlite" in database["ENGINE"]:
        name = tmp_path_factory.mktemp("database") / "test.sqlite3"
        database["TEST"] = {**database.get("TEST", {}), "NAME": str(name)}


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:  # noqa: ARG001 - after Django's own
    """PostgreSQL drops no database while somebody is in it: threads and pools of the tests' own process are."""
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            others = "datname = current_database() AND pid <> pg_backend_pid()"
            cursor.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")  # noqa: S608 - words of our own
