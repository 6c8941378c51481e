"""What becomes of every kind of answer, on raw bytes of the shapes in docs/reference/amocrm.md §3.20."""

import threading

import pytest

from priem.amocrm.problems import Lost, NotSent, Refused
from priem.errors import AskOperator, BadRecord, OutcomeUnknown, PriemError, TryLater
from priem.model import ContactDraft, Outcome, PhoneEntry, State
from tests.amocrm.kit import Journal, Respond, Response, ScriptedServer, Seen, connected, hal, page, problem

pytestmark = pytest.mark.slow

BLOCKED = page(403, "403 Forbidden")
SCOPE = problem(403, "Invalid scope")
IP = problem(403, "Код ошибки 113. Доступ с вашего IP запрещён")
NO_RIGHTS = problem(400, "Код ошибки 244. В случае повторного возникновения ошибки, обращайтесь в нашу поддержку")
UNPAID = problem(402, "Аккаунт не оплачен")
UNAUTHORISED = problem(401, "Неверный логин или пароль")
PAGE_WITH_200: Response = (200, {"Content-Type": "text/html"}, b"<html><body>amoCRM</body></html>")


def always(response: Response | None) -> Respond:
    return lambda _request: response


@pytest.mark.parametrize(
    ("response", "on_read", "on_write"),
    [
        (problem(400, "Request validation failed"), BadRecord, Refused),
        (NO_RIGHTS, AskOperator, AskOperator),
        (UNAUTHORISED, AskOperator, AskOperator),
        (UNPAID, AskOperator, AskOperator),
        (BLOCKED, AskOperator, AskOperator),
        (SCOPE, AskOperator, AskOperator),
        (IP, AskOperator, AskOperator),
        ((403, {}, b""), AskOperator, AskOperator),
        (page(404, "404 Not Found"), AskOperator, AskOperator),
        (problem(404, "Cannot GET https://example.amocrm.ru/api/v4/x!"), BadRecord, Refused),
        ((405, {}, b""), BadRecord, Refused),
        (problem(422, "Unprocessable"), BadRecord, Refused),
        ((302, {"Location": "https://www.amocrm.ru/"}, b""), AskOperator, AskOperator),
        (page(429, "429 Too Many Requests"), TryLater, TryLater),
        (page(500, "500 Internal Server Error"), TryLater, Lost),
        (page(502, "502 Bad Gateway"), TryLater, Lost),
        (page(503, "503 Service Unavailable"), TryLater, Lost),
        (page(504, "504 Gateway Time-out"), TryLater, Lost),
        (PAGE_WITH_200, TryLater, Lost),
        (None, TryLater, Lost),
    ],
)
def test_every_answer_has_one_who_moves_next(
    response: Response | None, on_read: type[PriemError], on_write: type[PriemError]
) -> None:
    with ScriptedServer(always(response)) as server, connected(server.config()) as crm:
        with pytest.raises(on_read) as read:
            crm.client.get("/api/v4/contacts")
        assert not isinstance(read.value, OutcomeUnknown), "a read leaves nothing behind"
        with pytest.raises(on_write):
            crm.client.write("POST", "/api/v4/contacts", [{}])


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (BLOCKED, "blocked"),
        (SCOPE, "no right"),
        (IP, "allowed addresses"),
        (UNPAID, "subscription"),
        (UNAUTHORISED, "token"),
        (page(404, "404"), "no amoCRM account"),
    ],
)
def test_a_person_is_told_which_of_the_walls_it_is(response: Response, words: str) -> None:
    with ScriptedServer(always(response)) as server, connected(server.config()) as crm:
        with pytest.raises(AskOperator) as raised:
            crm.client.get("/api/v4/contacts")
        assert words in str(raised.value)
        assert raised.value.advice is not None


@pytest.mark.parametrize(
    "response", [(204, {}, b""), (200, {}, b""), (202, {}, b"accepted"), (200, {}, b'{"_embedded":[]}')]
)
def test_an_empty_answer_is_an_empty_list(response: Response) -> None:
    with ScriptedServer(always(response)) as server, connected(server.config()) as crm:
        assert crm.client.get("/api/v4/contacts").rows("contacts") == []


