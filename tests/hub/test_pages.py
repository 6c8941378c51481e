"""Every page, in both languages: there, in the reader's words, and without a secret."""

import re
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise

from priem.errors import AskOperator
from priem.hub.clinics import ConnectionData, note_trouble, save_connection
from priem.hub.content_policy import HEADER
from priem.hub.exchanges import DjangoExchanges
from priem.hub.models import Clinic, ExchangeRecord, Incident, StepRecord
from priem.hub.people import ensure_administrator
from priem.hub.store import DjangoStore
from priem.model import (
    Action,
    Candidate,
    ContactDraft,
    LeadDraft,
    Outcome,
    PatientKey,
    Rejected,
    State,
    Step,
    VisitKey,
    Why,
)
from priem.ports import Exchange
from priem.texts import text

pytestmark = pytest.mark.slow

MODELS = ("clinic", "connection", "patientlink", "visitlink", "steprecord", "rejectedrow")
NOT_ENGLISH = frozenset(
    {
        *("priem", "amocrm", "ident", "id", "qr", "json", "csv", "api", "esc"),  # names
        *("administrator", "a", "smile", "mira", "archimed", "x", "r"),  # what the test itself wrote
        *("post", "v", "contacts", "leads", "create", "true"),
    }
)


@pytest.fixture
def clinic(clinic: Clinic) -> Clinic:
    """With a row of every kind."""
    save_connection(clinic.pk, ConnectionData(key="mira", kind="archimed", secrets={"password": "open sesame"}))
    Clinic.objects.filter(pk=clinic.pk).update(client_secret="open sesame", settings={"leads": {"create": True}})
    store = DjangoStore(clinic.pk)
    store.advance("ident", "x")
    note_trouble(clinic.pk, "mira", text("There is no clinic {slug}.", slug="x"))
    for step, state in (
        (creation(PatientKey("ident", "10")), State.DONE),
        (creation(PatientKey("ident", "11")), State.REFUSED),
        (creation(VisitKey("ident", "500")), State.DONE),
        (creation(VisitKey("ident", "501")), State.UNKNOWN),
    ):
        store.intend([step])
        done = 1000 + int(step.key.id) if state is State.DONE else None
        reason = None if done else text("There is no clinic {slug}.", slug="x")
        store.record([(step, Outcome(ref="1", state=state, id=done, reason=reason, request_id="r-1"), None)])
    store.reject("ident", [Rejected(kind="visit", id="9", reason=text("There is no clinic {slug}.", slug="x"))])
    exchanges = DjangoExchanges(clinic.pk)
    for status in (200, 429, None):
        exchanges.note(
            Exchange(
                system="amocrm",
                what="POST /api/v4/contacts",
                started_at=datetime.now(UTC),
                milliseconds=312,
                status=status,
                error=None if status else text("There is no clinic {slug}.", slug="x"),
            )
        )
    exchanges.flush()
    Incident.objects.create(
        clinic=clinic,
        kind="away",
        connection="mira",
        what=text("There is no clinic {slug}.", slug="x"),
        began_at=datetime.now(UTC),
    )
    return clinic


def creation(key: PatientKey | VisitKey) -> Step:
    draft: ContactDraft | LeadDraft
    if isinstance(key, PatientKey):
        draft = ContactDraft(ref="1", name="Анна", fields={5: "x"}, tags=("x",))
    else:
        draft = LeadDraft(ref="1", name="Приём", pipeline=7, stage=8, price=5, responsible=4, loss_reason=3)
    why = Why("nobody", (Candidate(77, "phone:other_name"), Candidate(78, "key")), "rule:3")
    return Step(action=Action.CREATE, key=key, draft=draft, why=why, fingerprint="f")


@pytest.fixture
def administrator(client: Client, clinic: Clinic) -> Client:  # noqa: ARG001  # what there is to see
    client.force_login(User.objects.create(username="administrator", is_staff=True, is_superuser=True))
    return client


def page(client: Client, url: str, language: str = "ru") -> str:
    answer = client.get(url, headers={"accept-language": language})
    assert answer.status_code == 200, url
    return answer.content.decode()


