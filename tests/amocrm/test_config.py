import pytest

from priem.amocrm.config import Config
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


def test_the_secret_is_not_shown() -> None:
    assert "hush" not in repr(Config(base_url="https://clinic.amocrm.ru", client_secret="hush"))
