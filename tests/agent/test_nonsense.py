"""What a hostile agent may say, and what an agent lives through: no clinic's page, and no worker, suffers from it."""

import json
import math
from decimal import Decimal
from typing import Any

import pytest

from priem.agent.line import Address
from priem.errors import TryLater
from priem.hub.agents import feeds
from priem.hub.agents.seen import agents_of
from priem.model import Service
from priem.relay import shapes
from priem.relay.shapes import Unreadable
from priem.relay.texts import LONGEST_PAUSE, as_json, from_json, trouble_from_json
from priem.texts import text
from tests.agent.kit import HUB, KEY, Beside, stored


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