class Reader(HTMLParser):
    """What a person sees and a screen reader says, without scripts, the names of icons, and code."""

    UNSEEN = frozenset({"script", "style", "template", "code"})
    SAID = frozenset({"title", "aria-label", "placeholder", "alt"})

    def __init__(self, written: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.hidden: list[str] = []
        self.feed(written)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.words += [value for name, value in attrs if name in self.SAID and value]
        is_icon = "material-symbols-outlined" in (dict(attrs).get("class") or "")
        if tag in self.UNSEEN or is_icon or tag in self.hidden:
            self.hidden.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.hidden:
            self.hidden.remove(tag)

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.words.append(data)


def seen(written: str) -> str:
    return " ".join(Reader(written).words)


def own_pages() -> list[str]:
    """Those that are no lists of the admin's."""
    records = [("patient", "ident:10"), ("visit", "ident:500")]
    return [
        *(reverse(name) for name in ("questions", "records", "people", "audit", "second_factor_set_up")),
        *(reverse("record", kwargs={"slug": "smile", "kind": kind, "record": id_}) for kind, id_ in records),
        reverse("records") + "?q=4242",
        reverse("settings_history", kwargs={"slug": "smile"}),
    ]


def urls() -> list[str]:
    listed = [reverse(f"admin:hub_{model}_changelist") for model in MODELS]
    slugs = list(Clinic.objects.values_list("slug", flat=True))
    own = [reverse(name, args=[slug]) for name in ("history", "report") for slug in slugs]
    own += [reverse("incidents"), reverse("history", args=[slugs[0]]) + "?result=failed&q=10"]
    own += [reverse("history_exchange", args=[slugs[0], row.pk]) for row in ExchangeRecord.objects.of_all()]
    with_people = [reverse("admin:index"), *own, *of_accounts(), *listed]
    rows = [
        reverse(f"admin:hub_{model}_change", args=[pk])
        for model in MODELS
        for pk in apps.get_model("hub", model)._base_manager.values_list("pk", flat=True)
    ]
    return [*with_people, *own_pages(), *rows]


def of_accounts() -> list[str]:
    person = User.objects.values_list("pk", flat=True).first() or 1
    of_one = [reverse(f"admin:auth_user_{name}", args=[person]) for name in ("change", "password_change", "delete")]
    of_all = [reverse(f"admin:auth_user_{name}") for name in ("changelist", "add")]
    return [*of_all, *of_one, reverse("admin:password_change"), reverse("admin:app_list", args=["hub"])]


def test_a_page_loads_and_sends_nothing_elsewhere() -> None:
    allowed = dict(part.split(" ", 1) for part in Client().get(reverse("admin:login"))[HEADER].split("; "))

    assert allowed["default-src"] == "'self'"
    assert {"connect-src", "form-action"}.isdisjoint(allowed), "the first is the default, the second leads to amoCRM"
    assert {"*", "http:", "https:"}.isdisjoint(" ".join(allowed.values()).split())
    assert (allowed["frame-ancestors"], allowed["object-src"]) == ("'none'", "'none'")


def test_every_page_is_there_in_both_languages(administrator: Client) -> None:
    for url in urls():
        assert 'lang="ru"' in page(administrator, url), url
        assert 'lang="en"' in page(administrator, url, "en"), url


def test_russian_pages_hold_no_english(administrator: Client) -> None:
    found = {
        url: foreign
        for url in (*urls(), reverse("admin:hub_steprecord_changelist") + "?q=nobody")
        if (foreign := english(page(administrator, url)) - NOT_ENGLISH)
    }
    assert found == {}


def english(written: str) -> set[str]:
    """Latin words, without those of addresses and of passes' ids."""
    words = re.sub(r"\b[0-9a-f]{8}-[0-9a-f-]{27}\b|https?://\S+", " ", seen(written))
    return {word.lower() for word in re.findall(r"[A-Za-z]+", words)}


def test_the_login_page_holds_no_english(client: Client, db: None) -> None:  # noqa: ARG001  # there may be a session
    assert english(page(client, "/admin/login/")) <= NOT_ENGLISH


def test_english_pages_hold_no_russian_but_names(administrator: Client) -> None:
    for url in urls():
        words = set(re.findall(r"[А-Яа-яЁё]+", seen(page(administrator, url, "en"))))
        assert words <= {"Улыбка"}, url


@pytest.mark.parametrize("model", MODELS)
def test_everything_that_is_listed_has_a_russian_name(model: str) -> None:
    options = apps.get_model("hub", model)._meta
    with translation.override("ru"):
        names = [str(options.verbose_name), str(options.verbose_name_plural)]
        names += [str(field.verbose_name) for field in options.fields if isinstance(field.verbose_name, Promise)]
    assert [name for name in names if not re.search(r"[а-яё]", name)] == []


def test_no_page_shows_a_secret(administrator: Client) -> None:
    for url in urls():
        written = page(administrator, url)
        assert "sesame" not in written, url
        assert "Анна" not in written, url


def test_pages_are_for_those_who_logged_in(client: Client, clinic: Clinic) -> None:  # noqa: ARG001  # what is hidden
    for url in urls():
        answer = client.get(url)
        assert answer.status_code == 302, url
        assert answer["Location"].startswith("/admin/login/"), url


def test_staff_without_clinics_sees_none(client: Client, clinic: Clinic) -> None:
    person = User.objects.create_user("manager", password="long enough 1", is_staff=True)
    client.force_login(person)
    assert clinic.name not in page(client, reverse("admin:index"))
    assert client.get(reverse("admin:hub_clinic_changelist")).status_code == 403


@pytest.mark.parametrize(
    ("model", "term", "count"),
    [
        ("steprecord", "10", 1),
        ("steprecord", "ident:501", 1),
        ("steprecord", "1500", 1),
        ("steprecord", "нет такого", 0),
        ("steprecord", "9" * 40, 0),
        ("patientlink", "1010", 1),
        ("visitlink", "500", 1),
        ("rejectedrow", "9", 1),
        ("connection", "mira", 1),
        ("clinic", "smile", 1),
    ],
)
def test_rows_are_found_by_their_ids(administrator: Client, model: str, term: str, count: int) -> None:
    answer = administrator.get(reverse(f"admin:hub_{model}_changelist"), {"q": term})
    assert len(answer.context["cl"].result_list) == count


def test_rows_are_filtered(administrator: Client, clinic: Clinic) -> None:
    def shown(**query: str | int) -> int:
        answer = administrator.get(reverse("admin:hub_steprecord_changelist"), query)
        return len(answer.context["cl"].result_list)

    assert shown() == 4
    assert shown(state__exact="refused") == 1
    assert shown(entity__exact="lead", state__exact="unknown") == 1
    assert shown(clinic__id__exact=clinic.pk) == 4
    assert shown(clinic__id__exact=Clinic.objects.create(slug="a", name="Анис").pk) == 0
    today = timezone.localdate().isoformat()
    assert shown(intended_at_from="2020-01-01", intended_at_to=today) == 4
    assert shown(intended_at_from=today) == 4
    assert shown(intended_at_from="2020-01-01", intended_at_to="2020-01-02") == 0
    assert shown(intended_at_from="nonsense") == 4


@pytest.mark.parametrize("model", MODELS)
def test_what_the_machine_owns_is_not_edited_by_hand(administrator: Client, model: str) -> None:
    assert administrator.get(reverse(f"admin:hub_{model}_add")).status_code == 403
    pk = apps.get_model("hub", model)._base_manager.values_list("pk", flat=True)[0]
    assert administrator.post(reverse(f"admin:hub_{model}_change", args=[pk]), {"name": "x"}).status_code == 403
    assert administrator.post(reverse(f"admin:hub_{model}_delete", args=[pk]), {"post": "yes"}).status_code == 403


def test_the_home_page_counts_the_day(administrator: Client) -> None:
    (card,) = administrator.get(reverse("admin:index"), headers={"accept-language": "ru"}).context["cards"]
    assert (card.done, card.refused, card.unsure, card.rejected) == (2, 1, 1, 1)
    assert [(line.title, bool(line.last_read_at), bool(line.trouble)) for line in card.connections] == [
        ("IDENT", True, False),
        ("АрхиМед+ · mira", False, False),
    ]
    assert [str(banner.what) for banner in card.incidents] == ["There is no clinic x."], (
        "a banner says it, so the line does not"
    )


def test_a_set_up_that_was_interrupted_is_gone_on_with_and_nothing_is_said_to_be_in_step(
    client: Client,
    db: None,  # noqa: ARG001  # it writes
) -> None:
    client.force_login(User.objects.create(username="administrator", is_staff=True, is_superuser=True))
    clinic = Clinic.objects.create(slug="new", name="Новая")
    save_connection(clinic.pk, ConnectionData(key="ident", kind="ident"))
    goes_on = "/clinics/new/setup/amocrm/"

    today = seen(page(client, "/admin/"))

    assert "Продолжить подключение: шаг 1 из 7, «amoCRM»" in today
    assert "совпадает" not in today
    assert client.get("/settings/", follow=True).redirect_chain[-1][0] == goes_on
    assert "подключается" in page(client, reverse("admin:hub_clinic_changelist"))

    DjangoStore(clinic.pk).advance("ident", "x")  # `priem sync` keeps it in step

    assert goes_on not in page(client, "/admin/")
    assert client.get("/settings/", follow=True).redirect_chain[-1][0] == "/clinics/new/settings/branches/"
    assert "работает" in page(client, reverse("admin:hub_clinic_change", args=[clinic.pk]))
    assert "amoCRM" in (heads := page(client, goes_on))
    assert "AmoCRM" not in heads


def test_a_figure_leads_to_the_rows_behind_it(administrator: Client) -> None:
    StepRecord.objects.of_all().filter(record="500").update(intended_at=datetime(2026, 1, 1, tzinfo=UTC))
    figures = re.findall(
        r'<a class="hover:underline" href="([^"]+clinic__id[^"]+)">(\d+)</a>', page(administrator, "/admin/")
    )
    assert len(figures) == 4
    for url, count in figures:
        rows = administrator.get(unescape(url)).context["cl"].result_list
        assert len(rows) == int(count), url


def test_the_clinic_that_stands_still_comes_first(administrator: Client) -> None:
    Clinic.objects.create(slug="a", name="Анис")
    names = [card.clinic.name for card in administrator.get(reverse("admin:index")).context["cards"]]
    assert names == ["Улыбка", "Анис"]


def test_the_root_leads_to_the_home_page(client: Client) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


@pytest.mark.django_db
def test_anybody_may_ask_whether_the_hub_lives(client: Client) -> None:
    Clinic.objects.create(slug="a", name="Анис")
    answer = client.get("/healthz")
    assert answer.json() == {
        "state": "ok",
        "database": "ok",
        "clinics": 1,
        "out_of_step": {"clinics": 0, "branches": 0},
        "incidents": {},
    }
    assert "Анис" not in answer.content.decode()


def test_a_page_that_is_not_there_says_so_in_the_readers_language(client: Client) -> None:
    russian, english = (client.get("/nowhere", headers={"accept-language": language}) for language in ("ru", "en"))
    assert (russian.status_code, "Такой страницы нет" in russian.content.decode()) == (404, True)
    assert "The page is not there" in english.content.decode()


def test_a_page_that_breaks_shows_no_traceback(
    administrator: Client, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key is gone: every page that decrypts fails."""
    administrator.raise_request_exception = False
    monkeypatch.setenv("PRIEM_SECRET_KEY", "A" * 43 + "=")
    answer = administrator.get(reverse("admin:hub_clinic_change", args=[clinic.pk]))
    assert (answer.status_code, "Что-то пошло не так" in answer.content.decode()) == (500, True)
    assert AskOperator.__name__ not in answer.content.decode()


def test_an_administrator_may_be_made_again_with_another_password(client: Client, db: None) -> None:  # noqa: ARG001 - the database is there
    for password in ("long enough 1", "long enough 2"):
        ensure_administrator("administrator", password)
    for password, status in (("long enough 1", 200), ("long enough 2", 302)):
        sent = {"username": "administrator", "password": password}
        assert client.post("/admin/login/", sent).status_code == status
