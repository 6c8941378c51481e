from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from priem.errors import AskOperator
from priem.mis.archimed import Config

NEEDED: dict[str, object] = {"api_id": 17, "api_secret": "hush", "time_zone": "Asia/Omsk"}


def test_what_is_usual_needs_no_setting() -> None:
    config = Config.from_mapping("omsk", NEEDED)

    assert (config.api_id, config.version, config.requests_per_second) == ("17", "v5", 1.0)
    assert config.base_url.startswith("https://")
    assert (config.branch, config.name_of_branch) == ("1", "omsk")


def test_every_setting_is_read() -> None:
    config = Config.from_mapping(
        "omsk",
        NEEDED
        | {
            "base_url": "http://127.0.0.1:8080/",
            "version": "v4",
            "user_id": 5,
            "branch": 2,
            "branch_name": "Левобережный",
            "statuses": {7: "arrived", "Перезвонить": "booked"},
            "delete_reasons": {"2": "no_show"},
            "visits_since": "2026-01-31",
            "poll_seconds": 3,
            "cancel_by": "delete",
        },
    )

    assert config.base_url == "http://127.0.0.1:8080"
    assert (config.user_id, config.branch, config.name_of_branch) == ("5", "2", "Левобережный")
    assert config.statuses == {"7": "arrived", "Перезвонить": "booked"}
    assert (config.visits_since, config.zone) == (date(2026, 1, 31), ZoneInfo("Asia/Omsk"))


def test_the_secret_is_never_shown() -> None:
    assert "hush" not in repr(Config.from_mapping("omsk", NEEDED))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"api_id": ""}, "api_id"),
        ({"api_id": True}, "api_id"),
        ({"api_secret": " "}, "api_secret"),
        ({"api_secret": 5}, "api_secret"),
        ({"time_zone": "Omsk"}, "time_zone"),
        ({"base_url": "newapi.archimed-soft.ru"}, "base_url"),
        ({"version": "5"}, "version"),
        ({"branch": "1:2"}, "branch"),
        ({"page_size": 0}, "page_size"),
        ({"requests_per_second": 0}, "requests_per_second"),
        ({"working_hours": "7-22"}, "working_hours"),
        ({"talon_window": "weeks"}, "talon_window"),
        ({"statuses": {"7": "gone"}}, "statuses"),
        ({"statuses": {"7": "unmapped"}}, "statuses"),
        ({"delete_reasons": {"7": "paid"}}, "delete_reasons"),
        ({"cancel_by": "mail"}, "cancel_by"),
        ({"visits_since": "31.01.2026"}, "visits_since"),
        ({"secret": "x"}, "secret"),
    ],
)
def test_a_wrong_setting_is_named(changed: dict[str, object], said: str) -> None:
    with pytest.raises(AskOperator) as caught:
        Config.from_mapping("omsk", NEEDED | changed)

    assert said in caught.value.beside
    assert said in str(caught.value)


def test_several_wrong_settings_are_named_together() -> None:
    with pytest.raises(AskOperator) as caught:
        Config.from_mapping("omsk:1", {"api_idd": 17})

    assert "«API ID» (api_id); api_idd; «API Secret» (api_secret); connection; " in str(caught.value)


@pytest.mark.parametrize(
    ("hours", "hour", "working"),
    [("07:00-22:00", 1, True), ("07:00-22:00", 16, False), ("22:00-06:00", 17, True), ("22:00-06:00", 2, False)],
)
def test_working_hours_are_the_branchs_own(hours: str, hour: int, *, working: bool) -> None:
    config = Config.from_mapping("omsk", NEEDED | {"working_hours": hours})

    assert config.is_working(datetime(2026, 3, 2, hour, tzinfo=UTC)) is working  # 6 hours later in Omsk