def test_a_read_is_repeated_and_a_write_is_not() -> None:
    def broken_once_per_method(request: Seen) -> Response:
        first = sum(one.method == request.method for one in server.seen) == 1
        return page(502, "502 Bad Gateway") if first else hal({"_embedded": {"contacts": []}})

    with ScriptedServer(broken_once_per_method) as server, connected(server.config()) as crm:
        crm.client.get("/api/v4/contacts")
        with pytest.raises(Lost):
            crm.client.write("POST", "/api/v4/contacts", [{}])
        assert [one.method for one in server.seen] == ["GET", "GET", "POST"]


def test_403_is_never_repeated() -> None:
    with ScriptedServer(always(BLOCKED)) as server, connected(server.config()) as crm:
        with pytest.raises(AskOperator):
            crm.client.get("/api/v4/contacts")
        assert len(server.seen) == 1


def test_a_write_answered_429_goes_again_after_a_pause() -> None:
    def busy_once(_request: Seen) -> Response:
        busy = len(server.seen) == 1
        return page(429, "429 Too Many Requests") if busy else hal({"_embedded": {"contacts": [{"id": 5}]}})

    with ScriptedServer(busy_once) as server, connected(server.config()) as crm:
        written = [one for batch in crm.write_contacts([ContactDraft(ref="a")]) for one in batch]
    assert [(one.state, one.id) for one in written] == [(State.DONE, 5)]
    assert len(server.seen) == 2


def test_nobody_there_means_not_sent() -> None:
    with ScriptedServer(always(None)) as server:
        config = server.config()
    with connected(config) as crm:
        with pytest.raises(NotSent):
            crm.client.write("POST", "/api/v4/contacts", [{}])
        written = [one for batch in crm.write_contacts([ContactDraft(ref="a")]) for one in batch]
    assert [one.state for one in written] == [State.POSTPONED]


def test_the_journal_has_every_request_and_none_of_what_is_in_it() -> None:
    def busy_then_fine(_request: Seen) -> Response:
        return page(502, "502 Bad Gateway") if len(server.seen) == 1 else hal({"_embedded": {"contacts": [{"id": 1}]}})

    journal = Journal()
    with ScriptedServer(busy_then_fine) as server, connected(server.config(), journal=journal) as crm:
        crm.client.get("/api/v4/contacts", [("query", "79123000001")])
        draft = ContactDraft(ref="a", name="Анна Белова", phones=(PhoneEntry("+79123000001"),))
        list(crm.write_contacts([draft]))
    told = [(one.what, one.status, one.items, one.request_id) for one in journal.exchanges]
    assert told == [
        ("GET /api/v4/contacts", 502, 0, ""),
        ("GET /api/v4/contacts", 200, 1, "r-1"),
        ("POST /api/v4/contacts", 200, 1, "r-1"),
    ]
    assert journal.exchanges[0].error is not None
    assert "9123000001" not in repr(journal.exchanges)
    assert "Белова" not in repr(journal.exchanges)


def write_many(server: ScriptedServer, count: int) -> list[Outcome]:
    with connected(server.config()) as crm:
        drafts = [ContactDraft(ref=f"ref {place}", name=str(place)) for place in range(count)]
        return [one for batch in crm.write_contacts(drafts) for one in batch]


def created(request: Seen, *, with_request_id: bool = True, backwards: bool = False) -> Response:
    """Ids that tell which record they are of."""
    rows = [
        {"id": 1000 + int(item["name"])} | ({"request_id": item["request_id"]} if with_request_id else {})
        for item in request.json
    ]
    return hal({"_embedded": {"contacts": rows[::-1] if backwards else rows}})


def assert_all_done(outcomes: list[Outcome], count: int) -> None:
    assert {one.ref: (one.state, one.id) for one in outcomes} == {
        f"ref {place}": (State.DONE, 1000 + place) for place in range(count)
    }


def test_answers_are_matched_by_request_id_whatever_their_order() -> None:
    with ScriptedServer(lambda request: created(request, backwards=True)) as server:
        assert_all_done(write_many(server, 30), 30)


def test_without_request_ids_the_order_tells() -> None:
    with ScriptedServer(lambda request: created(request, with_request_id=False)) as server:
        assert_all_done(write_many(server, 30), 30)


