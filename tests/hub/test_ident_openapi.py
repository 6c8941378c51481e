"""The service for IDENT is asked what nobody thought of: whatever comes, it answers in words and stands.

IDENT_CASES sets how many cases each of the seven methods gets; `make fuzz` asks ten thousand times.
"""

import json
import os
from collections.abc import Iterator
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from priem.hub.ident.openapi import DOCUMENT
from priem.hub.ident.services import ServiceData, open_service
from priem.hub.models import Clinic

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
CASES = int(os.environ.get("IDENT_CASES", "60"))

configuration = schemathesis.Config.from_dict(
    {"generation": {"mode": "all", "allow-x00": True, "codec": "utf-8"}, "phases": {"stateful": {"enabled": False}}}
)
schema = schemathesis.openapi.from_dict(DOCUMENT, config=configuration)
schema.app = WSGIHandler()


@pytest.fixture
def service(clinic: Clinic, nothing_written_behind: None) -> Iterator[ServiceData]:  # noqa: ARG001  # requests are noted
    # The application closes its connection after each request; here it is the test's own.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield open_service(clinic.pk, "ident", "Europe/Moscow")
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@schema.parametrize()
@settings(
    max_examples=CASES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_whatever_is_asked_is_answered_as_the_document_says(case: Any, service: ServiceData) -> None:
    # Nine in ten come in by the right door: behind a wrong one there is nothing to find.
    if crc32(repr((case.body, case.query)).encode("utf-8", "replace")) % 10:
        case.path_parameters = {"clinic": "smile", "connection": "ident"}
        case.headers["IDENT-Integration-Key"] = service.key
        case.headers["Authorization"] = f"Bearer {service.applications_key}"
    answer = case.call(base_url="http://localhost")

    case.validate_response(answer, checks=[not_a_server_error, status_code_conformance, content_type_conformance])
    if answer.status_code >= 400:
        assert answer.headers["content-type"][0] == "text/plain; charset=utf-8"
        assert answer.text.strip()
    elif case.method.upper() == "GET" and "json" in str(answer.headers["content-type"]):
        assert isinstance(json.loads(answer.content), list)


def test_the_document_is_served_and_names_every_method(client: Any) -> None:
    served = client.get("/ident/openapi.json")

    assert served.json() == DOCUMENT
    assert {path.rpartition("/")[2] for path in served.json()["paths"]} == {
        "GetTickets",
        "GetFinishedCalls",
        "GetOngoingCalls",
        "PostTimeTable",
        "applications",
        "calls",
        "slots",
    }
