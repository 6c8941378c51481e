from datetime import date

import pytest

from priem.errors import AskOperator
from priem.mis.ident import Config

NEEDED: dict[str, object] = {"server": "pc", "password": "secret", "time_zone": "Europe/Moscow"}


def test_what_is_usual_needs_no_setting() -> None:
    config = Config.from_mapping("pz", NEEDED)

    assert (config.database, config.login, config.profile) == ("PZ", "readonly_user", "ident-2604")


def test_every_setting_is_read() -> None:
    config = Config.from_mapping(
        "pz",
        NEEDED
        | {
            "server": r"PC1\PZSQLSERVER",
            "port": 50026,
            "encryption": "old",
            "driver": "pytds",
            "certificate": "/etc/pz.pem",
            "cancel_reasons": {8: "no_show", "Перенос": "moved"},
            "branch_time_zones": {"2": "Asia/Omsk"},
            "only_branches": [1, "2"],
            "visits_since": "2026-01-31",
            "auto_closed_is_no_show": False,
        },
    )

    assert config.cancel_reasons == {"8": "no_show", "Перенос": "moved"}
    assert config.only_branches == ("1", "2")
    assert config.visits_since == date(2026, 1, 31)
    assert config.address == ("PC1", "PZSQLSERVER", 50026)


def test_the_password_is_never_shown() -> None:
    assert "secret" not in repr(Config.from_mapping("pz", NEEDED))


@pytest.mark.parametrize(
    ("server", "address"),
    [
        ("pc", ("pc", "", None)),
        ("192.168.1.5,50026", ("192.168.1.5", "", 50026)),
        ("pc:1433", ("pc", "", 1433)),
        (r"PC1\PZSQLSERVER", ("PC1", "PZSQLSERVER", None)),
        (r"PC1\PZSQLSERVER,50026", ("PC1", "PZSQLSERVER", 50026)),
        (r".\PZSQLSERVER", ("localhost", "PZSQLSERVER", None)),
        ("(local)", ("localhost", "", None)),
    ],
)
def test_how_a_server_is_written(server: str, address: tuple[str, str, int | None]) -> None:
    assert Config.from_mapping("pz", NEEDED | {"server": server}).address == address


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"server": ""}, "server"),
        ({"server": "pc,port"}, "server"),
        ({"server": "pc,70000"}, "server"),
        ({"time_zone": "Moscow"}, "time_zone"),
        ({"time_zone": 3}, "time_zone"),
        ({"port": "1433"}, "port"),
        ({"port": True}, "port"),
        ({"page_size": 0}, "page_size"),
        ({"encryption": "yes"}, "encryption"),
        ({"driver": "odbc"}, "driver"),
        ({"driver": "pytds", "encryption": "required"}, "certificate"),
        ({"cancel_reasons": {"8": "gone"}}, "cancel_reasons"),
        ({"cancel_reasons": [8]}, "cancel_reasons"),
        ({"branch_time_zones": {"1": "Nowhere"}}, "branch_time_zones"),
        ({"only_branches": "1"}, "only_branches"),
        ({"visits_since": "31.01.2026"}, "visits_since"),
        ({"auto_closed_is_no_show": 1}, "auto_closed_is_no_show"),
        ({"pasword": "x"}, "pasword"),
    ],
)
def test_a_wrong_setting_is_named(changed: dict[str, object], said: str) -> None:
    with pytest.raises(AskOperator) as caught:
        Config.from_mapping("pz", NEEDED | changed)

    assert said in str(caught.value)


def test_several_wrong_settings_are_named_together() -> None:
    with pytest.raises(AskOperator) as caught:
        Config.from_mapping("pz", {"port": 0, "hots": "pc"})

    assert (
        "hots; «Password» (password); «Port» (port); «Address of the computer with IDENT's database» (server); "
        in str(caught.value)
    )
    assert "secret" not in str(caught.value)


def test_a_connections_name_has_no_colon() -> None:
    with pytest.raises(AskOperator):
        Config.from_mapping("pz:1", NEEDED)
