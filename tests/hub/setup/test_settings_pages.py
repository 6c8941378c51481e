"""Every setting has its place on a page, and a page that is saved as it is shown changes nothing."""

import json
import tomllib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from html.parser import HTMLParser
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_type_hints

import pytest
from django.contrib.auth.models import User
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from priem import configuration
from priem.engine.settings import Settings
from priem.hub.clinics import ConnectionData, save_connection
from priem.hub.models import Authorisation, Clinic
from priem.hub.setup.keeping import settings_of
from priem.hub.setup.parts import SECTIONS
from priem.hub.setup.pictures import SourceLook, keep_account, keep_source
from priem.hub.setup.sections import KNOBS, TABLES
from priem.model import Account, FieldInfo, PipelineInfo, StageInfo
from priem.showing import Directory

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "settings.md"
PIPELINES = {
    "Первичные": (
        *("Новая", "В работе", "Записан", "Думает", "Спор", "Подтверждён", "Пришёл"),
        *("Заявка в IDENT", "Новое обращение"),
    ),
    "Повторные": ("Новая", "Записан"),
    "Филиал на Мира": ("Новая", "Снова у нас"),
}
WISHES = ("Желаемый врач", "Желаемое время", "Комментарий")
EDITED = [name for name, section in SECTIONS.items() if section.can_be_saved and name not in ("amocrm", "mis")]


def account() -> Account:
    """One that has all that the example of the reference names."""
    closed = (StageInfo(142, "Успешно реализовано", 10_000), StageInfo(143, "Закрыто и не реализовано", 11_000))
    pipelines = [
        PipelineInfo(
            number, name, (*(StageInfo(number * 100 + i, stage, i) for i, stage in enumerate(stages)), *closed)
        )
        for number, (name, stages) in enumerate(PIPELINES.items(), 1)
    ]
    return Account(
        id=5,
        name="Улыбка",
        subdomain="ulybka",
        time_zone="Europe/Moscow",
        filters_work=True,
        pipelines=tuple(pipelines),
        users={41: "Ольга", 42: "Марина"},
        lead_fields=(
            FieldInfo(77, "Что делали", "multiselect"),
            *(FieldInfo(number, name, "text") for number, name in enumerate(WISHES, 80)),
        ),
        loss_reasons={9: "Передумал"},
    )


@pytest.fixture
def clinic(clinic: Clinic) -> Clinic:
    example = next(iter(REFERENCE.read_text("utf-8").split("```toml\n")[1:])).partition("```")[0]
    file = configuration.parse(tomllib.loads(example))
    clinic.settings = configuration.settings_as_json(file.settings)
    clinic.live = True
    clinic.save()
    Authorisation.objects.create(clinic=clinic, access="sesame")
    config = {"server": "10.0.0.5", "time_zone": "Europe/Moscow", "only_branches": ["1", "2"]}
    save_connection(clinic.pk, ConnectionData(key="ident", kind="ident", config=config, secrets={"password": "sesame"}))
    keep_account(clinic.pk, account())
    directory = Directory(branches={"1": "Ленина", "2": "Мира"}, doctors={"7": "Иванова"})
    keep_source(clinic.pk, SourceLook(connection="ident", directory=directory))
    return clinic


@pytest.fixture
def administrator(client: Client, clinic: Clinic) -> Client:  # noqa: ARG001 - what there is to see
    client.force_login(User.objects.create(username="administrator", is_staff=True, is_superuser=True))
    return client


