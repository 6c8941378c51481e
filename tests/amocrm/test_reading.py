"""Lists that change while they are read."""

import time
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from priem.amocrm.newest import newest, place
from priem.amocrm.problems import Answer
from priem.amocrm.reading import PAGE, Beside, complete_pages, read_pages
from priem.errors import TryLater
from priem.model import Contact, ContactDraft, PatientKey
from priem.ports import Gone
from tests.amocrm.kit import SandboxProcess, connected


@dataclass
class ChangingList:
    """A list ordered by id; before each page is read, what `plan` has for that moment is deleted or created."""

    ids: list[int]
    plan: dict[int, tuple[list[int], int]]
    reads: int = 0
    deleted: set[int] = field(default_factory=set)

    def read(self, first: int) -> Iterator[tuple[Contact, ...]]:
        number = first
        while page := self.page(number):
            yield page
            number += 1

    def page(self, number: int) -> tuple[Contact, ...]:
        self.reads += 1
        places, created = self.plan.get(self.reads, ([], 0))
        for at in places:
            if at < len(self.ids):
                self.deleted.add(self.ids.pop(at))
        self.ids.extend(range(10**6 * self.reads, 10**6 * self.reads + created))
        return tuple(Contact(id=id_, name="") for id_ in self.ids[(number - 1) * PAGE : number * PAGE])

    def vanished(self) -> Collection[int]:
        return frozenset(self.deleted)


@given(
    st.integers(min_value=0, max_value=5 * PAGE),
    st.dictionaries(
        st.integers(min_value=1, max_value=12),
        st.tuples(st.lists(st.integers(min_value=0, max_value=5 * PAGE), max_size=4), st.integers(0, 3)),
        max_size=5,
    ),
)
def test_whoever_is_there_before_and_after_is_read_once(count: int, plan: dict[int, tuple[list[int], int]]) -> None:
    changing = ChangingList(list(range(1, count + 1)), plan)
    read = [row.id for page in complete_pages(changing.read, changing.vanished) for row in page]
    assert len(read) == len(set(read))
    assert set(range(1, count + 1)) - changing.deleted <= set(read)


def test_nothing_is_asked_about_a_list_of_one_page() -> None:
    def nobody_asks() -> Collection[int]:
        raise AssertionError("it costs a request")

    changing = ChangingList(list(range(1, PAGE)), {})
    assert len([row for page in complete_pages(changing.read, nobody_asks) for row in page]) == PAGE - 1


def answer(number: int, pages: int) -> Answer:
    links = {"next": {"href": "there"}} if number < pages else {}
    return Answer(method="GET", path="/api/v4/leads", status=200, shape="json", body={"_links": links}, seconds=0.3)


@pytest.mark.parametrize(("pages", "asked"), [(9, [1, 2, 3, 4]), (1, [1])])
def test_a_reading_looks_further_ahead_while_something_else_is_done(pages: int, asked: list[int]) -> None:
    numbers: list[int] = []

    def get(number: int) -> Answer:
        numbers.append(number)
        return answer(number, pages)

    with ThreadPoolExecutor(1) as executor:
        beside = Beside()
        reading = read_pages(get, lambda _: numbers[-1], lambda: executor, 7, is_whole=True, beside=beside)
        executor.submit(len, "").result()  # the first page has come
        beside.look_ahead(4)
        executor.submit(len, "").result()

        assert numbers == asked
        assert len(list(reading)) == pages
        before = len(numbers)
        beside.look_ahead(4)
    assert len(numbers) == before, "it is at its end"


@pytest.mark.slow
def test_a_contact_that_slips_past_the_reader_is_caught_up_with(sandbox: SandboxProcess) -> None:
    with connected(sandbox.config(requests_per_second=1000), sandbox.long_lived()) as crm:
        crm.prepare()
        drafts = [ContactDraft(ref=str(at), keys=(PatientKey("ident", str(at)),)) for at in range(3 * PAGE)]
        written = sorted(one.id for batch in crm.write_contacts(drafts) for one in batch if one.id)
        pages = crm.contacts(None, ())
        first = next(pages)
        for id_ in written[10:20]:
            sandbox.act("delete_contact", contact_id=id_)
        read = [row.id for page in (first, *pages) for row in page]
    assert len(read) == len(set(read))
    assert set(written) - set(written[10:20]) <= set(read)


