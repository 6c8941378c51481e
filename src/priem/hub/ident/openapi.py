"""The service as OpenAPI, for whoever writes a site's form, and for tests that ask what nobody thought of."""

from typing import Any

from django.http import HttpRequest, JsonResponse

from priem.mis.ident.exchange.ticket import LONGEST_ID, LONGEST_TEXT, TEXTS
from priem.mis.ident.exchange.told_call import LONGEST_CALL_ID, TRACKING
from priem.mis.ident.exchange.told_call import TEXTS as CALL_TEXTS

MOMENT = {"type": "string", "format": "date-time", "example": "2026-05-12T10:00:00+03:00"}
WHOLE = {"type": "integer", "minimum": 0}
PLAIN = {"text/plain": {"schema": {"type": "string"}}}
REFUSALS: dict[str, Any] = {
    "400": {"description": "Something of the request cannot be read; the text says what.", "content": PLAIN},
    "401": {"description": "The key is missing.", "content": PLAIN},
    "403": {"description": "The key does not fit this address.", "content": PLAIN},
    "404": {"description": "There is nothing at this address.", "content": PLAIN},
    "405": {"description": "Another verb is wanted.", "content": PLAIN},
}
TOO_LARGE = {"413": {"description": "The body is too large.", "content": PLAIN}}
ADDRESS = [
    {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in ("clinic", "connection")
]

APPLICATION: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["Id", "ClientPhone"],
    "properties": {
        "Id": {
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST_ID,
            "description": "Your own id. The same again is the same application; never begins with amo-.",
        },
        "ClientPhone": {"type": "string", "description": "One full number with its code.", "example": "+79211234567"},
        "DoctorId": {"type": "integer", "minimum": 1, "description": "IDENT's number of the doctor."},
        "PlanStart": {**MOMENT, "description": "When the patient wishes to come."},
        "PlanEnd": {**MOMENT, "description": "Not before PlanStart, and at most 12 hours later."},
        **{name: {"type": "string", "maxLength": LONGEST_TEXT} for name in TEXTS},
    },
}
TICKET = {
    **APPLICATION,
    "required": ["Id", "DateAndTime", "ClientPhone"],
    "properties": {**APPLICATION["properties"], "DateAndTime": MOMENT},
}
CALL = {
    "type": "object",
    "required": ["DateAndTime", "Direction", "PhoneFrom", "PhoneTo", "WaitInSeconds"],
    "properties": {
        "DateAndTime": MOMENT,
        "Direction": {"type": "string", "enum": ["in", "out"]},
        "PhoneFrom": {"type": "string"},
        "PhoneTo": {"type": "string"},
        "WaitInSeconds": WHOLE,
        "TalkInSeconds": {"type": ["integer", "null"]},
        "LineDescription": {"type": ["string", "null"]},
        "RecordUrl": {"type": ["string", "null"]},
    },
}
TOLD_CALL = {
    "type": "object",
    "additionalProperties": False,
    "required": ["Id", "DateAndTime", "Direction"],
    "properties": {
        "Id": {"type": "string", "minLength": 1, "maxLength": LONGEST_CALL_ID, "description": "The telephony's own."},
        "DateAndTime": {**MOMENT, "description": "When it began."},
        "AnsweredAt": MOMENT,
        "EndedAt": {**MOMENT, "description": "Until it is told, IDENT shows the call as going on."},
        "Direction": {"type": "string", "enum": ["in", "out"]},
        **{name: {"type": "string", "maxLength": LONGEST_TEXT} for name in (*CALL_TEXTS, *TRACKING)},
    },
}
SLOT = {
    "type": "object",
    "required": ["DoctorId", "BranchId", "StartDateTime", "LengthInMinutes"],
    "properties": {
        "DoctorId": WHOLE,
        "DoctorName": {"type": "string"},
        "BranchId": WHOLE,
        "BranchName": {"type": "string"},
        "StartDateTime": MOMENT,
        "LengthInMinutes": WHOLE,
    },
}
DAY = {"type": "string", "format": "date", "example": "2026-05-12"}
NAMED = {"type": "object", "properties": {"Id": WHOLE, "Name": {"type": "string"}}}
TIMETABLE = {
    "type": "object",
    "required": ["Intervals"],
    "properties": {
        "Doctors": {"type": "array", "items": NAMED},
        "Branches": {"type": "array", "items": NAMED},
        "Intervals": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["DoctorId", "BranchId", "StartDateTime", "LengthInMinutes", "IsBusy"],
                "properties": {
                    "DoctorId": WHOLE,
                    "BranchId": WHOLE,
                    "StartDateTime": MOMENT,
                    "LengthInMinutes": {"type": "integer", "minimum": 1, "maximum": 1440},
                    "IsBusy": {"type": "boolean"},
                },
            },
        },
    },
}
TAKEN = {"application/json": {"schema": {"type": "object"}}}


