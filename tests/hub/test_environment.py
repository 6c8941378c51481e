from pathlib import Path

import pytest

from priem.errors import AskOperator
from priem.hub.environment import NOTICES_SILENCE, database


def test_without_an_address_the_database_is_a_file() -> None:
    described = database("", Path("/var/lib/priem"))
    assert described["NAME"] == "/var/lib/priem/db.sqlite3"
    assert described["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgres://u:p@db:5433/priem", {"USER": "u", "PASSWORD": "p", "HOST": "db", "PORT": "5433", "NAME": "priem"}),
        ("postgresql://u@db/priem", {"USER": "u", "PASSWORD": "", "HOST": "db", "PORT": "", "NAME": "priem"}),
        (
            "postgres://u:p%40%2F@db/priem?sslmode=require",
            {"PASSWORD": "p@/", "OPTIONS": NOTICES_SILENCE | {"sslmode": "require"}},
        ),
        ("postgres:///priem?host=/run/pg&port=5434", {"HOST": "/run/pg", "PORT": "5434", "OPTIONS": NOTICES_SILENCE}),
    ],
)
def test_an_address_names_a_postgresql(url: str, expected: dict[str, object]) -> None:
    described = database(url, Path("/nowhere"))
    assert {name: described[name] for name in expected} == expected


@pytest.mark.parametrize(
    "url", ["mysql://u:secret@db/priem", "secret@db", "postgres://u:secret/@db:priem", "postgres://[u:secret@db"]
)
def test_another_kind_of_address_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(AskOperator, match="no address of a PostgreSQL") as refused:
        database(url, Path("/nowhere"))
    assert "DATABASE_URL" in str(refused.value.advice)
    assert "secret" not in f"{refused.value} {refused.value.advice}"