@pytest.mark.slow
def test_merges_and_deletions_are_heard_of(sandbox: SandboxProcess) -> None:
    began = int(time.time()) - 2
    with connected(sandbox.config(requests_per_second=1000), sandbox.long_lived()) as crm:
        names = ("winner", "loser", "loser of the loser", "deleted", "untouched")
        ids = {name: int(sandbox.act("contact", name=name)["contact_id"]) for name in names}
        leads = [int(sandbox.act("lead", name=str(at))["lead_id"]) for at in range(3)]
        sandbox.act("merge_contacts", winner=ids["loser"], loser=ids["loser of the loser"])
        sandbox.act("merge_contacts", winner=ids["winner"], loser=ids["loser"])
        sandbox.act("merge_leads", winner=leads[0], loser=leads[1])
        sandbox.act("delete_contact", contact_id=ids["deleted"])
        sandbox.act("delete_lead", lead_id=leads[2])

        gone = crm.gone_since(began)

        assert gone.merged_contacts == {
            ids["loser"]: ids["winner"],
            ids["loser of the loser"]: ids["winner"],
        }
        assert gone.merged_leads == {leads[1]: leads[0]}
        assert (set(gone.contacts), set(gone.leads)) == ({ids["deleted"]}, {leads[2]})
        assert crm.gone_since(began + 600) == Gone()


@dataclass
class NewestFirst:
    """A list ordered by time of change; after each page was read, what `plan` has for that moment happens to it."""

    rows: list[Contact]
    plan: dict[int, tuple[list[int], list[int]]]
    """Places that are deleted, places that are changed."""
    reads: int = 0
    now: int = 10_000

    def read(self) -> Iterator[tuple[Contact, ...]]:
        for number in range(1, 10**6):
            page, limit = place(number)
            found = tuple(self.rows[(page - 1) * limit : page * limit])
            more = len(self.rows) > page * limit
            self.meanwhile()
            yield found
            if not more:
                return

    def meanwhile(self) -> None:
        deleted, changed = self.plan.get(self.reads, ([], []))
        self.reads += 1
        for at in deleted:
            del self.rows[at : at + 1]
        for at in changed:
            if at < len(self.rows):
                self.now += 1
                self.rows.insert(0, replace(self.rows.pop(at), updated_at=self.now))


PLACES = st.lists(st.integers(min_value=0, max_value=900), max_size=12)


@given(
    st.integers(min_value=0, max_value=900),
    st.integers(min_value=0, max_value=900),
    st.dictionaries(st.integers(min_value=0, max_value=5), st.tuples(PLACES, PLACES), max_size=4),
)
def test_of_what_changed_nothing_slips_through_whatever_is_deleted_meanwhile(
    count: int, since: int, plan: dict[int, tuple[list[int], list[int]]]
) -> None:
    changing = NewestFirst([Contact(id=at, name="", updated_at=at) for at in range(count, 0, -1)], plan)
    read = [row.id for page in newest(changing.read, since) for row in page]
    assert len(read) == len(set(read))
    unchanged = {row.id for row in changing.rows if row.updated_at <= count}
    assert {id_ for id_ in unchanged if id_ >= since} <= set(read)


def test_pages_of_changes_overlap_by_a_few_rows_and_hardly_more() -> None:
    ends = [page * limit for page, limit in map(place, range(1, 401))]
    begins = [(page - 1) * limit for page, limit in map(place, range(1, 401))]
    overlaps = [end - begin for end, begin in zip(ends, begins[1:], strict=False)]
    assert min(overlaps) >= 3
    assert ends[-1] >= 400 * 250 * 0.9
    assert max(limit for _, limit in map(place, range(1, 401))) == 250


def test_a_list_that_never_rests_is_given_up() -> None:
    def read() -> Iterator[tuple[Contact, ...]]:
        yield (Contact(id=1, name="", updated_at=9),)
        yield (Contact(id=2, name="", updated_at=9),)

    with pytest.raises(TryLater):
        list(newest(read, 0))


@pytest.mark.slow
@pytest.mark.parametrize("filters", [(), ("--no-filters",)])
def test_contacts_that_move_up_because_others_are_deleted_are_read_all_the_same(filters: tuple[str, ...]) -> None:
    sandbox = SandboxProcess("--rate-limit", "0", "--account-rate-limit", "0", *filters)
    with connected(sandbox.config(requests_per_second=1000), sandbox.long_lived()) as crm:
        before = int(time.time())
        drafts = [ContactDraft(ref=str(at), name="x") for at in range(700)]
        made = {one.id for batch in crm.write_contacts(drafts) for one in batch}
        pages = crm.contacts(before, ())
        first = next(pages)
        deleted = {row.id for row in first[:20]}
        for id_ in deleted:
            sandbox.act("delete_contact", contact_id=id_)
        read = [row.id for row in first] + [row.id for page in pages for row in page]
    sandbox.close()
    assert len(read) == len(set(read))
    assert set(read) == made


@pytest.mark.slow
def test_a_reading_goes_on_after_a_rest(sandbox: SandboxProcess) -> None:
    with connected(sandbox.config(requests_per_second=1000), sandbox.long_lived()) as crm:
        crm.prepare()
        drafts = [ContactDraft(ref=str(at), keys=(PatientKey("rested", str(at)),)) for at in range(3 * PAGE)]
        written = {one.id for batch in crm.write_contacts(drafts) for one in batch}
        pages = crm.contacts(0, ())
        first = next(pages)
        crm.rest()
        assert written <= {row.id for page in (first, *pages) for row in page}
