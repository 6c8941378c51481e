"""What ArchiMed+ may answer instead of data, and who has to act then."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from priem.booking import RefusalKind, Refused
from priem.engine.reception import SETTLE
from priem.errors import AskOperator, OutcomeUnknown, PriemError, TryLater
from priem.mis.archimed.api import Answer, done, patience
from priem.mis.archimed.failures import NoMethod, NotLetIn, Unreachable
from tests.contract.source_contract import read_on
from tests.mis.archimed.conftest import Start
from tests.mis.archimed.recorded import SECRET, RecordedClinic

PAGE = b"<html><body>502 Bad Gateway</body></html>"


@pytest.mark.parametrize(
    ("status", "body", "error", "said"),
    [
        (200, PAGE, TryLater, "web page"),
        (502, PAGE, TryLater, "web page"),
        (500, b"{}", TryLater, "500"),
        (200, b"", TryLater, "web page"),
        (429, b"{}", TryLater, "too many"),
        (401, b"{}", NotLetIn, "401"),
        (403, PAGE, NotLetIn, "403"),
        (404, PAGE, NoMethod, "no method talons"),
        (400, b'{"message": "?"}', AskOperator, "400"),
        (200, b'{"status": "Error", "message": "?"}', AskOperator, "cannot be understood"),
        (200, b'"hello"', AskOperator, "cannot be understood"),
        (200, b'{"rows": []}', AskOperator, "cannot be understood"),
    ],
)
def test_what_is_no_data_says_who_has_to_act(
    branch: RecordedClinic, status: int, body: bytes, error: type[PriemError], said: str
) -> None:
    branch.recorded.fault = lambda _verb, _path: (status, body)

    with pytest.raises(error) as caught:
        list(branch.open().changes(None))

    assert said in str(caught.value)
    assert caught.value.advice
    assert caught.value.what.read("ru") != caught.value.what.read("en")
    assert branch.journal.exchanges[-1].error == caught.value.what


def test_nobody_at_the_address_is_a_wrong_address_until_somebody_answered(start: Start) -> None:
    clinic = start()
    source = clinic.open(timeout=1)
    clinic.book(clinic.register("Белова"))
    _, cursor = read_on(source, None)
    clinic.recorded.stop()

    with pytest.raises(AskOperator) as caught:
        list(clinic.open(base_url="http://127.0.0.1:9").changes(None))
    assert "base_url" in caught.value.beside
    with pytest.raises(Unreachable):
        list(clinic.open(base_url="http://127.0.0.1:9").changes(cursor))


def test_a_wrong_secret_is_told_beside_the_settings(branch: RecordedClinic) -> None:
    with pytest.raises(NotLetIn) as caught:
        list(branch.open(api_secret="another secret of thirty-two letters").changes(None))

    assert {"api_id", "api_secret"} == caught.value.beside.keys()
    assert SECRET not in str(caught.value)


def test_no_write_is_still_on_its_way_when_it_is_given_up(branch: RecordedClinic) -> None:
    patient = replace(branch.config(), timeout=300)

    writing, reading = patience(patient, writes=True), patience(patient)

    assert (writing.connect or 0) + (writing.write or 0) + (writing.read or 0) < SETTLE
    assert reading.read == 300


def test_a_token_is_signed_anew_before_it_ends(branch: RecordedClinic) -> None:
    source = branch.open()
    _, cursor = read_on(source, None)
    branch.watch.advance(3 * 3600)  # tokens of then are refused by now

    read_on(source, cursor)

    assert branch.journal.exchanges[-1].error is None


def test_the_journal_has_no_value_of_any_question(branch: RecordedClinic) -> None:
    branch.book(branch.register("Белова"))
    read_on(branch.open(), None)

    whole = " ".join(f"{each}" for each in branch.journal.exchanges)
    assert {each.what for each in branch.journal.exchanges} == {"GET medcards", "GET talons"}
    assert not [word for word in ("Белова", "912", SECRET, "fields") if word in whole]


REFUSALS = [
    (403, {"message": "Врач не указал время приема"}, RefusalKind.NOT_WORKING),
    (403, {"status": "Error", "error": {"message": "Время занято"}}, RefusalKind.BUSY),
    (400, {"errors": ["Пересекается с другой записью"]}, RefusalKind.BUSY),
    (409, {"message": "Врач не принимает в это время"}, RefusalKind.NOT_WORKING),
    (200, {"status": "Error", "message": "Нельзя записать на прошедшее время"}, RefusalKind.PAST),
    (422, {"message": "Нужен полис"}, RefusalKind.OTHER),
    (404, {}, RefusalKind.NO_VISIT),
]


@pytest.mark.parametrize(("status", "body", "kind"), REFUSALS)
def test_a_refusal_is_an_outcome_with_a_reason(status: int, body: Mapping[str, Any], kind: RefusalKind) -> None:
    with pytest.raises(Refused) as caught:
        done(Answer(status, body, is_page=False), "talons/7")

    assert caught.value.kind is kind
    assert caught.value.what.read("ru")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, {}, OutcomeUnknown),
        (502, None, OutcomeUnknown),
        (200, None, OutcomeUnknown),
        (401, {}, NotLetIn),
        (403, None, NotLetIn),
        (404, {}, NoMethod),
        (405, {}, NoMethod),
    ],
)
def test_what_a_write_may_be_answered_otherwise(status: int, body: Any, error: type[PriemError]) -> None:
    with pytest.raises(error):
        done(Answer(status, body, is_page=body is None), "talons")


@pytest.mark.parametrize(
    "body", [{"status": "Ok", "id": 7}, {"id": "7"}, {"data": [{"id": 7}]}, {"data": {"id": 7, "status_id": 1}}]
)
def test_what_was_made_is_told_in_many_shapes(body: Any) -> None:
    assert str(done(Answer(200, json.loads(json.dumps(body)), is_page=False), "talons")["id"]) == "7"


def test_clocks_that_differ_are_told_by_the_gateways_date(branch: RecordedClinic) -> None:
    branch.recorded.ahead = timedelta(minutes=10)

    found = [finding.what.read("en") for finding in branch.open().check() if finding.severity == "warning"]

    assert [line for line in found if "+10 min" in line]
