"""Whatever becomes of the line, of the agent's disk and of the hub: nothing is lost, and nothing comes twice."""

import gzip
import os
import random
import shutil
from collections import Counter
from pathlib import Path

import httpx2
import pytest

from priem.agent.folder import Folder
from priem.agent.line import Line, TooLarge, Unread
from priem.agent.reading import MOST_PARTS
from priem.agent.running import TRIES, Agent
from priem.errors import AskOperator, TryLater
from priem.hub.agents import feeds
from priem.hub.agents.feeds import Place
from priem.hub.models import AgentFeed, AgentParcel, Connection
from priem.model import Page
from priem.relay.parcels import checksum
from priem.relay.words import Halt
from tests.agent.kit import KEY, Beside, first_reading, read_all, settle_at_last, stored
from tests.contract.source_contract import patients_of, visits_of
from tests.mis.ident.clinic import IdentClinic, Sandbox

pytestmark = pytest.mark.slow


def records(pages: list[Page]) -> Counter[str]:
    """How often each record came, as it was then."""
    return Counter(repr(record) for page in pages for record in (*page.patients, *page.visits))


@pytest.fixture
def small(beside: Beside) -> Beside:
    """An agent that reads in many small pages."""
    connection = Connection.objects.of(beside.clinic.pk).get(key=KEY)
    connection.config = {**connection.config, "page_size": 15}
    connection.save()
    return beside


@pytest.mark.parametrize("seed", range(int(os.environ.get("PRIEM_CUT_LINES", "1"))))
def test_lines_that_break_in_any_place_lose_and_double_nothing(small: Beside, ident: IdentClinic, seed: int) -> None:
    chance = random.Random(seed)
    feeds.begin(small.clinic.pk, KEY)
    small.wire.breaks = lambda _request: chance.choice(["", "", "before", "half", "after"])

    settle_at_last(small)
    patient = ident.register("Обрывова")
    visit = ident.book(patient)
    settle_at_last(small)
    small.wire.breaks = lambda _request: ""
    small.settle()

    whole = read_all(small)
    direct = list(ident.open(page_size=15).changes(None))
    assert max(records(first_reading(small)).values()) == 1
    assert patients_of(whole).keys() == patients_of(direct).keys()
    assert visits_of(whole)[visit].patient.id == patient
    assert visits_of(whole).keys() >= visits_of(direct).keys()
    assert stored(small) == list(range(1, len(stored(small)) + 1))


def test_a_line_that_is_cut_for_long_costs_nothing_but_time(small: Beside, ident: IdentClinic) -> None:
    feeds.begin(small.clinic.pk, KEY)
    small.settle()
    before = len(stored(small))
    small.wire.breaks = lambda _request: "before"
    visits = []
    for _ in range(3):
        visits.append(ident.book(ident.register("Долгих")))
        with pytest.raises(TryLater):
            small.agent.send_one() if small.agent.spool.waiting() else small.agent.report()
        small.agent.read_once()
        small.started()  # somebody switches the computer off and on, while nothing goes through
    assert small.agent.spool.lag() > 0
    assert len(stored(small)) == before

    small.wire.breaks = lambda _request: ""
    small.settle()

    assert set(visits) <= visits_of(read_all(small)).keys()
    assert small.agent.spool.waiting() == 0


def test_an_agent_that_starts_while_the_hub_is_away_reads_on(small: Beside, ident: IdentClinic) -> None:
    feeds.begin(small.clinic.pk, KEY)
    small.settle()
    visit = ident.book(ident.register("Упорова"))
    small.wire.breaks = lambda _request: "before"

    agent = small.started()
    agent.read_once()

    assert agent.spool.waiting() > 0
    small.wire.breaks = lambda _request: ""
    small.send_all()
    assert visit in visits_of(read_all(small))


def test_a_parcel_that_is_sent_twice_is_taken_once(beside: Beside) -> None:
    feeds.begin(beside.clinic.pk, KEY)
    beside.agent.report()
    beside.agent.read_once()
    first = beside.agent.spool.first()
    assert first

    beside.agent.line.send(*first)
    beside.agent.line.send(*first)

    assert stored(beside) == [1]


def test_another_parcel_under_a_number_that_is_taken_is_not(beside: Beside, ident: IdentClinic) -> None:
    """As an agent sends it whose disk was put back to an older state, and who has read since."""
    feeds.begin(beside.clinic.pk, KEY)
    beside.settle()
    older = beside.folder.path.with_name("older")
    shutil.copytree(beside.folder.path, older)
    ident.book(ident.register("Первая"))
    beside.settle()
    then = stored(beside)
    visit = ident.book(ident.register("Вторая"))

    again = Agent(Folder(older), beside.access(), beside.limits, line=beside.line(beside.access().token))
    again.read_once()
    while again.send_one():
        pass
    again.read_once()
    while again.send_one():
        pass

    again.reader.close()
    assert stored(beside)[: len(then)] == then
    assert visit in visits_of(read_all(beside))
    assert max(Counter(stored(beside)).values()) == 1


