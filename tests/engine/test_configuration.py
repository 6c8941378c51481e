"""A clinic's set-up as a file: what is taken, what is refused and how it is said."""

import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from priem import configuration
from priem.configuration import AmoCrmAccess, ClinicFile, ClinicNames, ConnectionFile
from priem.engine.settings import (
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
from priem.engine.values import VALUES
from priem.errors import AskOperator
from priem.model import VisitStatus
from priem.texts import in_language

START = '[clinic]\nslug = "ulybka"\nname = "Улыбка"\n[amocrm]\nurl = "https://ulybka.amocrm.ru"\n'
IDENT = '[[connections]]\nkey = "ident"\nkind = "ident"\n'


def parsed(text: str) -> ClinicFile:
    return configuration.parse(tomllib.loads(text))


def refused(text: str) -> str:
    with pytest.raises(AskOperator) as refusal:
        parsed(text)
    return in_language(refusal.value.what.values["list"], "en")


def test_the_least_that_is_a_set_up() -> None:
    assert parsed(START) == ClinicFile(
        clinic=ClinicNames(slug="ulybka", name="Улыбка"), amocrm=AmoCrmAccess(url="https://ulybka.amocrm.ru")
    )


def test_a_connections_own_words_are_kept_for_its_connector() -> None:
    file = parsed(START + IDENT + 'password = "env:PASSWORD"\nserver = "pc"\nvisits_since = 2026-01-31\n')

    assert file.connections == (
        ConnectionFile(
            key="ident",
            kind="ident",
            password="env:PASSWORD",
            options={"server": "pc", "visits_since": date(2026, 1, 31)},
        ),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "clinic is missing; amocrm is missing"),
        (
            "clinic = 5\n" + START.partition("\n[amocrm]")[2].join(["[amocrm]", ""]),
            "clinic has a value of the wrong kind",
        ),
        (START + "[leds]\ncreate = true\n", "leds is not known here"),
        (START + "[leads]\ncreat = true\n", "leads.creat is not known here"),
        (START + '[leads]\ncreate = "often"\n', "leads.create has a value of the wrong kind"),
        (START + "[leads]\nresponsible = [1]\n", "leads.responsible has a value of the wrong kind"),
        (START + '[leads]\nback = "soon"\n', "leads.back must be one of: 'own', 'always' or 'never'"),
        (START + '[leads]\nname = "{patien}"\n', "leads.name has an unknown word «patien»"),
        (START + '[leads]\nname = "{date:%Y}"\n', "leads.name has an unknown word «date:%Y»"),
        (START + '[reconcile]\nat = "25:00"\n', "reconcile.at «25:00» is no time of day such as 03:30"),
        (START + '[leads]\nname = "{patient"\n', "leads.name has a brace without its pair"),
        (START + '[[fields]]\nvalue = "visit.doctr"\n', "fields.value «visit.doctr» is not known"),
        (
            START + '[[fields]]\nvalue = "visit.doctor"\n[[fields]]\nvalue = "visit.room"\npolicy = "ask"\n',
            "fields[2].policy must be one of: 'overwrite', 'fill' or 'never'",
        ),
        (
            START + '[[status_sync.rules]]\nstatus = "booked"\npipeline = "Воронка"\n',
            "status_sync.rules[1].stage is missing",
        ),
        (
            START + '[[status_sync.rules]]\nstatus = "booked"\npipeline = 1\nstage = 2\ndoctor = "Зубов"\n',
            "status_sync.rules have conditions, but status_sync.mode is «always»: it must be «filtered»",
        ),
        (
            START
            + IDENT
            + '[[branches."ident:1".status_sync.rules]]\nstatus = "booked"\npipeline = 1\nstage = 2\nvisit = "first"\n',
            (
                "branches.ident:1.status_sync.rules have conditions, "
                "but branches.ident:1.status_sync.mode is «always»: it must be «filtered»"
            ),
        ),
        (
            START + IDENT + '[branches."archimed:1"]\n',
            "branches «archimed:1»: no connection is called so; a branch is «connection:id»",
        ),
        (
            START + IDENT + "[branches.ident]\n",
            "branches «ident»: no connection is called so; a branch is «connection:id»",
        ),
        (START + IDENT + IDENT, "two connections are called «ident»"),
        (
            START + '[[connections]]\nkey = "Идент"\nkind = "ident"\n',
            "connections.key «Идент» may hold small Latin letters, digits, - and _ only",
        ),
        (START + '[[connections]]\nkind = "ident"\n', "connections[1].key is missing"),
    ],
)
def test_a_mistake_is_named_by_its_place(text: str, said: str) -> None:
    assert refused(text) == said


