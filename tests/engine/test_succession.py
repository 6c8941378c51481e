"""Which lead is this visit, and in whose hands it stays."""

from dataclasses import replace

import pytest

from priem.engine.bindings import Bound, bind
from priem.engine.plan import plan_visits
from priem.engine.settings import Duplicates, Settings
from priem.engine.succession import find_leads, in_order_of_moves
from priem.model import (
    LOST,
    Action,
    Contact,
    Lead,
    PatientKey,
    PatientLink,
    PhoneEntry,
    Surroundings,
    Visit,
    VisitKey,
    VisitLink,
    VisitStatus,
)
from tests.contract.fake_crm import ACCOUNT
from tests.engine.clinic import ANNA, BOOKED, CONFIRMED, NEW, NOON, SETTINGS, at, visit

ANY_DUPLICATES = Duplicates()
ME, OTHER = PatientKey("ident", "1"), PatientKey("ident", "9")
V500, V501, V502 = (VisitKey("ident", id_) for id_ in ("500", "501", "502"))
MINE = Contact(id=1, name="Белова Анна", phones=(PhoneEntry(ANNA),), keys=(ME,))


def bound(duplicates: Duplicates = ANY_DUPLICATES, settings: Settings = SETTINGS) -> Bound:
    return bind(replace(settings, duplicates=duplicates), ACCOUNT)


def lead(
    id_: int, *contacts: int, stage: int = NEW, keys: tuple[VisitKey, ...] = (), created: int = 0, pipeline: int = 1
) -> Lead:
    return Lead(
        id=id_,
        name="Заявка",
        pipeline=pipeline,
        stage=stage,
        contacts=contacts or (1,),
        keys=keys,
        created_at=created,
    )


def around(*leads: Lead, contacts: tuple[Contact, ...] = (MINE,), **more: object) -> Surroundings:
    near = {
        "patient_links": {ME: PatientLink(contact=1)},
        "contacts": {one.id: one for one in contacts},
        "leads": {one.id: one for one in leads},
    }
    return Surroundings(**near | more)  # type: ignore[arg-type]  # as given


def links(**leads: int | VisitLink) -> dict[VisitKey, VisitLink]:
    return {
        VisitKey("ident", id_.removeprefix("v")): VisitLink(lead=to) if isinstance(to, int) else to
        for id_, to in leads.items()
    }


@pytest.mark.parametrize(
    ("near", "expected"),
    [
        pytest.param(around(), (None, "nobody"), id="nothing is there"),
        pytest.param(around(lead(7)), (7, "waiting"), id="a request waits"),
        pytest.param(around(lead(7, stage=LOST)), (None, "nobody"), id="a closed one waits for nobody"),
        pytest.param(around(lead(7, keys=(V501,))), (None, "nobody"), id="another visit has it"),
        pytest.param(around(lead(7), lead_owners={7: V501}), (None, "nobody"), id="another visit is linked to it"),
        pytest.param(around(lead(7), lead(8, keys=(V500,))), (8, "key"), id="the key is stronger than a request"),
        pytest.param(
            around(lead(7, keys=(V500,)), lead(8), visit_links=links(v500=8)), (8, "link"), id="the link is strongest"
        ),
        pytest.param(around(visit_links=links(v500=8)), (None, "gone"), id="the linked one was deleted"),
        pytest.param(
            around(lead(7), visit_links=links(v500=8)), (None, "gone"), id="deleted, and no request takes its place"
        ),
        pytest.param(
            around(lead(9), visit_links=links(v500=8), merged_leads={8: 9}), (9, "link"), id="merged into another"
        ),
        pytest.param(
            around(lead(9), visit_links=links(v500=8), merged_leads={8: 9}, lead_owners={9: V501}),
            (None, "gone"),
            id="merged into another visit's: one lead is one visit",
        ),
        pytest.param(
            around(lead(7, 2), contacts=(MINE, Contact(id=2, name="", phones=(PhoneEntry("8 921 333 44 55"),)))),
            (7, "waiting"),
            id="it waits on nobody's contact with her phone",
        ),
        pytest.param(
            around(lead(7, 2), contacts=(MINE, Contact(id=2, name="", phones=MINE.phones, keys=(OTHER,)))),
            (None, "nobody"),
            id="it waits on somebody else's contact",
        ),
    ],
)
def test_which_lead_it_is(near: Surroundings, expected: tuple[int | None, str]) -> None:
    (match,) = find_leads([visit("500")], near, bound()).values()

    assert (match.lead.id if match.lead else None, match.why.rule) == expected


PRIORITIES = [("oldest", 7), ("newest", 9), ("furthest", 8), ("active", 6)]


def several(*keys: VisitKey) -> Surroundings:
    """6 was changed last, 7 is the oldest, 8 stands furthest along, 9 is the newest."""
    return around(
        replace(lead(6, created=2, keys=keys), updated_at=99),
        lead(7, created=1, keys=keys),
        lead(8, stage=CONFIRMED, created=3, keys=keys),
        lead(9, created=4, keys=keys),
    )


@pytest.mark.parametrize(("policy", "chosen"), PRIORITIES)
def test_which_of_several_leads_with_the_visits_key_is_updated(policy: str, chosen: int) -> None:
    settings = bound(Duplicates(several_leads=policy))  # type: ignore[arg-type]  # a row of the table

    (match,) = find_leads([visit("500")], several(V500), settings).values()

    assert match.lead
    assert (match.lead.id, match.why.rule) == (chosen, "key")