def test_a_hub_that_was_restored_gets_what_it_lacks(small: Beside, ident: IdentClinic) -> None:
    feeds.begin(small.clinic.pk, KEY)
    small.settle()
    row = AgentFeed.objects.of(small.clinic.pk).get()
    backup = {field.attname: getattr(row, field.attname) for field in AgentFeed._meta.fields}
    kept = list(AgentParcel.objects.of(small.clinic.pk).values_list("pk", flat=True))
    visit = ident.book(ident.register("Архивова"))
    small.settle()
    assert len(stored(small)) > len(kept)

    AgentParcel.objects.of(small.clinic.pk).exclude(pk__in=kept).delete()
    AgentFeed.objects.of(small.clinic.pk).update(**backup)
    small.settle()

    assert visit in visits_of(read_all(small))


def test_a_new_computer_goes_on_where_the_old_one_was(
    small: Beside, ident: IdentClinic, sandbox: Sandbox, tmp_path: Path
) -> None:
    feeds.begin(small.clinic.pk, KEY)
    small.settle()
    before = stored(small)
    visit = ident.book(ident.register("Новосёлова"))

    other = Beside(tmp_path / "other", small.clinic, sandbox)
    other.settle()

    other.agent.reader.close()
    feed = AgentFeed.objects.of(small.clinic.pk).get()
    assert (feed.stream, feed.is_first) == (1, False)
    assert stored(small)[: len(before)] == before
    assert max(records(first_reading(small)).values()) == 1
    assert visit in visits_of(read_all(small))
    with pytest.raises(AskOperator):
        small.agent.report()


def test_a_short_disk_stops_the_reading_and_the_hub_says_so(small: Beside, ident: IdentClinic) -> None:
    free = [10**12]
    small.free = lambda: free[0]
    feeds.begin(small.clinic.pk, KEY)
    small.started().report()
    small.settle()
    cursor = read_all(small)[-1].cursor
    visit = ident.book(ident.register("Тесноева"))

    free[0] = 5_000_000
    small.settle()
    small.agent.report()

    assert small.agent.halt is Halt.DISK
    with pytest.raises(TryLater, match="disk"):
        list(small.source().changes(cursor))
    free[0] = 10**12
    small.settle()
    small.agent.report()
    assert visit in visits_of(list(small.source().changes(cursor)))


def test_a_full_spool_stops_the_reading_until_the_hub_takes_it(small: Beside) -> None:
    feeds.begin(small.clinic.pk, KEY)
    small.agent.report()
    small.agent.spool._most = 12_000
    small.wire.breaks = lambda _request: "before"

    small.agent.read_once()
    full = small.agent.spool.waiting()
    small.agent.read_once()

    assert small.agent.halt is Halt.FULL
    assert small.agent.spool.waiting() == full
    small.wire.breaks = lambda _request: ""
    settle_at_last(small, times=60)
    assert not AgentFeed.objects.of(small.clinic.pk).get().is_first
    assert max(records(first_reading(small)).values()) == 1


def test_a_hub_that_takes_nothing_more_says_so_and_loses_nothing(
    small: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "MOST_PARCELS", 2)
    feeds.begin(small.clinic.pk, KEY)
    with pytest.raises(TryLater, match="taken"):
        small.settle()
    assert stored(small) == [1, 2]

    monkeypatch.undo()
    settle_at_last(small)

    assert max(records(first_reading(small)).values()) == 1
    assert not AgentFeed.objects.of(small.clinic.pk).get().is_first


def test_a_parcel_that_was_damaged_on_its_disk_is_read_again(small: Beside, ident: IdentClinic) -> None:
    feeds.begin(small.clinic.pk, KEY)
    small.agent.report()
    small.agent.read_once()
    second = sorted((small.folder.path / "spool").iterdir())[1]
    second.write_bytes(b"nothing")

    settle_at_last(small)

    direct = list(ident.open().changes(None))
    assert patients_of(read_all(small)).keys() == patients_of(direct).keys()


def test_a_parcel_that_was_damaged_on_its_way_is_not_kept(beside: Beside) -> None:
    feeds.begin(beside.clinic.pk, KEY)
    beside.agent.report()
    beside.agent.read_once()
    head, parcel = beside.agent.spool.first() or pytest.fail("nothing to send")
    damaged = parcel[:-1] + bytes([parcel[-1] ^ 1])

    answer = beside.agent.line.client.post(
        f"agent/parcels/{head.stream}/{head.sequence}",
        content=damaged,
        headers={"Authorization": f"Bearer {beside.access().token}", "Priem-Checksum": checksum(parcel)},
    )

    assert answer.status_code == 400
    assert stored(beside) == []


