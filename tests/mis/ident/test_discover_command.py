"""`priem discover` and `priem ident access-letter`, as a person types them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from priem.cli.app import app
from priem.errors import AskOperator, TryLater
from priem.mis.ident.profile import load
from tests.mis.ident.clinic import IdentClinic

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


def arguments(clinic: IdentClinic, *more: str, password: str = "") -> list[str]:
    facts = clinic.sandbox.facts
    login = ["--login", "readonly_user", "--password", password or facts["logins"]["readonly_user"]]
    return ["discover", facts["host"], "--port", str(facts["port"]), *login, *more]


def test_the_usual_database_fits_and_nothing_is_proposed(clinic: IdentClinic) -> None:
    ran = CliRunner().invoke(app, arguments(clinic, "--json"))

    said = json.loads(ran.stdout)
    assert ran.exit_code == 0
    assert "PZ" in said["databases"]
    assert any("подходит" in finding["ru"] or "fits" in finding["en"] for finding in said["findings"])
    assert "sure" not in said


def test_a_server_is_named_as_ident_names_it_and_its_encryption_is_chosen(clinic: IdentClinic) -> None:
    facts = clinic.sandbox.facts
    login = ["--login", "readonly_user", "--password", facts["logins"]["readonly_user"], "--json"]
    where = rf"{facts['host']}\PZSQLSERVER,{facts['port']}"

    ran = CliRunner().invoke(app, ["discover", where, "--encryption", "off", *login])
    wrong = CliRunner().invoke(app, ["discover", where, "--encryption", "some", *login])

    assert ran.exit_code == 0, ran.output
    assert json.loads(ran.stdout)["servers"] == [f"{facts['host']},{facts['port']}"]
    assert isinstance(wrong.exception, AskOperator)


def test_a_profile_is_written_tried_and_left_to_a_person(clinic: IdentClinic, tmp_path: Path) -> None:
    own = tmp_path / "own.sql"

    ran = CliRunner().invoke(app, arguments(clinic, "--to", str(own)))

    assert ran.exit_code == 0, ran.output
    written = own.read_text(encoding="utf-8")
    assert "-- name: visits" in written
    assert "Receptions.PlanStart. Тип подходит." in written, "in the language of whoever looks it through"
    assert "Receptions.PlanStart = Receptions.PlanStart" in ran.stdout
    assert "Человек должен просмотреть" in " ".join(ran.stdout.split())
    assert clinic.sandbox.facts["logins"]["readonly_user"] not in ran.output


def test_a_wrong_password_is_said(clinic: IdentClinic) -> None:
    ran = CliRunner().invoke(app, arguments(clinic, password="wrong"))

    assert isinstance(ran.exception, AskOperator)
    assert "wrong" not in str(ran.exception.what)


@pytest.mark.parametrize("where", ["pc,abc", "pc:99999", "pc,", ""])
def test_what_is_no_address_is_said_at_once(where: str) -> None:
    ran = CliRunner().invoke(app, ["discover", where])

    assert isinstance(ran.exception, AskOperator)
    assert "(server)" in str(ran.exception.what)


def test_a_server_that_is_off_is_not_taken_for_a_wrong_password(clinic: IdentClinic) -> None:
    facts = clinic.sandbox.facts
    away = ["discover", facts["host"], "--port", "1", "--login", "readonly_user", "--password", "any"]

    ran = CliRunner().invoke(app, away)

    assert isinstance(ran.exception, TryLater)
    assert "does not answer" in str(ran.exception.what)
    assert "SQL Server:" not in ran.output, "nobody was found there"


def test_a_wrong_database_is_answered_with_those_that_are_there(clinic: IdentClinic) -> None:
    ran = CliRunner().invoke(app, arguments(clinic, "--database", "PZ_OLD", "--json"))

    assert isinstance(ran.exception, AskOperator)
    assert "PZ" in str(ran.exception.advice)


def test_the_built_in_profile_is_copied_and_no_file_is_written_over(tmp_path: Path) -> None:
    own = tmp_path / "own.sql"

    ran = CliRunner().invoke(app, ["ident", "profile", "--to", str(own)])
    again = CliRunner().invoke(app, ["ident", "profile", "--to", str(own)])
    nowhere = CliRunner().invoke(app, ["ident", "profile", "--to", str(tmp_path / "no such folder" / "own.sql")])

    assert ran.exit_code == 0, ran.output
    assert load(str(own)).statements == load("ident-2604").statements
    assert isinstance(again.exception, AskOperator)
    assert isinstance(nowhere.exception, AskOperator)


def test_the_application_is_written_in_both_ways(tmp_path: Path) -> None:
    page = tmp_path / "letter.html"
    given = ["--organisation", "ООО «Улыбка»", "--director", "Полянская В. С.", "--email", "a@b.example"]

    ran = CliRunner().invoke(app, ["ident", "access-letter", *given, "--to", str(page)])

    assert ran.exit_code == 0, ran.output
    assert "ООО «Улыбка»" in page.read_text(encoding="utf-8")
    assert "ООО «Улыбка»" in page.with_suffix(".txt").read_text(encoding="utf-8")
