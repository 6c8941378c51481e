import pytest

from priem.amocrm.config import Config
from priem.amocrm.oauth import authorise_url
from priem.errors import AskOperator


@pytest.mark.parametrize(
    ("address", "sandbox", "production", "allowed"),
    [
        ("https://clinic.amocrm.ru", False, True, True),
        ("https://clinic.amocrm.ru/", False, False, True),
        ("https://clinic-2.kommo.com", False, False, True),
        ("https://clinic.amocrm.com", False, False, True),
        ("http://clinic.amocrm.ru", False, False, False),
        ("https://www.amocrm.ru", False, False, False),
        ("https://amocrm.ru", False, False, False),
        ("https://clinic.amocrm.ru.example.org", False, False, False),
        ("https://clinic.amocrm.ru:8443", False, False, False),
        ("https://user@clinic.amocrm.ru", False, False, False),
        ("https://clinic.amocrm.ru/leads", False, False, False),
        ("https://clinic.amocrm.ru#leads", False, False, False),
        ("https://example.org", False, False, False),
        ("http://127.0.0.1:8080", False, False, False),
        ("http://127.0.0.1:8080", True, False, True),
        ("http://localhost:8080", True, False, True),
        ("https://[::1]:8080", True, False, True),
        ("http://127.0.0.1:8080", True, True, False),
        ("http://10.0.0.5", True, False, False),
        ("https://clinic.amocrm.ru", True, False, False),
    ],
)
def test_only_accounts_and_named_sandboxes_are_ever_called(
    address: str,
    sandbox: bool,  # noqa: FBT001  a column of a table
    production: bool,  # noqa: FBT001  a column of a table
    allowed: bool,  # noqa: FBT001  a column of a table
) -> None:
    def configure() -> Config:
        return Config(base_url=address, sandbox=sandbox, production=production)

    if allowed:
        assert configure().base_url == address.rstrip("/")
    else:
        with pytest.raises(AskOperator):
            configure()


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("https://clinic.amocrm.ru", "https://www.amocrm.ru/oauth?"),
        ("https://clinic.kommo.com", "https://www.kommo.com/oauth?"),
        ("https://clinic.amocrm.com", "https://www.kommo.com/oauth?"),
    ],
)
def test_access_is_asked_for_where_the_account_lives(address: str, asked: str) -> None:
    url = authorise_url(Config(base_url=address, client_id="a b"), "st&te")

    assert url == f"{asked}client_id=a+b&state=st%26te&mode=post_message"


def test_the_secret_is_not_shown() -> None:
    assert "hush" not in repr(Config(base_url="https://clinic.amocrm.ru", client_secret="hush"))
