"""Nonsense is refused as nonsense: the sandbox never answers with a failure of its own."""

from typing import Any

import pytest

from .conftest import Account

pytestmark = pytest.mark.slow

Json = Any


@pytest.mark.parametrize(
    "path",
    [
        "doctors?page=abc&limit=-5",
        "doctors?limit=99999999999999999999",
        "doctors?type_id=%00&branch_id=x",
        "medcards?filters=x",
        "medcards?filters[0]=x",
        "medcards?filters[][field]=phone",
        "medcards?fields=id",
        "medcards?fields[a][b]=id",
        "talons?date_from=31.02.2026",
        "intervals",
        "intervals?date_from=01.01.0001&date_to=02.01.0001",
        "intervals?date_from=01.01.2026&date_to=31.12.9999",
        "talons/99999999999999999999",
        "talons/-1",
        "talons//",
        "",
        "doctors/²",
    ],
)
def test_strange_questions(account: Account, path: str) -> None:
    account.version = "v5"
    assert account.call("GET", path).status_code in (200, 400, 404)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[]", id="a list"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b'{"doc_id": {"a": 1}, "date": [], "begintime": null}', id="objects for fields"),
        pytest.param(b'{"doc_id": "8", "date": "01.01.0001", "begintime": "00:00:00:00"}', id="no time"),
        pytest.param(
            b'{"doc_id": 8.5, "date": "11.11.2026", "begintime": "10:00", "last_name": "A"}', id="half a doctor"
        ),
        pytest.param(
            '{"doc_id": "²", "date": "11.11.2026", "begintime": "10:00"}'.encode(), id="a figure that is none"
        ),
    ],
)
@pytest.mark.parametrize("place", ["POST talons", "PUT talons/1", "POST medcards", "DELETE talons/1"])
def test_strange_writes(account: Account, place: str, body: bytes) -> None:
    method, path = place.split()
    answer = account.call(method, path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (200, 400, 403, 404)


@pytest.mark.parametrize(
    "claims",
    [{"exp": True}, {"exp": "soon"}, {"exp": 1e400}, {"user_id": {"a": 1}}, {"user_id": "²"}, {"user_id": -1}],
)
def test_strange_tokens(account: Account, claims: Json) -> None:
    headers = {"Authorization": f"Bearer {account.token(**claims)}"}
    assert account.call("GET", "doctors", headers=headers).status_code in (401, 403)


@pytest.mark.parametrize("header", ["Bearer ..", "Bearer a.b.c", "Bearer W10.W10.W10", "Bearer é.é.é", "Basic x"])
def test_strange_headers(account: Account, header: str) -> None:
    answer = account.http.get("/api/v4/doctors", headers={b"Authorization": header.encode()})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("place", "body"),
    [
        ("act", b"[]"),
        ("act", b"nonsense"),
        ("act", b'{"act": "book"}'),
        ("act", b'{"act": "move", "talon": 1, "start": "soon"}'),
        ("faults", b"1"),
        ("clock", b'{"set": 5}'),
        ("live", b'{"rate": "fast"}'),
        ("branch", b'{"branch": 7}'),
        ("branch", b'{"v4": 7}'),
        ("faults", b'{"kind": "500", "count": "many"}'),
    ],
)
def test_strange_controls(account: Account, place: str, body: bytes) -> None:
    assert account.http.post(f"/_sandbox/{place}", content=body).status_code == 400
