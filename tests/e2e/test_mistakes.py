"""What an administrator gets to read when something is set up wrongly or went away: in words, with what to do."""

import re

import pytest

from tests.e2e.conftest import Start
from tests.e2e.systems import Ran, Systems

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def systems(start: Start) -> Systems:
    return start(20, 5)


def explained(ran: Ran) -> str:
    """Everything it said. It failed, without a traceback, in Russian and in English."""
    said = ran.out + ran.err
    assert ran.code not in (0, -9)
    assert "Traceback" not in said
    assert any("а" <= letter <= "я" for letter in said)
    return said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"password": "wrong"}, "парол", id="a wrong password"),
        pytest.param({"login": "nobody"}, "имя входа", id="a wrong login"),
        pytest.param({"database": "PZ_OLD"}, "PZ_OLD", id="a wrong database"),
        pytest.param({"port": 9}, "127.0.0.1", id="a wrong port"),
        pytest.param({"host": "no-such-host.invalid"}, "no-such-host.invalid", id="a wrong host"),
    ],
)
def test_the_doctor_and_a_sync_say_what_is_wrong_with_the_clinics_database(
    systems: Systems, change: dict[str, object], words: str
) -> None:
    assert systems.configure(**change).code == 0

    for command in ("doctor", "sync"):
        assert words in explained(systems.priem(command))


def test_a_column_that_the_clinic_does_not_have_is_named(systems: Systems) -> None:
    profile = systems.home / "own.sql"
    profile.write_text(own_profile_with("ReceptionStarted", "StartedOfAnotherVersion"), encoding="utf-8")
    systems.configure(more=f'profile = "{profile}"')

    for command in ("doctor", "sync"):
        assert "StartedOfAnotherVersion" in explained(systems.priem(command))


def own_profile_with(column: str, other: str) -> str:
    from importlib.resources import files  # noqa: PLC0415 - read as an integrator would copy it

    own = files("priem.mis.ident").joinpath("profiles/ident-2604.sql").read_text(encoding="utf-8")
    assert column in own
    return own.replace(f".{column}", f".{other}")


def test_a_refused_token_asks_for_authorising_again(systems: Systems) -> None:
    systems.configure()
    systems.act("revoke_token")

    for command in ("doctor", "sync"):
        said = explained(systems.priem(command))
        assert "amoCRM отозвала доступ" in said
        assert re.search(r"(выдайте|разрешите) (Priem|Приёму) доступ", said)


def test_a_pipeline_that_was_deleted_is_named(systems: Systems) -> None:
    systems.configure()
    pipelines = systems.amocrm_state("pipelines")["pipelines"]
    systems.act(
        "delete_pipeline", pipeline_id=next(row["id"] for row in pipelines if row["name"] == "Записи"), force=True
    )

    for command in ("doctor", "plan", "sync"):
        assert "Записи" in explained(systems.priem(command))


def test_a_stage_that_never_was_is_named_when_the_clinic_is_set_up(systems: Systems) -> None:
    assert "Записанн" in explained(systems.configure(stage="Записанн"))


def test_a_clinic_that_is_well_gets_a_good_word(systems: Systems) -> None:
    systems.configure()

    assert systems.priem("doctor").code == 0


def test_without_a_clinic_one_is_told_how_to_set_one_up(systems: Systems) -> None:
    assert "configure" in explained(systems.priem("sync"))
