"""Hooks of the recorded shapes (payloads/*.form), and what nobody has recorded."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from priem.amocrm.webhooks_in import Change, parse, parse_form

PAYLOADS = Path(__file__).parent / "payloads"

SAYS: dict[str, tuple[Change, ...]] = {
    "a_lead_changes_its_stage": (
        Change("lead", "status", 10701093, 1539782664, 2079718, pipeline=9217056, stage=142, old_stage=20067736),
    ),
    "a_contact_is_edited": (Change("contact", "update", 22309159, 1539782700, 0),),
    "a_company_comes_among_contacts": (Change("company", "update", 7793457, 1642684812, 5),),
    "a_lead_is_deleted": (Change("lead", "delete", 10701093, pipeline=9217056, stage=142),),
    "a_lead_is_deleted_as_the_docs_write_it": (Change("lead", "delete", 10701093),),
    "a_note_with_a_scalar_and_more_below_it": (Change("lead", "note", 10701093, changed_by=77),),
    "a_task_with_local_times": (Change("task", "update", 900),),
    "an_unsorted_request_is_accepted": (Change("unsorted", "delete", 7706511),),
    "several_entities_in_one_hook": (
        Change("lead", "add", 1, pipeline=3, stage=2),
        Change("lead", "add", 4, pipeline=3, stage=2),
        Change("contact", "add", 5),
    ),
}


@pytest.mark.parametrize("name", sorted(path.stem for path in PAYLOADS.glob("*.form")))
def test_a_hook_says_what_to_look_at(name: str) -> None:
    hook = parse((PAYLOADS / f"{name}.form").read_bytes())
    assert hook.changes == SAYS[name]
    assert hook.subdomain == "clinic"


def test_the_account_is_told_when_amocrm_tells_it() -> None:
    assert parse((PAYLOADS / "a_lead_is_deleted.form").read_bytes()).account == 29138932
    assert parse((PAYLOADS / "a_contact_is_edited.form").read_bytes()).account == 0


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (b"a[b][0][c]=1&a[b][1][c]=2", {"a": {"b": {"0": {"c": "1"}, "1": {"c": "2"}}}}),
        (b"a[]=1&a[]=2", {"a": {"0": "1", "1": "2"}}),
        (b"a=1&a[b]=2", {"a": {"": "1", "b": "2"}}),
        (b"a[b]=2&a=1", {"a": {"": "1", "b": "2"}}),
        (b"a%5Bb%5D=%D0%90", {"a": {"b": "А"}}),
        (b"a[b]=", {"a": {"b": ""}}),
        (b"a[b=1", {"a": "1"}),
        (b"", {}),
    ],
)
def test_bracketed_keys_become_a_tree(body: bytes, form: dict[str, object]) -> None:
    assert parse_form(body) == form


@pytest.mark.parametrize(
    "body",
    [
        b"leads=1",
        b"leads[update]=",
        b"leads[update][0]=x",
        b"leads[update][0][id]=abc",
        b"leads[update][0][id][x]=1",
        b"leads[note][0][note]=x",
        b"unknown[update][0][id]=5",
        b"account=1",
        b"\xff\xfe=\xff",
        b'{"leads": 1}',
    ],
)
def test_nonsense_says_nothing_and_does_no_harm(body: bytes) -> None:
    assert parse(body).changes == ()


def test_a_key_of_a_thousand_brackets_does_not_go_deep() -> None:
    assert parse(b"leads" + b"[x]" * 1000 + b"=1").changes == ()


words = st.sampled_from(["leads", "contacts", "update", "0", "1", "id", "note", "", "account", "type", "unsorted"])


@given(st.lists(st.tuples(st.lists(words, min_size=1, max_size=6), st.text(max_size=5)), max_size=12))
def test_no_form_breaks_the_parser(fields: list[tuple[list[str], str]]) -> None:
    body = "&".join(path[0] + "".join(f"[{part}]" for part in path[1:]) + f"={value}" for path, value in fields)
    for change in parse(body.encode("utf-8", "replace")).changes:
        assert change.id >= 0