class Typed(HTMLParser):
    """What a browser would send of the page's own form, if nobody touched it."""

    def __init__(self, written: str) -> None:
        super().__init__()
        self.sent = QueryDict(mutable=True)
        self._inside = self._template = 0
        self._select = self._text = ""
        self._chosen: str | None = None
        self.feed(written)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        name = known.get("name") or ""
        self._template += tag == "template"
        if tag == "form":
            self._inside = known.get("id") == "su-form"
        if not self._inside or self._template:
            return
        if tag == "input" and name and (known.get("type") not in ("checkbox", "radio") or "checked" in known):
            self.sent.appendlist(name, known.get("value") or ("on" if known.get("type") == "checkbox" else ""))
        elif tag == "select":
            self._select, self._chosen = name, None
        elif tag == "option" and self._select and (self._chosen is None or "selected" in known):
            self._chosen = known.get("value") or ""
        elif tag == "textarea":
            self._text = name
            self.sent.appendlist(name, "")

    def handle_data(self, data: str) -> None:
        if self._text and self._inside:
            self.sent[self._text] = data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        self._template -= tag == "template"
        self._inside = self._inside and tag != "form"
        if tag == "select" and self._select:
            self.sent.appendlist(self._select, self._chosen or "")
            self._select = ""
        if tag == "textarea":
            self._text = ""


def send(client: Client, url: str, typed: QueryDict) -> Any:
    return client.post(url, dict(typed.lists()))


def leaves(shape: type[Any], path: str = "") -> Iterator[str]:
    """`leads.task.text`: the paths of all settings, down to tables."""
    for field in fields(shape):
        here = f"{path}.{field.name}".lstrip(".")
        kind = get_type_hints(shape)[field.name]
        inner = next((one for one in (kind, *get_args(kind)) if isinstance(one, type) and is_dataclass(one)), None)
        if here in TABLES or inner is None or inner.__name__ == "StageName" or "tuple" in str(kind):
            yield here
        else:
            if isinstance(kind, UnionType):
                yield here
            yield from leaves(inner, here)


def test_every_setting_has_a_place_and_a_sentence_of_help() -> None:
    placed = {knob.path for knob in KNOBS} | set(TABLES)

    assert set(leaves(Settings)) == placed
    assert [knob.path for knob in KNOBS if not (str(knob.label) and str(knob.help))] == []


@pytest.mark.parametrize("name", EDITED)
def test_a_page_that_is_saved_as_it_is_shown_changes_nothing(administrator: Client, clinic: Clinic, name: str) -> None:
    before = settings_of(clinic)
    url = reverse("settings_section", args=[clinic.slug, name])

    answer = send(administrator, url, Typed(administrator.get(url).content.decode()).sent)

    assert answer.status_code == 302, answer.content.decode()
    after = settings_of(Clinic.objects.get(pk=clinic.pk))
    assert [field.name for field in fields(Settings) if getattr(after, field.name) != getattr(before, field.name)] == []


@pytest.mark.parametrize(
    ("name", "help_"),
    [
        ("branches", "Записи филиала, который не читается, в amoCRM не попадают."),
        ("stages", "Правило подходит, если выполнено всё, что в нём выбрано"),
        ("fields", "что будет со значением, которое уже ввели в amoCRM"),
        ("users", "Окно открывается с филиала по умолчанию"),
        ("triggers", "Действует первое сверху правило для этапа и филиала."),
        ("jobs", "сотрудникам придётся закрывать её дважды"),
    ],
)
def test_a_page_says_what_follows_from_what_is_chosen(
    administrator: Client, clinic: Clinic, name: str, help_: str
) -> None:
    assert help_ in administrator.get(reverse("settings_section", args=[clinic.slug, name])).content.decode()


def test_a_branchs_own_rules_stay_as_they_are(administrator: Client, clinic: Clinic) -> None:
    before = settings_of(clinic)
    url = reverse("settings_section", args=[clinic.slug, "stages"]) + "?branch=ident:2"

    assert send(administrator, url, Typed(administrator.get(url).content.decode()).sent).status_code == 302
    assert settings_of(Clinic.objects.get(pk=clinic.pk)) == before


