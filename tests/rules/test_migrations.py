"""A hub's workers are upgraded one after another: what the version before them does has to go on working on new tables.
docs/adr/0025-two-versions-side-by-side.md"""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

import pytest
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

import priem.hub.migrations
from tests.rules.source import not_exempt

FIRST = 29
"""Those before it came with the first version: none was ever beside it."""
NEW_TABLES = (migrations.CreateModel, migrations.AddIndex, migrations.RemoveIndex, migrations.AlterModelOptions)


def test_migrations_leave_the_version_before_them_at_work() -> None:
    found = {f"{name}::{number}": why for name in names() for number, why in wrongs(operations_of(name))}
    assert not_exempt("migration", found) == []


def names() -> list[str]:
    """Written since the first version."""
    found = [one.name for one in iter_modules(priem.hub.migrations.__path__)]
    assert len(found) > 20
    return [name for name in found if int(name[:4]) >= FIRST]


def operations_of(name: str) -> list[Operation]:
    migration: type[migrations.Migration] = import_module(f"priem.hub.migrations.{name}").Migration
    return list(migration.operations)


def wrongs(operations: list[Operation]) -> Iterator[tuple[int, str]]:
    made = {one.name_lower for one in operations if isinstance(one, migrations.CreateModel)}
    for number, operation in enumerate(operations):
        if getattr(operation, "model_name", "").lower() not in made and (why := wrong(operation)):
            yield number, why


def wrong(operation: Operation) -> str:
    """Why an older version would stumble; empty when it would not."""
    if isinstance(operation, NEW_TABLES):
        return ""
    if isinstance(operation, migrations.AddField):
        return "" if can_be_left_out(operation.field) else "an older version writes no such column: null or db_default"
    return f"{type(operation).__name__}: an older version relies on what was there; in two steps, a version apart"


def can_be_left_out(field: "models.Field[object, object]") -> bool:
    return field.null or field.has_db_default() or field.many_to_many is True


WORDS = models.CharField(max_length=10)


@pytest.mark.parametrize(
    ("operation", "goes"),
    [
        (migrations.CreateModel("Thing", [("id", models.BigAutoField(primary_key=True))]), True),
        (migrations.AddField("clinic", "words", models.CharField(max_length=10, null=True)), True),
        (migrations.AddField("clinic", "words", models.CharField(max_length=10, default="", db_default="")), True),
        (migrations.AddField("clinic", "words", models.CharField(max_length=10, default="")), False),
        (migrations.AddIndex("clinic", models.Index(fields=["name"], name="by_name")), True),
        (migrations.RemoveField("clinic", "name"), False),
        (migrations.RenameField("clinic", "name", "title"), False),
        (migrations.AlterField("clinic", "name", WORDS), False),
        (migrations.DeleteModel("clinic"), False),
        (migrations.RenameModel("clinic", "practice"), False),
        (migrations.RemoveConstraint("clinic", "once"), False),
        (migrations.AddConstraint("clinic", models.UniqueConstraint(fields=["name"], name="once")), False),
        (migrations.RunSQL("DROP TABLE hub_clinic"), False),
    ],
)
def test_the_rule_itself(operation: Operation, *, goes: bool) -> None:
    assert (not wrong(operation)) is goes


def test_a_table_that_is_made_in_the_same_step_is_nobodys_yet() -> None:
    made = migrations.CreateModel("Thing", [("id", models.BigAutoField(primary_key=True))])
    once = models.UniqueConstraint(fields=["id"], name="once")
    assert list(wrongs([made, migrations.AddConstraint("thing", once)])) == []
    assert [number for number, _ in wrongs([made, migrations.RemoveField("clinic", "name")])] == [1]
