"""What a hostile agent may say, and what an agent lives through: no clinic's page, and no worker, suffers from it."""

import json
import math
import zlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from priem.agent.line import Address
from priem.errors import AskOperator, TryLater
from priem.hub.agents import asking, feeds
from priem.hub.agents.seen import agents_of
from priem.hub.history.keeping import tidy
from priem.hub.models import AgentFeed, AgentQuestion, Connection
from priem.model import Patient, PatientKey, Rejected, Service
from priem.ports import Counts
from priem.relay import shapes
from priem.relay.parcels import MOST_UNPACKED, Load, as_bytes, load_in, message_in
from priem.relay.shapes import Unreadable
from priem.relay.texts import LONGEST_PAUSE, as_json, from_json, trouble_from_json
from priem.relay.words import Kind
from priem.texts import text
from tests.agent.kit import HUB, KEY, Beside, read_all, stored
from tests.contract.source_contract import patients_of


def laughing(levels: int) -> dict[str, Any]:
    said: dict[str, Any] = {"template": "ha", "values": {}}
    for _ in range(levels):
        said = {"template": "{x}{x}", "values": {"x": said}}
    return said


@pytest.mark.parametrize(
    "said",
    [
        {"template": "{x:>2000000000}", "values": {"x": "a"}},
        {"template": "{x.__class__}", "values": {"x": "a"}},
        {"template": "{x!r}", "values": {"x": "a"}},
        {"template": "{0}", "values": {"0": "a"}},
        {"template": "{lacking}", "values": {}},
        {"template": "{", "values": {}},
        {"template": "{x}" * 1000, "values": {"x": "a" * 1000}},
        laughing(40),
    ],
)
def test_sentences_that_nobody_could_read_are_none(said: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_json(said)
    assert "cannot be understood" in str(trouble_from_json({"what": said}).what)


def test_sentences_of_ours_come_as_they_went() -> None:
    said = text("The hub {hub} does not answer.", hub=[text("a"), text("b {c}", c=1)])

    assert from_json(json.loads(json.dumps(as_json(said)))) == said


@pytest.mark.parametrize(
    ("after", "kept"), [(5, 5.0), (1e300, LONGEST_PAUSE), (math.inf, None), (math.nan, None), (-1, None), (None, None)]
)
def test_nobody_is_told_to_wait_for_ever(after: float | None, kept: float | None) -> None:
    error = trouble_from_json({"is_later": True, "after": after, "what": as_json(text("a"))})

    assert isinstance(error, TryLater)
    assert error.after == kept


@pytest.mark.parametrize("amount", ["1E+1000000000", "NaN", "Infinity", "1" * 50, "0E-999999"])
def test_amounts_that_cannot_be_are_refused(amount: str) -> None:
    written = shapes.written(Service, Service(name="", count=Decimal(1), total=Decimal("1500.50")))
    assert shapes.read(Service, written).total == Decimal("1500.50")
    written["value"] = [amount if value == "1500.50" else value for value in written["value"]]

    with pytest.raises(Unreadable):
        shapes.read(Service, written)


def test_figures_and_moments_that_are_none_do_not_break_the_page(beside: Beside) -> None:
    headers = {"Authorization": f"Bearer {beside.access().token}"}

    answer = beside.line().client.post(
        "agent/report", content=b'{"read_at": "yesterday", "lag": NaN, "waiting": ["x"]}', headers=headers
    )

    assert answer.status_code == 200
    assert agents_of(beside.clinic.pk, KEY)["agent"].read_at is None
    report = agents_of(beside.clinic.pk, KEY)["agent"].report
    assert (report["lag"], report["waiting"]) == (0, 0)


def test_a_proxys_login_is_not_shown() -> None:
    assert "secret" not in repr(Address(url=HUB.url, proxy="http://me:secret@proxy:3128"))


def test_parcels_leave_a_disk_that_takes_nothing_more(beside: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    feeds.begin(beside.clinic.pk, KEY)
    beside.agent.report()
    beside.agent.read_once()
    waiting = beside.agent.spool.waiting()

    def full(*_what: object) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr("priem.agent.folder.replace_durably", full)
    beside.send_all()

    assert len(stored(beside)) == waiting > 0
    assert beside.agent.spool.waiting() == 0
    assert list((beside.folder.path / "spool").iterdir()) == []


def test_an_error_of_its_own_is_told_and_ends_no_thread(beside: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = beside.agent
    pauses: list[float] = []

    def breaks() -> bool:
        raise RuntimeError("Иванов")

    def rests(seconds: float) -> bool:
        pauses.append(seconds)
        if len(pauses) > 1:
            agent.end()
        return True

    monkeypatch.setattr(agent, "send_one", breaks)
    monkeypatch.setattr(agent.stop, "wait", rests)
    agent._keep_sending()

    assert len(pauses) == 2
    assert "error of its own" in str(agent.sending.error and agent.sending.error.what)


def test_one_record_that_cannot_be_read_keeps_no_other_waiting(beside: Beside) -> None:
    """As a newer agent may send it, whose МИС says what this hub has no word for."""
    feeds.begin(beside.clinic.pk, KEY)
    beside.settle()
    whole = load_in(bytes(feeds.parcels(beside.clinic.pk, KEY).order_by("sequence")[0].body))
    message = message_in(zlib.compress(as_bytes(shapes.written(Load, whole))), MOST_UNPACKED)
    place = message["shapes"]["Patient"].index("birthday")
    message["value"][0][0][1][place] = "long ago"

    read = load_in(zlib.compress(as_bytes(message)))

    first, odd, *others = whole.page.patients
    assert read.page.patients == (first, *others)
    [rejected] = [one for one in read.page.rejected if one not in whole.page.rejected]
    assert (rejected.kind, rejected.id) == ("patient", odd.key.id)
    assert read.page.visits == whole.page.visits


def test_a_parcel_that_cannot_be_opened_is_set_aside_said_and_read_anew(beside: Beside) -> None:
    feeds.begin(beside.clinic.pk, KEY)
    beside.settle()
    there = patients_of(read_all(beside)).keys()
    feeds.parcels(beside.clinic.pk, KEY).filter(sequence=1).update(body=b"nothing")

    with pytest.raises(AskOperator, match="cannot be read"):
        read_all(beside)  # begun just now: reading it over would bring the same
    AgentFeed.objects.of(beside.clinic.pk).update(begun_at=datetime.now(UTC) - feeds.STALE)
    with pytest.raises(TryLater, match="read anew"):
        list(beside.source().changes("agent:1:0"))

    assert patients_of(list(beside.source().changes("agent:1:0"))).keys() == there


def test_answers_about_another_connection_are_none(beside: Beside) -> None:
    stranger = Patient(key=PatientKey("another", "1"), name="Чужая")
    kind = tuple[Patient | Rejected, ...]
    question = asking.put(beside.clinic.pk, KEY, Kind.PATIENTS, {"ids": ["1"]})
    told = zlib.compress(as_bytes({"answer": shapes.written(kind, (stranger,))}))
    asking.answered(beside.clinic.pk, KEY, question.pk, told)

    with pytest.raises(AskOperator, match="cannot be read"):
        beside.source().patients(["1"])


def test_what_nobody_waits_for_is_swept_away(beside: Beside) -> None:
    feeds.begin(beside.clinic.pk, KEY)
    beside.settle()
    now = datetime.now(UTC)
    old = asking.put(beside.clinic.pk, KEY, Kind.COUNT, {})
    asking.questions(beside.clinic.pk, KEY).update(until=now - timedelta(seconds=1))
    new = asking.put(beside.clinic.pk, "another", Kind.COUNT, {})

    tidy(now)
    left = set(AgentQuestion.objects.of(beside.clinic.pk).values_list("pk", flat=True))
    assert (old.pk in left, new.pk in left, bool(stored(beside))) == (False, True, True)

    Connection.objects.of(beside.clinic.pk).filter(key=KEY).delete()
    tidy(now)
    assert stored(beside) == []
    assert not AgentFeed.objects.of(beside.clinic.pk).exists()


def test_an_answer_that_would_become_an_endless_one_is_none(beside: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MOST_UNPACKED", 1000)
    question = asking.put(beside.clinic.pk, KEY, Kind.COUNT, {})
    bomb = zlib.compress(b'{"answer": "' + b" " * 1000 + b'"}')
    asking.answered(beside.clinic.pk, KEY, question.pk, bomb)

    with pytest.raises(TryLater, match="cannot be understood"):
        asking.taken(question, Counts)
