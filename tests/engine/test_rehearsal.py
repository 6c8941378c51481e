"""A rehearsal decides as the sync would, and writes nothing."""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from priem.cli.look_commands import DONE, RECORDS, totals, write_csv
from priem.engine.reasons import Reason, say
from priem.engine.reconcile import reconcile
from priem.engine.rehearsal import pretended, rehearse, rehearse_linked, rehearse_some
from priem.engine.sync import Clinic as Parts
from priem.engine.wanted import parts_written
from priem.model import Action, Page, PatientKey, Step, VisitStatus
from priem.texts import reader_language
from tests.engine.clinic import ANNA, BORIS, Clinic, Mis, patient, visit
from tests.engine.test_crashes import a_day, first_sync, the_next_day


def told(steps: list[Step]) -> list[tuple[str, Action, str, str]]:
    return sorted((str(step.key), step.action, step.why.rule, step.why.stage_rule) for step in steps)


def written(steps: list[Step]) -> list[Step]:
    """Without ids of what is only to be made, and in no order: amoCRM answers as it likes."""
    bare = (replace(step, draft=None, target=None, why=replace(step.why, candidates=())) for step in steps)
    return sorted(bare, key=lambda step: (type(step.key).__name__, step.key))


@pytest.mark.parametrize("page_size", [1, 2, 100])
def test_a_rehearsal_decides_what_the_first_sync_then_does(clinic: Clinic, page_size: int) -> None:
    first_sync(clinic)
    clinic.mis.page_size = page_size

    rehearsed = list(rehearse(clinic.mis, clinic.parts()))

    assert told(rehearsed) == told(clinic.sync())


def test_a_rehearsal_decides_what_a_later_sync_then_does(clinic: Clinic) -> None:
    first_sync(clinic)
    clinic.sync()
    for life in (a_day, the_next_day):
        life(clinic)

        rehearsed = list(rehearse(clinic.mis, clinic.parts()))

        assert written(rehearsed) == written(clinic.sync())


def test_what_other_settings_would_change_of_the_linked_ones_is_what_a_comparison_then_does(clinic: Clinic) -> None:
    first_sync(clinic)
    clinic.sync()
    clinic.settings = replace(clinic.settings, leads=replace(clinic.settings.leads, name="{date} {patient}"))
    leads = dict(clinic.crm.all_leads)

    rehearsed = list(rehearse_linked(clinic.mis, clinic.parts()))

    assert clinic.crm.all_leads == leads
    compared = reconcile([clinic.mis], clinic.parts(), repair=True)
    assert written(rehearsed) == written([step for piece in compared for step, _ in piece.carried])
    assert {parts for step in rehearsed for parts in parts_written(step.draft)} == {"name"}


def test_nothing_is_to_be_changed_of_the_linked_ones_without_other_settings(clinic: Clinic) -> None:
    first_sync(clinic)
    assert list(rehearse_linked(clinic.mis, clinic.parts())) == [], "it was never read"
    clinic.sync()

    assert list(rehearse_linked(clinic.mis, clinic.parts())) == []


def test_a_table_of_steps_is_in_words_and_ends_with_codes(clinic: Clinic, tmp_path: Path) -> None:
    clinic.mis.put(patient("1", "Белова Анна", ANNA))

    write_csv(rehearse(clinic.mis, clinic.parts()), tmp_path / "plan.csv")

    with (tmp_path / "plan.csv").open(encoding="utf-8-sig", newline="") as file:
        head, only = csv.reader(file, delimiter=";")
    assert head[-3:] == ["action", "rule", "stage_rule"]
    assert only[-3:] == ["create", "nobody", ""]
    assert only[:6] == [
        RECORDS[True].read(reader_language()),
        "ident:1",
        DONE[Action.CREATE].read(reader_language()),
        "",
        say(Reason.NOBODY).read(reader_language()),
        "",
    ]


def test_a_rehearsal_writes_nothing_but_the_mirror(clinic: Clinic) -> None:
    first_sync(clinic)
    contacts, leads = dict(clinic.crm.all_contacts), dict(clinic.crm.all_leads)

    list(rehearse(clinic.mis, clinic.parts()))

    assert (clinic.crm.all_contacts, clinic.crm.all_leads) == (contacts, leads)
    assert (clinic.store.patient_links, clinic.store.visit_links, clinic.store.journal) == ({}, {}, {})
    assert clinic.store.cursor("ident") is None
    assert clinic.store.contacts.keys() == contacts.keys()