def test_what_a_page_saves_comes_back_from_the_file(administrator: Client, clinic: Clinic) -> None:
    url = reverse("settings_section", args=[clinic.slug, "automation"])
    typed = Typed(administrator.get(url).content.decode()).sent
    typed["leads_name"], typed["leads_tags"] = "{patient}: {doctor}", "Приём\nНовый"
    typed.setlist("leads_guarded", ["1:103", "2:142"])
    assert send(administrator, url, typed).status_code == 302

    written = administrator.get(reverse("setup_file", args=[clinic.slug])).content.decode()
    leads = configuration.parse(tomllib.loads(written)).settings.leads

    assert (leads.name, leads.tags) == ("{patient}: {doctor}", ("Приём", "Новый"))
    assert [(one.pipeline, one.stage) for one in leads.guarded] == [("Первичные", "Думает"), (2, 142)]
    assert "sesame" not in written


def test_without_the_journal_its_pipelines_stay_as_they_are(administrator: Client, clinic: Clinic) -> None:
    url = reverse("settings_section", args=[clinic.slug, "automation"])
    typed = Typed(administrator.get(url).content.decode()).sent
    chosen = settings_of(clinic).booking.journal_in
    del typed["booking_journal"], typed["booking_journal_in"]

    assert send(administrator, url, typed).status_code == 302
    after = settings_of(Clinic.objects.get(pk=clinic.pk)).booking
    assert (after.journal, after.journal_in) == (False, chosen)
    assert chosen


def test_rules_keep_the_order_in_which_they_stand(administrator: Client, clinic: Clinic) -> None:
    url = reverse("settings_section", args=[clinic.slug, "stages"])
    typed = Typed(administrator.get(url).content.decode()).sent
    for name in [name for name in typed if name.startswith("rule-")]:
        typed.setlist(name, typed.getlist(name)[::-1])
    rules = settings_of(clinic).status_sync.rules

    assert send(administrator, url, typed).status_code == 302
    assert settings_of(Clinic.objects.get(pk=clinic.pk)).status_sync.rules == rules[::-1]


def test_a_stage_that_is_gone_is_shown_and_has_to_be_chosen_anew(administrator: Client, clinic: Clinic) -> None:
    without = account()
    keep_account(clinic.pk, Account(**{**dict_of(without), "pipelines": without.pipelines[1:]}))
    url = reverse("settings_section", args=[clinic.slug, "stages"])
    written = administrator.get(url).content.decode()

    assert "в amoCRM больше нет" in written
    answer = send(administrator, url, Typed(written).sent)
    assert answer.status_code == 422
    assert "выберите другое" in answer.content.decode()


def dict_of(one: Account) -> dict[str, Any]:
    return {field.name: getattr(one, field.name) for field in fields(one)}


def test_the_form_of_a_connection_keeps_the_password_and_takes_what_is_typed(
    administrator: Client, clinic: Clinic
) -> None:
    url = reverse("setup_try", args=[clinic.slug, "mis"]) + "?connection=ident"
    page = administrator.get(reverse("settings_section", args=[clinic.slug, "mis"])).content.decode()
    typed = Typed(page).sent
    assert "sesame" not in page
    typed["port"] = "99999"

    answer = send(administrator, url, typed).content.decode()

    told = json.loads(answer.partition('type="application/json">')[2].partition("</script>")[0])
    assert "«Порт»" in told["id_port"]


def test_a_new_clinic_begins_with_its_name(administrator: Client) -> None:
    answer = administrator.post(reverse("setup_new"), {"name": "Зубная фея"})

    assert answer["Location"] == "/clinics/zubnaya-feya/setup/amocrm/"
    later = administrator.get("/clinics/zubnaya-feya/setup/launch/")
    assert later["Location"] == "/clinics/zubnaya-feya/setup/amocrm/"


def test_nothing_starts_that_nobody_has_looked_at(administrator: Client) -> None:
    clinic = Clinic.objects.create(slug="new", name="Новая")

    administrator.post(reverse("setup_start", args=["new"]))

    assert not Clinic.objects.get(pk=clinic.pk).live