def test_a_page_that_a_proxy_finds_too_large_goes_in_smaller_ones(beside: Beside, ident: IdentClinic) -> None:
    feeds.begin(beside.clinic.pk, KEY)
    beside.agent.report()
    sizes: list[int] = []

    def narrow(request: httpx2.Request) -> str:
        sizes.append(len(request.content))
        return "large" if len(request.content) > 2500 else ""

    beside.wire.breaks = narrow
    settle_at_last(beside)

    assert max(sizes) > 2500
    assert patients_of(read_all(beside)).keys() == patients_of(list(ident.open().changes(None))).keys()
    assert stored(beside) == list(range(1, len(stored(beside)) + 1))


def test_what_cannot_be_smaller_is_said_by_the_hub(beside: Beside) -> None:
    feeds.begin(beside.clinic.pk, KEY)
    beside.agent.report()
    beside.agent.read_once()
    beside.wire.breaks = lambda request: "large" if "parcels" in request.url.path else ""
    beside.agent.reader._part = MOST_PARTS

    with pytest.raises(TooLarge) as met:
        beside.agent.send_one()
    beside.agent.sending.met(met.value)
    beside.agent.report()

    with pytest.raises(TryLater, match="at once"):
        list(beside.source().changes(None))


def test_a_parcel_that_the_hub_cannot_read_is_read_anew(beside: Beside, ident: IdentClinic) -> None:
    feeds.begin(beside.clinic.pk, KEY)
    beside.agent.report()
    beside.agent.read_once()
    beside.wire.breaks = lambda request: "damaged" if "parcels" in request.url.path else ""
    for _ in range(TRIES):
        with pytest.raises(Unread):
            beside.agent.send_one()
    assert beside.agent.spool.waiting() == 0

    beside.wire.breaks = lambda _request: ""
    beside.settle()

    assert patients_of(read_all(beside)).keys() == patients_of(list(ident.open().changes(None))).keys()


@pytest.mark.parametrize("told", [b"x" * 20_000_000, b"[" * 100_000])
def test_whoever_answers_endlessly_is_not_the_hub(beside: Beside, told: bytes) -> None:
    packed = httpx2.MockTransport(
        lambda _request: httpx2.Response(200, headers={"Content-Encoding": "gzip"}, content=gzip.compress(told, 1))
    )
    plain = httpx2.MockTransport(lambda _request: httpx2.Response(200, content=iter([told, told])))

    for transport in (packed, plain):
        with pytest.raises(TryLater, match="else than the hub"):
            Line(beside.line().address, "x", transport=transport).position()


def test_a_clinic_that_was_read_by_the_hub_goes_on_from_there(beside: Beside, ident: IdentClinic) -> None:
    source = ident.open()
    cursor = list(source.changes(None))[-1].cursor
    cursor = [*source.changes(cursor), Page(cursor=cursor)][-1].cursor
    visit = ident.book(ident.register("Переездова"))

    with pytest.raises(StopIteration):
        next(iter(beside.source().changes(cursor)))
    beside.settle()
    pages = list(beside.source().changes(cursor))

    assert visit in visits_of(pages)
    assert first_reading(beside) == []
    again = list(beside.source().changes(cursor))
    assert visits_of(again) == visits_of(pages)


@pytest.mark.parametrize("is_done", [True, False])
def test_a_hub_that_reads_itself_again_goes_on_behind_what_was_done(
    small: Beside, ident: IdentClinic, *, is_done: bool
) -> None:
    feeds.begin(small.clinic.pk, KEY)
    small.settle()
    pages = read_all(small)
    row = Connection.objects.of(small.clinic.pk)
    row.update(cursor=pages[-1 if is_done else 1].cursor)

    feeds.leave_agent(small.clinic.pk, KEY)

    cursor = row.get().cursor
    assert (cursor is not None) is is_done
    visit = ident.book(ident.register("Возвратова"))
    assert visit in visits_of(list(ident.open().changes(cursor)))


def test_only_the_clinics_own_cursor_lets_parcels_go(small: Beside, ident: IdentClinic) -> None:
    feeds.begin(small.clinic.pk, KEY)
    small.settle()
    pages = read_all(small)
    list(small.source().changes(pages[-1].cursor))  # as a rehearsal does
    assert len(read_all(small)) == len(pages)

    Connection.objects.of(small.clinic.pk).update(cursor=pages[2].cursor)
    visit = ident.book(ident.register("Ладова"))
    small.settle()
    rest = list(small.source().changes(pages[2].cursor))

    place = Place.parse(pages[2].cursor)
    assert place
    assert min(stored(small)) == place.sequence + 1
    assert visit in visits_of(rest)


def test_a_first_reading_is_begun_anew_once_its_beginning_is_done(small: Beside) -> None:
    feeds.begin(small.clinic.pk, KEY)
    small.settle()
    pages = read_all(small)
    Connection.objects.of(small.clinic.pk).update(cursor=pages[2].cursor)
    list(small.source().changes(pages[2].cursor))

    anew = read_all(small)

    assert patients_of(anew).keys() == patients_of(pages).keys()
    assert {Place.parse(page.cursor).stream for page in anew if Place.parse(page.cursor)} == {2}  # type: ignore[union-attr]  # asked for right there
