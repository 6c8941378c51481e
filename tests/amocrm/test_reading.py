"""Lists that change while they are read."""

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from priem.amocrm.reading import PAGE, complete_pages
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
        for place in places:
            if place < len(self.ids):
                self.deleted.add(self.ids.pop(place))
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
