"""Who gets in (docs/reference/archimed.md §1.1)."""

import time
from email.utils import parsedate_to_datetime
from typing import Any

import jwt
import pytest

from .conftest import Account, Start

pytestmark = pytest.mark.slow

Json = Any


def status(account: Account, header: str) -> int:
    return account.http.get("/api/v4/doctors", headers={"Authorization": header}).status_code


def test_a_token_signed_with_the_branchs_secret_opens_it(account: Account) -> None:
    assert status(account, f"Bearer {account.token()}") == 200


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"iss": "nobody"}, id="an API id that is not there"),
        pytest.param({"iss": None}, id="no API id"),
        pytest.param({"exp": None}, id="no end"),
        pytest.param({"exp": 1}, id="a token that ended"),
    ],
)
def test_claims_that_do_not_hold_are_401(account: Account, claims: Json) -> None:
    assert status(account, f"Bearer {account.token(**claims)}") == 401


def test_another_branchs_secret_does_not_open_this_one(start: Start) -> None:
    first = start(branches=2)
    claims = {"iss": first.api_id, "exp": int(time.time()) + 60}
    assert status(first, f"Bearer {jwt.encode(claims, first.other().secret, 'HS256')}") == 401
    assert status(first, f"Bearer {jwt.encode(claims, first.secret, 'HS512')}") == 401
    assert status(first, f"Bearer {jwt.encode(claims, '', 'none')}") == 401


def test_a_header_without_its_space_is_401(account: Account) -> None:
    assert status(account, f"Bearer{account.token()}") == 401
    assert status(account, "Bearer nonsense") == 401
    assert account.http.get("/api/v4/doctors").status_code == 401


def test_a_branch_whose_access_is_off_is_403(account: Account) -> None:
    account.change(active=False)
    assert status(account, f"Bearer {account.token()}") == 403


def test_a_gateway_that_is_ahead_takes_a_fresh_token_for_an_old_one(start: Start) -> None:
    account = start(skew=4000)
    assert status(account, f"Bearer {account.token()}") == 401
    assert status(account, f"Bearer {account.token(exp=int(time.time()) + 5000)}") == 200
    told = parsedate_to_datetime(account.call("GET", "doctors").headers["Date"]).timestamp()
    assert 3900 < told - time.time() < 4100


def test_the_tokens_user_is_the_talons_creator(account: Account) -> None:
    [form] = account.slot()
    [user] = [user for user in account.sandbox.state("users")["users"][account.api_id] if user["id"] == 2]
    headers = {"Authorization": f"Bearer {account.token(user_id=2)}"}
    made = account.call("POST", "talons", data=form, headers=headers).json()["id"]
    assert account.get(f"talons/{made}")["creator"] == user["name"]
    assert status(account, f"Bearer {account.token(user_id=99)}") == 403


def test_a_token_of_the_controls_is_as_good_as_a_clients_own(account: Account) -> None:
    token = account.http.post("/_sandbox/token", json={"seconds": 60}).json()["token"]
    assert jwt.decode(token, account.secret, ["HS256"], issuer=account.api_id)["exp"] <= time.time() + 61
    assert status(account, f"Bearer {token}") == 200


def test_the_partners_api_takes_a_token_in_the_query(account: Account) -> None:
    about = account.sandbox.about
    token = about["branches"][0]["access_token"]
    found = account.http.get(f"{about['docdoc']}buildings", params={"access_token": token}).json()
    assert [sorted(row) for row in found] == [["address", "id", "name"]] * 2
    assert isinstance(found[0]["id"], str)
    assert account.http.get(f"{about['docdoc']}buildings", params={"access_token": "other"}).status_code == 401