def test_a_record_that_the_answer_leaves_out_is_unknown() -> None:
    def two_of_three(request: Seen) -> Response:
        rows = [{"id": 7, "request_id": "0"}, {"id": 9, "request_id": "2"}]
        return hal({"_embedded": {"contacts": rows}}) if request.method == "POST" else hal({})

    with ScriptedServer(two_of_three) as server:
        found = {one.ref: (one.state, one.id) for one in write_many(server, 3)}
    assert found == {"ref 0": (State.DONE, 7), "ref 1": (State.UNKNOWN, None), "ref 2": (State.DONE, 9)}


def test_a_batch_that_is_too_slow_is_unknown_and_the_next_are_smaller() -> None:
    def slow_when_big(request: Seen) -> Response:
        return page(504, "504 Gateway Time-out") if len(request.json) > 60 else created(request)

    with ScriptedServer(slow_when_big) as server:
        config = server.config()
        with connected(config) as crm:
            for start in range(0, 2500, 500):
                drafts = [ContactDraft(ref=str(at), name=str(at)) for at in range(start, start + 500)]
                outcomes = [one for batch in crm.write_contacts(drafts) for one in batch]
                assert len(outcomes) == 500
        sizes = [len(one.json) for one in server.seen]
    assert sizes[0] == 250
    assert {one.state for one in outcomes} == {State.DONE}, "the last call knew what amoCRM can take"
    assert max(sizes[-8:]) <= 80


def test_a_silent_amocrm_is_not_given_everything_to_lose() -> None:
    with ScriptedServer(always(None)) as server:
        outcomes = write_many(server, 250 * 60)
        sent = len(server.seen)
    assert len(outcomes) == 250 * 60
    assert {one.state for one in outcomes} == {State.UNKNOWN, State.POSTPONED}
    assert sent <= 40


def test_a_complaint_that_names_nobody_is_narrowed_down_to_the_bad_record() -> None:
    def unhappy_with_13(request: Seen) -> Response:
        if any(item["name"] == "13" for item in request.json):
            return problem(400, "Invalid request body")
        return created(request)

    with ScriptedServer(unhappy_with_13) as server:
        outcomes = write_many(server, 100)
    refused = [one for one in outcomes if one.state is State.REFUSED]
    assert [one.ref for one in refused] == ["ref 13"]
    done = {one.ref: one.id for one in outcomes if one.state is State.DONE}
    assert done == {f"ref {place}": 1000 + place for place in range(100) if place != 13}


@pytest.mark.parametrize("as_object", [False, True])
def test_many_complaints_at_once_cost_one_more_request(*, as_object: bool) -> None:
    """PHP writes a list with gaps as an object."""
    error = {"code": "InvalidType", "path": "name", "detail": "This value should be of type string."}

    def unhappy_with_even_ones(request: Seen) -> Response:
        names = enumerate(item["name"] for item in request.json)
        bad = {str(at): {"request_id": str(at), "errors": [error]} for at, name in names if int(name) % 2 == 0}
        if bad:
            return problem(400, "Validation", **{"validation-errors": bad if as_object else list(bad.values())})
        return created(request)

    with ScriptedServer(unhappy_with_even_ones) as server:
        outcomes = write_many(server, 250)
        posted = [one for one in server.seen if one.method == "POST"]
    assert sum(one.state is State.REFUSED for one in outcomes) == 125
    assert {one.ref: one.id for one in outcomes if one.state is State.DONE} == {
        f"ref {place}": 1000 + place for place in range(1, 250, 2)
    }
    assert len(posted) == 2


def test_what_is_in_the_trash_is_not_there() -> None:
    def trash(request: Seen) -> Response:
        if "contacts?" not in request.path:
            return account(request)
        rows = [{"id": 1, "name": "a", "is_deleted": True}, {"id": 2, "name": "b", "is_deleted": False}]
        return hal({"_links": {}, "_embedded": {"contacts": rows}})

    with ScriptedServer(trash) as server, connected(server.config()) as crm:
        assert [one.id for one in crm.some_contacts([1, 2], ())] == [2]


