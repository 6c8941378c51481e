"""The token of a widget's request is believed for exactly one reason: everything about it is right."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from priem.amocrm.config import Config
from priem.amocrm.disposable import WidgetUser, verify
from priem.errors import AskOperator

NOW = 1594204300
CONFIG = Config(
    base_url="https://clinic.amocrm.ru",
    client_id="0b0832f6",
    client_secret="secret",
    redirect_uri="https://priem.example.org:8443/amocrm/callback",
)
CLAIMS: dict[str, Any] = {
    "iss": "https://clinic.amocrm.ru",
    "aud": "https://priem.example.org",
    "jti": "d628f123",
    "iat": 1594204245,
    "nbf": 1594204245,
    "exp": 1594206045,
    "account_id": 12345678,
    "user_id": 87654321,
    "subdomain": "clinic",
    "client_uuid": "0b0832f6",
}


def signed(claims: dict[str, Any], secret: str = CONFIG.client_secret, algorithm: str = "HS256") -> str:
    def packed(value: bytes) -> bytes:
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    parts = [packed(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": algorithm}, claims)]
    signature = hmac.new(secret.encode(), b".".join(parts), hashlib.sha256).digest()
    return b".".join([*parts, packed(signature)]).decode()


def never(_id: str, _ends: int) -> bool:
    return False


def test_a_genuine_token_tells_who_is_looking() -> None:
    assert verify(CONFIG, signed(CLAIMS), NOW, never) == WidgetUser(12345678, 87654321, "clinic", is_admin=False)
    assert verify(CONFIG, signed(CLAIMS | {"is_admin": True}), NOW, never).is_admin
    assert verify(CONFIG, signed(CLAIMS | {"aud": "https://priem.example.org:8443"}), NOW, never).user


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        "a.b",
        "é.é.é",
        signed(CLAIMS, secret="another"),
        signed(CLAIMS, algorithm="none"),
        signed(CLAIMS, algorithm="HS512"),
        signed(CLAIMS)[:-4],
        signed(CLAIMS | {"aud": "https://other.example.org"}),
        signed(CLAIMS | {"aud": "https://priem.example.org:9443"}),
        signed(CLAIMS | {"client_uuid": "other"}),
        signed(CLAIMS | {"exp": NOW - 60}),
        signed(CLAIMS | {"nbf": NOW + 60}),
        signed({name: value for name, value in CLAIMS.items() if name != "exp"}),
    ],
)
def test_anything_wrong_about_it_and_nobody_gets_in(token: str) -> None:
    with pytest.raises(AskOperator):
        verify(CONFIG, token, NOW, never)


def test_a_token_works_once() -> None:
    told: list[tuple[str, int]] = []

    def seen(id_: str, ends: int) -> bool:
        told.append((id_, ends))
        return len(told) > 1

    verify(CONFIG, signed(CLAIMS), NOW, seen)
    with pytest.raises(AskOperator):
        verify(CONFIG, signed(CLAIMS), NOW, seen)
    assert told == [("d628f123", 1594206045)] * 2


def test_without_a_secret_nobody_is_believed() -> None:
    config = Config(base_url=CONFIG.base_url, client_id=CONFIG.client_id, redirect_uri=CONFIG.redirect_uri)
    with pytest.raises(AskOperator):
        verify(config, signed(CLAIMS, secret=""), NOW, never)
