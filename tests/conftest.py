import hypothesis
import pytest
from django.conf import settings

# How long one example takes says how busy the machine is: a slow one is no mistake.
hypothesis.settings.register_profile("priem", deadline=None)
hypothesis.settings.load_profile("priem")


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