def test_a_rehearsal_after_a_lost_answer_closes_nothing(clinic: Clinic) -> None:
    clinic.mis.put(patient())
    clinic.crm.lose_next_answers()
    with pytest.raises(Exception, match="amoCRM did not say"):
        clinic.sync()

    list(rehearse(clinic.mis, clinic.parts()))

    assert [step.key for step in clinic.store.open_steps()] == [PatientKey("ident", "1")]


def test_what_is_to_be_made_is_seen_by_later_pages(clinic: Clinic) -> None:
    clinic.mis.page_size = 1
    clinic.mis.put(patient("1", "Белова Анна", ANNA), visit("500"), visit("501", hours=1))

    steps = list(rehearse(clinic.mis, clinic.parts()))

    assert told(steps) == [
        ("ident:1", Action.CREATE, "nobody", ""),
        ("ident:500", Action.CREATE, "nobody", "rule:1"),
        ("ident:501", Action.CREATE, "nobody", "rule:1"),
    ]


def test_connections_that_are_rehearsed_together_see_each_other(clinic: Clinic) -> None:
    archimed = Mis("archimed")
    clinic.mis.put(patient("1", "Белова Анна", ANNA))
    archimed.put(patient("77", "Белова Анна", ANNA, connection="archimed"))
    together: Parts = pretended(clinic.parts())

    steps = [*rehearse(clinic.mis, together), *rehearse(archimed, together)]

    assert [(step.action, step.why.rule) for step in steps] == [
        (Action.CREATE, "nobody"),
        (Action.ADOPT, "phone:name"),
    ]


def test_a_record_that_is_decided_later_is_told_once(clinic: Clinic) -> None:
    clinic.mis.page_size = 1
    clinic.crm.add_lead(contact=clinic.crm.add_contact("Клиент", BORIS))
    clinic.mis.put(patient("1", "Чернов Борис", BORIS), visit("500"), visit("501", status=VisitStatus.CONFIRMED))

    steps = list(rehearse(clinic.mis, clinic.parts()))

    assert sorted(str(step.key) for step in steps) == ["ident:1", "ident:500", "ident:501"]


def test_a_request_on_a_contact_that_would_be_near_by_then_is_seen(clinic: Clinic) -> None:
    clinic.crm.add_contact("Чернов Борис", BORIS, "+79215550000")
    clinic.crm.add_lead(contact=clinic.crm.add_contact("Заявка", "+79215550000"))
    clinic.mis.put(patient("1", "Чернов Борис", BORIS), visit("500"))

    steps = list(rehearse(clinic.mis, clinic.parts()))

    assert told(steps) == [
        ("ident:1", Action.ADOPT, "phone:name", ""),
        ("ident:500", Action.ADOPT, "waiting", "rule:1"),
    ]


def test_a_record_for_which_nothing_was_done_is_decided_on_request(clinic: Clinic) -> None:
    clinic.mis.put(patient(), visit("500", status=VisitStatus.CANCELLED, moved_to="501"), visit("501"))
    clinic.sync()
    before = clinic.crm.requests

    steps = list(rehearse_some(clinic.mis, clinic.parts(), visits=["500"]))

    assert [(str(step.key), step.action, step.why.rule) for step in steps] == [
        ("ident:500", Action.LEAVE, Reason.MOVED_ON)
    ]
    assert clinic.crm.requests == before


def test_what_is_read_twice_is_decided_once(clinic: Clinic) -> None:
    class Repeating(Mis):
        def changes(self, since: str | None) -> Iterator[Page]:
            yield from super().changes(since)
            yield from super().changes(since)

    clinic.mis = Repeating()
    clinic.crm.add_contact("Белова Анна", ANNA)
    clinic.mis.put(patient("1", "Белова Анна Ивановна", ANNA), visit("500"))
    clinic.sync()
    clinic.mis.put(patient("1", "Белова Анна Павловна", ANNA), visit("500", status=VisitStatus.ARRIVED))

    steps = list(rehearse(clinic.mis, clinic.parts()))

    assert [(step.action, step.why.rule) for step in steps] == [
        (Action.UPDATE, "link"),
        (Action.UPDATE, "link"),
        (Action.LEAVE, "unchanged"),
        (Action.LEAVE, "unchanged"),
    ]


def test_what_is_only_looked_at_anew_is_not_counted_as_changed(clinic: Clinic) -> None:
    clinic.mis.put(patient("1", "Белова Анна", ANNA), visit("500"))
    clinic.sync()
    clinic.decides(make_again=True)
    clinic.mis.put(patient("1", "Белова Анна", ANNA), visit("500"))

    steps = list(rehearse(clinic.mis, clinic.parts()))

    assert {step.action for step in steps} == {Action.UPDATE}
    for of_patients in (True, False):
        assert +Counter(totals(steps, of_patients=of_patients)) == {"leave": 1}
