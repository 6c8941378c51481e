"""What waited for the end of a reading is decided in pieces, and comes out as if it had been decided together."""

from priem.engine.later import AT_ONCE, in_pieces
from priem.model import Visit
from tests.engine.clinic import Clinic, patient, visit

MANY = AT_ONCE + 50


def phone(number: int) -> str:
    return f"+7921555{1000 + number}"


def ids(visits: list[Visit]) -> list[list[str]]:
    return [[key.id for key in piece] for piece in in_pieces({one.key: one for one in visits})]


def test_the_earliest_visits_have_their_turn_first() -> None:
    visits = [visit(str(number), "1", hours=MANY - number) for number in range(MANY)]

    first, second = ids(visits)

    assert first == [str(number) for number in reversed(range(50, MANY))]
    assert second == [str(number) for number in reversed(range(50))]


def test_a_visit_has_its_turn_with_the_one_that_it_was_moved_from() -> None:
    visits = [visit(str(number), "1", hours=number) for number in range(1, MANY)]
    moved = [visit("m1", "2", hours=2 * MANY), visit("m2", "2", hours=0, moved_from="m1")]

    first, _ = ids([*visits, *moved])

    assert {"m1", "m2"} <= set(first)


def test_a_visit_that_was_moved_to_a_late_hour_has_its_turn_late() -> None:
    visits = [visit(str(number), "1", hours=number) for number in range(1, MANY)]
    moved = [visit("m1", "2", hours=0), visit("m2", "2", hours=2 * MANY, moved_from="m1")]

    _, last = ids([*visits, *moved])

    assert {"m1", "m2"} <= set(last)


def test_visits_that_were_moved_in_a_circle_have_their_turn_together() -> None:
    assert ids([visit("1", "1", moved_from="2"), visit("2", "1", moved_from="1")]) == [["1", "2"]]


def test_a_request_goes_to_the_earliest_visit_though_more_wait_than_are_decided_at_once(clinic: Clinic) -> None:
    for number in range(MANY):
        clinic.crm.add_lead(contact=clinic.crm.add_contact(f"Пациент Номер{number}", phone(number)))
        clinic.mis.put(patient(str(number), f"Пациент Номер{number}", phone(number)))
        clinic.mis.put(visit(str(5000 + number), str(number), hours=number))
    # The first patient comes once more, late, and the last one earlier than anybody.
    clinic.mis.put(visit("4000", "0", hours=2 * MANY), visit("9999", str(MANY - 1), hours=-1))
    requests = set(clinic.crm.all_leads)

    clinic.sync()

    given = {lead.keys[0].id for id_, lead in clinic.crm.all_leads.items() if id_ in requests}
    assert given == {*(str(5000 + number) for number in range(MANY - 1)), "9999"}
    assert len(clinic.crm.all_leads) == MANY + 2
    assert "//" in (clinic.store.cursor("ident") or ""), "it goes on behind all of them"
