"""The application for access to IDENT's database: everything on it, nothing broken by what is typed in, one page."""

from dataclasses import asdict, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from priem.errors import AskOperator
from priem.mis.ident.access_letter import SUPPORT, Sender, as_html, as_text, checked

SENDER = Sender(
    organisation="ООО «Стоматологическая клиника „Улыбка“»",
    director="Полянская Вера Сергеевна",
    email="clinic@ulybka.example",
    clinic="Улыбка",
    address="630000, г. Новосибирск, ул. Ленина, д. 5, пом. 12",
    inn="5400000000",
    ogrn="1235400000000",
    phone="+7 383 000-00-00",
    contact="Заречный Илья, +7 913 000-00-00, admin@ulybka.example",
    year=2026,
)


class Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.said = ""
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.said += data.replace("\u00a0", " ").replace("\u2011", "-")


def words(html: str) -> Words:
    parser = Words()
    parser.feed(html)
    return parser


@pytest.mark.parametrize("written", [words(as_html(SENDER)).said, as_text(SENDER)], ids=["html", "text"])
def test_it_says_who_asks_whom_for_what(written: str) -> None:
    plain = " ".join(written.split())
    own = (value for value in asdict(SENDER).values() if isinstance(value, str))
    for part in (*own, SUPPORT, "ЗАЯВЛЕНИЕ", "только на чтение", "М. П.", "2026 г."):
        assert part in plain


def test_what_is_not_given_leaves_no_gap() -> None:
    bare = Sender(organisation="ИП Полянская В. С.", director="Полянская В. С.", email="a@b.example", year=2026)

    assert "ИНН" not in as_text(bare)
    assert "По техническим вопросам" not in words(as_html(bare)).said
    assert "«»" not in as_html(bare)


def test_what_is_typed_in_stays_text() -> None:
    sender = replace(SENDER, organisation="ООО <b>«Ромашка & Ко»</b>", director="$title <script>")

    html = as_html(sender)
    assert "b" not in words(html).tags
    assert "script" not in words(html).tags
    assert "ООО <b>«Ромашка & Ко»</b>" in words(html).said
    assert "$title <script>" in words(html).said


@pytest.mark.parametrize(
    "wrong", [{"organisation": " "}, {"director": ""}, {"email": ""}, {"email": "clinic"}, {"inn": "12345"}]
)
def test_what_cannot_be_right_is_said(wrong: dict[str, Any]) -> None:
    with pytest.raises(AskOperator):
        checked(replace(SENDER, **wrong))


def test_a_whole_application_passes() -> None:
    assert checked(SENDER) is SENDER


@pytest.mark.e2e
def test_it_is_one_page_of_paper(tmp_path: Path) -> None:
    page, paper = tmp_path / "letter.html", tmp_path / "letter.pdf"
    page.write_text(as_html(SENDER), encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        tab = browser.new_page()
        tab.goto(page.as_uri())
        tab.pdf(path=paper, prefer_css_page_size=True)
        browser.close()

    assert b"/Count 1" in paper.read_bytes()