def test_complaints_name_the_field_and_not_its_place_in_the_request() -> None:
    def complain(_request: Seen) -> Response:
        error = {"code": "NotSupportedChoice", "path": "custom_fields_values.0.values", "detail": "Not a valid choice."}
        return problem(400, "Validation", **{"validation-errors": [{"request_id": "0", "errors": [error]}]})

    with ScriptedServer(complain) as server, connected(server.config()) as crm:
        (outcome,) = next(iter(crm.write_contacts([ContactDraft(ref="a", phones=())])))
    assert (outcome.state, outcome.request_id) == (State.REFUSED, "r-2")
    assert str(outcome.reason) == (
        "amoCRM does not take this record (NotSupportedChoice): field PHONE: Not a valid choice."
    )


def test_batches_are_in_flight_together() -> None:
    """Three batches are answered only once all three have come."""
    together = threading.Barrier(3, timeout=20)

    def answer(request: Seen) -> Response:
        together.wait()
        return created(request)

    with ScriptedServer(answer) as server:
        assert_all_done(write_many(server, 750), 750)


def test_a_change_goes_before_batches_that_wait_for_their_turn() -> None:
    """As many requests as a second holds are gone, and more wait: what was just changed is the next but one."""
    full, enough = [ContactDraft(ref=str(at), name=str(at)) for at in range(250 * 14)], threading.Event()

    def answer(request: Seen) -> Response:
        if len(server.seen) >= 8:
            enough.set()
        return created(request)

    with ScriptedServer(answer) as server, connected(server.config(requests_per_second=7), lane="live") as crm:
        running = threading.Thread(target=lambda: list(crm.write_contacts(full)))
        running.start()
        assert enough.wait(20)
        before = len(server.seen)
        list(crm.write_contacts([ContactDraft(ref="one", name="99")]))
        came = next(at for at, seen in enumerate(server.seen) if len(seen.json) == 1)
        running.join()
    assert came - before <= 2
    assert len(server.seen) == 15


def test_a_stop_in_the_middle_postpones_the_rest_and_is_raised_last() -> None:
    def paid_for_two(request: Seen) -> Response:
        return created(request) if len(server.seen) <= 2 else UNPAID

    outcomes: list[Outcome] = []
    with ScriptedServer(paid_for_two) as server, connected(server.config()) as crm:
        batches = crm.write_contacts([ContactDraft(ref=str(at), name=str(at)) for at in range(250 * 40)])
        with pytest.raises(AskOperator, match="subscription"):
            outcomes.extend(one for batch in batches for one in batch)
        sent = len(server.seen)
    assert sent < 40


def test_pages_are_in_flight_together_and_come_in_order() -> None:
    """From the third page on, a page is answered only when another one is being asked for."""
    pair = threading.Barrier(2, timeout=20)

    def answer(request: Seen) -> Response:
        number = int(request.path.split("page=")[1].split("&")[0])
        if 4 <= number <= 9:
            pair.wait()
        if number > 12:
            return 204, {}, b""
        links = {"next": {"href": "x"}} if number < 12 else {}
        return hal({"_links": links, "_embedded": {"contacts": [{"id": number, "name": "a"}]}})

    with ScriptedServer(lambda request: answer(request) if "contacts?" in request.path else account(request)) as server:
        with connected(server.config(requests_per_second=7)) as crm:
            ids = [contact.id for batch in crm.contacts(None, ()) for contact in batch]
        asked = [one.path for one in server.seen if "contacts?" in one.path]
    assert ids == list(range(1, 13))
    assert len(asked) <= 12 + 4


def account(request: Seen) -> Response:
    if request.path.startswith("/api/v4/account"):
        return hal({"id": 1, "name": "Клиника", "subdomain": "clinic", "is_api_filter_enabled": True})
    return 204, {}, b""


def test_a_filter_that_is_ignored_without_a_word_is_made_up_for() -> None:
    def everything(request: Seen) -> Response:
        if "contacts?" not in request.path:
            return account(request)
        rows = [{"id": at, "name": "a", "updated_at": at} for at in range(1, 6)]
        return hal({"_links": {}, "_embedded": {"contacts": rows}})

    with ScriptedServer(everything) as server, connected(server.config()) as crm:
        assert [one.id for page_ in crm.contacts(4, ()) for one in page_] == [4, 5]