@pytest.mark.parametrize(("policy", "chosen"), PRIORITIES)
def test_which_of_several_requests(policy: str, chosen: int) -> None:
    near = several()

    (match,) = find_leads([visit()], near, bound(Duplicates(several_leads=policy))).values()  # type: ignore[arg-type]  # a row of the table

    assert match.lead
    assert match.lead.id == chosen
    assert {candidate.because for candidate in match.why.candidates} >= {"waiting"}


def test_requests_wait_where_the_settings_say() -> None:
    near = around(lead(7), lead(8, stage=CONFIRMED))

    (match,) = find_leads([visit()], near, bound(Duplicates(waiting=(at(CONFIRMED),)))).values()

    assert match.lead == near.leads[8]
    assert [(one.id, one.because) for one in match.why.candidates] == [(7, "not_waiting"), (8, "waiting")]


def test_one_request_is_one_visits() -> None:
    matches = find_leads([visit("500", hours=2), visit("501", hours=1)], around(lead(7)), bound())

    assert [matches[key].why.rule for key in (V500, V501)] == ["nobody", "waiting"]
    assert [one.because for one in matches[V500].why.candidates] == ["claimed"]


@pytest.mark.parametrize(
    ("near", "expected"),
    [
        pytest.param(around(lead(7), visit_links=links(v500=7), lead_owners={7: V500}), (7, "moved"), id="by the link"),
        pytest.param(around(lead(7, keys=(V500,))), (7, "key"), id="the link was never made, the key is there"),
        pytest.param(
            around(lead(7), visit_links=links(v500=VisitLink(lead=7, moved_to=V502)), lead_owners={7: V502}),
            (None, "nobody"),
            id="another visit took it over",
        ),
        pytest.param(around(visit_links=links(v500=7)), (None, "gone"), id="it was deleted"),
        pytest.param(around(), (None, "nobody"), id="the visit before was never seen"),
    ],
)
def test_a_moved_visit(near: Surroundings, expected: tuple[int | None, str]) -> None:
    (match,) = find_leads([visit("501", moved_from="500")], near, bound()).values()

    assert (match.lead.id if match.lead else None, match.why.rule) == expected


def test_visits_are_looked_at_in_the_order_they_were_moved() -> None:
    third, second, first = visit("3", moved_from="2"), visit("2", moved_from="1"), visit("1")

    assert in_order_of_moves([third, second, first]) == [first, second, third]


def test_moves_in_a_circle_end() -> None:
    circle = [visit("1", moved_from="2"), visit("2", moved_from="1")]

    assert len(in_order_of_moves(circle)) == 2


def test_along_a_chain_only_the_last_visit_is_written() -> None:
    near = around(lead(7, stage=BOOKED, keys=(V500,)), visit_links=links(v500=7), lead_owners={7: V500})
    chain = [visit("502", moved_from="501"), visit("500"), visit("501", moved_from="500", moved_to="502")]

    steps = list(plan_visits(chain, near, bound()))

    assert [(step.key.id, step.action, step.replaces, step.draft is not None) for step in steps] == [
        ("500", Action.LEAVE, None, False),
        ("501", Action.UPDATE, V500, False),
        ("502", Action.UPDATE, V501, True),
    ]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        pytest.param({"status": VisitStatus.DELETED}, "deleted", id="deleted before it had a lead"),
        pytest.param({"moved_to": V501}, "moved_on", id="moved into another row"),
        pytest.param({"patient": OTHER}, "no_contact", id="its patient has no contact"),
    ],
)
def test_visits_that_get_no_lead(change: dict[str, object], rule: str) -> None:
    (step,) = plan_visits([replace(visit(), **change)], around(), bound())  # type: ignore[arg-type]  # a row of the table

    assert (step.action, step.why.rule) == (Action.LEAVE, rule)


@pytest.mark.parametrize(
    ("hours", "added", "near", "rule"),
    [
        (-24, None, around(), "history"),
        (-24, -48, around(), "history"),
        (-24, 1, around(), "nobody"),  # written down late: it is news
        (24, -48, around(), "nobody"),
        (-24, -48, around(lead(7, keys=(V500,))), "key"),
        (-24, -48, around(lead(7), visit_links=links(v500=7)), "link"),
    ],
)
def test_what_is_history(hours: int, added: int | None, near: Surroundings, rule: str) -> None:
    added_at = None if added is None else visit(hours=added).starts_at
    row = replace(visit(hours=hours), added_at=added_at)

    (step,) = plan_visits([row], near, bound(), since=NOON)

    assert step.why.rule == rule


def test_a_clinic_that_wants_no_leads_gets_none_and_keeps_its_own_in_step() -> None:
    quiet = bound(settings=replace(SETTINGS, leads=replace(SETTINGS.leads, create=False)))

    made, adopted = (list(plan_visits([visit()], near, quiet)) for near in (around(), around(lead(7))))

    assert [step.why.rule for step in (*made, *adopted)] == ["no_leads_wanted", "waiting"]


@pytest.mark.parametrize(
    "row", [visit("500"), visit("501", moved_from="500")], ids=["its own lead", "the lead of the visit before"]
)
def test_a_lead_that_a_person_deleted_is_not_made_again(row: Visit) -> None:
    (step,) = plan_visits([row], around(visit_links=links(v500=8)), bound())

    assert (step.action, step.why.rule, step.target) == (Action.LEAVE, "gone", 8)