def test_all_mistakes_are_named_at_once() -> None:
    assert refused(START + '[leads]\ncreat = true\nback = "soon"\n').count(";") == 1


def test_a_mistake_is_said_in_russian() -> None:
    with pytest.raises(AskOperator) as refusal:
        parsed(START + "[leads]\ncreat = true\n")

    assert refusal.value.what.read("ru").startswith("В настройках ошибки")


def test_a_file_of_windows_notepad_is_read(tmp_path: Path) -> None:
    path = tmp_path / "clinic.toml"
    path.write_text(START, encoding="utf-8-sig")

    assert configuration.read(path).clinic.name == "Улыбка"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        (b"[clinic", "missing at its end"),
        (b"[clinic]\nname = \nslug = 'a'", "line 2"),
        (b"name = '\xff'", "UTF-8"),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "clinic.toml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(AskOperator) as raised:
        configuration.read(path)
    assert said in f"{raised.value.what} {raised.value.advice}"


def test_no_secret_is_shown() -> None:
    file = parsed(START + 'client_secret = "secret-1"\ncode = "secret-2"\n' + IDENT + 'password = "secret-3"\n')

    assert "secret-" not in repr(file)


NAMED = st.one_of(st.integers(1, 10**9), st.text("абвГД ", min_size=1, max_size=9))
STAGES = st.builds(StageName, pipeline=NAMED, stage=NAMED)
RULES = st.builds(
    StageRule,
    status=st.sampled_from(VisitStatus),
    pipeline=NAMED,
    stage=NAMED,
    doctor=st.sampled_from(["", "Зубов «П»", 'П"П', "a\nb"]),
    visit=st.sampled_from(["", "first", "repeat"]),
    loss_reason=st.one_of(st.just(""), NAMED),
)
SYNCS = st.builds(StatusSync, mode=st.just("filtered"), rules=st.lists(RULES, max_size=3).map(tuple))
SETTINGS = st.builds(
    Settings,
    status_sync=SYNCS,
    branches=st.dictionaries(
        st.integers(1, 9).map("ident:{}".format),
        st.builds(BranchSettings, status_sync=st.none() | SYNCS, first_stage=st.none() | STAGES),
        max_size=2,
    ),
    fields=st.lists(
        st.builds(FieldRule, value=st.sampled_from(list(VALUES)), field=st.one_of(st.just(""), NAMED)), max_size=3
    ).map(tuple),
    duplicates=st.builds(Duplicates, waiting=st.lists(STAGES, max_size=2).map(tuple), rename_found_leads=st.booleans()),
    leads=st.builds(Leads, create=st.booleans(), first_stage=st.none() | STAGES, tags=st.tuples(st.text(max_size=5))),
    contacts=st.builds(Contacts, name=st.sampled_from(["overwrite", "fill", "never"])),
)


@trying(suppress_health_check=[HealthCheck.too_slow], deadline=None)  # the first draw builds all strategies
@given(settings=SETTINGS)
def test_what_is_written_is_read_as_it_was(settings: Settings) -> None:
    file = ClinicFile(
        clinic=ClinicNames(slug="ulybka", name="Улыбка"),
        amocrm=AmoCrmAccess(url="https://ulybka.amocrm.ru", client_secret="stored"),
        connections=(ConnectionFile(key="ident", kind="ident", options={"visits_since": date(2026, 1, 31)}),),
        settings=settings,
    )

    assert parsed(configuration.write(file)) == file
    assert configuration.settings_from_json(configuration.settings_as_json(settings)) == settings