def listing(summary: str, item: dict[str, Any], *, dates_required: bool = True) -> dict[str, Any]:
    """A GET of IDENT's: a period with both its ends, and a page of it."""
    query = [
        ("dateTimeFrom", MOMENT, dates_required),
        ("dateTimeTo", MOMENT, dates_required),
        ("limit", WHOLE, False),
        ("offset", WHOLE, False),
    ]
    parameters = [{"name": name, "in": "query", "required": must, "schema": schema} for name, schema, must in query]
    rows = {"application/json": {"schema": {"type": "array", "items": item}}, "application/xml": {"schema": {}}}
    return {
        "summary": summary,
        "security": [{"ident": []}],
        "parameters": [*ADDRESS, *parameters],
        "responses": {"200": {"description": "What there is of the period.", "content": rows}, **REFUSALS},
    }


def slots() -> dict[str, Any]:
    query = [
        ("from", DAY, "The first day; today."),
        ("to", DAY, "The last day; two weeks after the first."),
        ("minutes", WHOLE, "How long the visit is; 30."),
        ("doctor", WHOLE, "IDENT's number."),
        ("branch", WHOLE, "IDENT's number."),
    ]
    parameters = [{"name": name, "in": "query", "schema": schema, "description": of} for name, schema, of in query]
    rows = {"application/json": {"schema": {"type": "array", "items": SLOT}}}
    return {
        "summary": "When a visit may begin, by IDENT's last timetable",
        "security": [{"applications": []}],
        "parameters": [*ADDRESS, *parameters],
        "responses": {"200": {"description": "By moment, doctor and branch.", "content": rows}, **REFUSALS},
    }


def posting(summary: str, security: str, body: dict[str, Any], answers: dict[str, Any]) -> dict[str, Any]:
    return {
        "summary": summary,
        "security": [{security: []}],
        "parameters": ADDRESS,
        "requestBody": {"required": True, "content": body},
        "responses": {**answers, **REFUSALS, **TOO_LARGE},
    }


DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {
        "title": "Priem: the clinic's own service for IDENT",
        "version": "1",
        "description": "IDENT takes applications and calls and posts its timetable; sites leave applications. Every "
        "failure is 4XX or 5XX with a plain text. Names of methods go in any letter case.",
    },
    "components": {
        "securitySchemes": {
            "ident": {"type": "apiKey", "in": "header", "name": "IDENT-Integration-Key"},
            "applications": {"type": "http", "scheme": "bearer"},
        }
    },
    "paths": {
        "/ident/{clinic}/{connection}/GetTickets": {"get": listing("Applications for IDENT", TICKET)},
        "/ident/{clinic}/{connection}/GetFinishedCalls": {"get": listing("Calls that are over", CALL)},
        "/ident/{clinic}/{connection}/GetOngoingCalls": {
            "get": listing("Calls that go on now", CALL, dates_required=False)
        },
        "/ident/{clinic}/{connection}/PostTimeTable": {
            "post": posting(
                "IDENT's timetable, whole",
                "ident",
                {"application/json": {"schema": TIMETABLE}, "application/xml": {"schema": {}}},
                {"200": {"description": "It is in the place of the one before.", "content": TAKEN}},
            )
        },
        "/ident/{clinic}/{connection}/applications": {
            "post": posting(
                "An application from a site's form or an aggregator",
                "applications",
                {"application/json": {"schema": APPLICATION}},
                {
                    "200": {"description": "It was here already.", "content": TAKEN},
                    "201": {"description": "IDENT gets it with its next request.", "content": TAKEN},
                    "409": {"description": "Another application has this Id.", "content": PLAIN},
                },
            )
        },
        "/ident/{clinic}/{connection}/calls": {
            "post": posting(
                "News of a call from a telephony: begun, answered, over",
                "applications",
                {"application/json": {"schema": TOLD_CALL}},
                {"200": {"description": "IDENT gets it with its next request.", "content": TAKEN}},
            )
        },
        "/ident/{clinic}/{connection}/slots": {"get": slots()},
    },
}


def document(_request: HttpRequest) -> JsonResponse:
    return JsonResponse(DOCUMENT)
