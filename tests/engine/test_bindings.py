"""Settings in people's words, bound to the account as it is."""

from dataclasses import replace

import pytest

from priem.engine.bindings import bind
from priem.engine.settings import (
    Bookings,
    BranchSettings,
    Contacts,
    Duplicates,
    FieldRule,
    Leads,
    Settings,
    StageName,
    StageRule,
    StatusSync,
)
from priem.errors import AskOperator
from priem.model import LOST, FieldInfo, VisitStatus
from priem.texts import in_language
from tests.contract.fake_crm import ACCOUNT
from tests.engine.clinic import BOOKED, CAME, CONFIRMED, MAIN, NEW, at

FIELDS = (FieldInfo(31, "Врач", "text"), FieldInfo(32, "Схема", "file"), FieldInfo(33, "Кабинет", "text"))
WITH_FIELDS = replace(ACCOUNT, lead_fields=FIELDS)


def rule(**changed: object) -> StageRule:
    said = {"status": VisitStatus.BOOKED, "pipeline": "Воронка", "stage": "Записан"} | changed
    return StageRule(**said)  # type: ignore[arg-type]  # a row of the table


def missing(settings: Settings) -> str:
    with pytest.raises(AskOperator) as refusal:
        bind(settings, WITH_FIELDS)
    return in_language(refusal.value.what.values["list"], "en")


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        (Settings(status_sync=StatusSync(rules=(rule(pipeline="Воронка 2"),))), "pipeline «Воронка 2»"),
        (Settings(status_sync=StatusSync(rules=(rule(stage="Ждёт"),))), "stage «Ждёт» of pipeline «Воронка»"),
        (Settings(status_sync=StatusSync(rules=(rule(stage=999),))), "stage «999» of pipeline «Воронка»"),
        (Settings(status_sync=StatusSync(rules=(rule(in_pipeline="Нет"),))), "pipeline «Нет»"),
        (
            Settings(status_sync=StatusSync(rules=(rule(stage=LOST, loss_reason="Лень"),))),
            "loss reason «Лень»",
        ),
        (
            Settings(status_sync=StatusSync(rules=(rule(loss_reason="Передумал"),))),
            "rule 1 for «Is booked» gives a loss reason to a stage that is not lost",
        ),
        (Settings(leads=Leads(responsible="Пётр")), "user «Пётр»"),
        (Settings(contacts=Contacts(responsible=999)), "user «999»"),
        (Settings(leads=Leads(guarded=(StageName(pipeline="Нет", stage=1),))), "pipeline «Нет»"),
        (Settings(branches={"ident:1": BranchSettings(first_stage=at(999))}), "stage «999» of pipeline «1»"),
        (Settings(fields=(FieldRule(value="visit.total"),)), "field «Сумма заказа»"),
        (Settings(fields=(FieldRule(value="visit.total", field="Нет"),)), "field «Нет»"),
        (Settings(fields=(FieldRule(value="visit.room", field="Схема"),)), "field «Схема» of a kind that can hold it"),
        (
            Settings(fields=(FieldRule(value="visit.doctor"), FieldRule(value="visit.branch", field="врач"))),
            "a second field for «visit.branch»: «Врач» holds another value already",
        ),
    ],
)
def test_what_the_account_does_not_have_is_named(settings: Settings, what: str) -> None:
    assert missing(settings) == what


def test_everything_that_is_missing_is_named_at_once_and_once() -> None:
    rules = (rule(pipeline="Нет"), rule(status=VisitStatus.ARRIVED, pipeline="Нет"), rule(stage="Ждёт"))

    assert missing(Settings(status_sync=StatusSync(rules=rules), leads=Leads(responsible="Пётр"))) == (
        "pipeline «Нет»; stage «Ждёт» of pipeline «Воронка»; user «Пётр»"
    )


def test_names_are_found_however_they_are_written() -> None:
    bound = bind(
        Settings(
            status_sync=StatusSync(rules=(rule(pipeline=" воронка", stage="ЗАПИСАН "),)),
            fields=(FieldRule(value="visit.doctor", field=31), FieldRule(value="visit.room")),
            leads=Leads(responsible="ольга"),
        ),
        WITH_FIELDS,
    )

    assert bound.rules[0].stage == (MAIN, BOOKED)
    assert bound.lead_field_ids == {31, 33}
    assert bound.lead_responsible == 502


def test_a_token_that_may_not_list_users_leaves_an_id_to_be_believed() -> None:
    assert bind(Settings(leads=Leads(responsible=777)), replace(ACCOUNT, users={})).lead_responsible == 777


def test_leads_begin_in_the_first_stage_of_the_main_pipeline() -> None:
    assert bind(Settings(), replace(ACCOUNT, pipelines=ACCOUNT.pipelines[::-1])).first_stage == (MAIN, NEW)


def test_requests_wait_in_all_open_stages_of_every_pipeline_that_is_named() -> None:
    plain = bind(Settings(status_sync=StatusSync(rules=(rule(),))), ACCOUNT)
    with_branch = bind(Settings(branches={"ident:1": BranchSettings(first_stage=at(202, 2))}), ACCOUNT)
    chosen = bind(Settings(duplicates=Duplicates(waiting=(at(NEW),))), ACCOUNT)

    assert plain.waiting == {(MAIN, stage) for stage in (101, NEW, BOOKED, CONFIRMED, CAME)}
    assert with_branch.waiting - plain.waiting == {(2, 101), (2, 202)}
    assert chosen.waiting == {(MAIN, NEW)}


@pytest.mark.parametrize(
    ("booking", "shown_in"),
    [
        (Bookings(), {1, 2}),
        (Bookings(journal_in=(2,)), {2}),
        (Bookings(journal=False), set()),
        (Bookings(journal=False, journal_in=(2,)), set()),
    ],
)
def test_the_journal_shows_where_the_clinic_wants_it(booking: Bookings, shown_in: set[int]) -> None:
    bound = bind(Settings(booking=booking), ACCOUNT)

    assert {pipeline.id for pipeline in ACCOUNT.pipelines if bound.shows_journal(pipeline.id)} == shown_in


def test_the_version_tells_when_decisions_may_come_out_differently() -> None:
    settings = Settings(fields=(FieldRule(value="visit.doctor"),), status_sync=StatusSync(rules=(rule(),)))
    before = bind(settings, WITH_FIELDS).version
    made_anew = replace(WITH_FIELDS, lead_fields=(FieldInfo(99, "Врач", "text"),))
    (main, *others) = WITH_FIELDS.pipelines
    stages = tuple(replace(stage, id=stage.id + 5000) for stage in main.stages)
    with_stages_made_anew = replace(WITH_FIELDS, pipelines=(replace(main, stages=stages), *others))
    with_options = replace(WITH_FIELDS, lead_fields=(replace(FIELDS[0], options=("Зубов",)),))

    assert bind(settings, WITH_FIELDS).version == before
    assert bind(settings, with_options).version == before
    assert bind(settings, made_anew).version != before
    assert bind(settings, with_stages_made_anew).version != before
    assert bind(replace(settings, leads=Leads(create=False)), WITH_FIELDS).version != before
