"""Prose that names a file, a command, a class or a test is checked against it."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

from priem.configuration import parse
from priem.engine.reasons import SENTENCES
from tests.rules.pages import FENCE, SPAN, pages, without_code
from tests.rules.source import ROOT, SRC, TESTS, Module, modules

PAGES = pages()
NAMES = [path.relative_to(ROOT).as_posix() for path in PAGES]
ADRS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))

LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
OWN_PATH = re.compile(r"^(src|tests|docs|bin|bench|\.ci)/[\w/.\-]+$")
CITED = re.compile(r"(docs/[\w/.\-]+\.md)(?: (§\d+(?:\.\d+)*\w?))?")
PROOF = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
CYRILLIC = re.compile(r"[А-Яа-яЁё]")


def slug(heading: str) -> str:
    """As forges make anchors of headings."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_somewhere(page: Path) -> None:
    broken = [link for link in LINK.findall(without_code(page.read_text("utf-8"))) if not leads_somewhere(page, link)]
    assert broken == []


def leads_somewhere(page: Path, link: str) -> bool:
    if link.startswith(("http://", "https://", "mailto:")):
        return True
    path, _, anchor = unquote(link).partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return False
    return not anchor or anchor in map(slug, HEADING.findall(target.read_text("utf-8")))


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_files_that_are_named_exist(page: Path) -> None:
    if page.is_relative_to(ROOT / "docs" / "reference"):
        return  # they name other projects' files as their evidence
    named = {span.partition("::")[0] for span in SPAN.findall(without_code(page.read_text("utf-8")))}
    assert [path for path in sorted(named) if OWN_PATH.match(path) and not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_tests_that_are_named_exist(page: Path) -> None:
    named = PROOF.findall(page.read_text("utf-8"))
    assert [f"{path}::{name}" for path, name in named if not proof_exists(path, name)] == []


def test_pages_that_the_code_cites_exist_and_so_do_their_sections() -> None:
    cited = {
        (found[1], found[2])
        for module in (*modules(SRC), *modules(TESTS))
        for found in CITED.finditer(module.text)
        if module.path != Path(__file__)
    }
    assert [f"{page} {section or ''}" for page, section in sorted(cited, key=str) if not is_there(page, section)] == []


def is_there(page: str, section: str | None) -> bool:
    path = ROOT / page
    if not path.is_file():
        return False
    return section is None or has_section(path.read_text("utf-8"), section.removeprefix("§"))


def has_section(text: str, number: str) -> bool:
    """A heading of that number, or the numbered line of one: `7.18` is line 18 under heading 7."""
    if re.search(rf"^#+ {re.escape(number)}[. ]", text, re.MULTILINE):
        return True
    chapter, _, line = number.rpartition(".")
    if not chapter:
        return False
    _, *under = re.split(rf"^#+ {re.escape(chapter)}[. ].*$", text, maxsplit=1, flags=re.MULTILINE)
    return any(re.search(rf"^{line}\. ", part.partition("\n#")[0], re.MULTILINE) for part in under)


def test_the_glossary_knows_every_noun_of_the_model_and_no_other() -> None:
    page = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    table = page.split("## The model, class by class")[1].split("\n## ")[0]
    modules = [Module(SRC / name) for name in ("model.py", "findings.py")]
    classes = {node.name for module in modules for node in module.tree.body if isinstance(node, ast.ClassDef)}

    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == classes


def test_the_glossary_says_every_word_in_russian() -> None:
    page = (ROOT / "docs" / "glossary.md").read_text("utf-8").split("\n## Who moves next")[0]
    rows = [line.split("|")[1:-1] for line in page.splitlines() if line.startswith("| ")]

    assert [code.strip() for code, russian, _ in rows if not CYRILLIC.search(russian)] == []


@cache
def promises() -> tuple[tuple[str, str], ...]:
    """Title and text."""
    page = (ROOT / "docs" / "promises.md").read_text("utf-8")
    parts = (part.partition("\n") for part in page.split("\n## ")[1:])
    return tuple((title, text) for title, _, text in parts)


def test_the_journals_sentences_are_quoted_as_they_are() -> None:
    page = (ROOT / "docs" / "how-to" / "read-the-journal.md").read_text("utf-8")
    table = page.split("| the journal says |")[1].split("\n\n")[0]
    quoted = re.findall(r"^\| ([^|]+[^| ]) \|", table, re.MULTILINE)

    assert len(quoted) > 3
    assert set(quoted) <= {sentence.template for sentence in SENTENCES.values()}


def test_there_are_five_promises() -> None:
    assert [title.split(".")[0] for title, _ in promises()] == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize(("title", "text"), promises(), ids=[title for title, _ in promises()])
def test_every_promise_has_a_proof(title: str, text: str) -> None:
    assert PROOF.findall(text), f"nothing proves «{title}»"


def proof_exists(path: str, name: str) -> bool:
    file = ROOT / path
    return file.is_file() and (not name or name in {own.rpartition(".")[2] for own in functions_of(file)})


@cache
def functions_of(file: Path) -> frozenset[str]:
    return frozenset(name.partition("::")[2] for name, _ in Module(file).functions())


def test_decisions_are_numbered_without_gaps_and_listed() -> None:
    listed = LINK.findall((ROOT / "docs" / "adr" / "README.md").read_text("utf-8"))

    assert [path.name for path in ADRS] == listed
    assert [int(path.name[:4]) for path in ADRS] == list(range(1, len(ADRS) + 1))


@pytest.mark.parametrize("path", ADRS, ids=[path.stem for path in ADRS])
def test_a_decision_has_four_parts_and_fits_a_page(path: Path) -> None:
    text = path.read_text("utf-8")

    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
        "Context",
        "Decision",
        "Consequences",
        "What enforces it",
    ]
    assert re.match(r"# \d+\. .+\n\nStatus: .+\n\n## Context\n", text)
    assert len(text.splitlines()) <= 60


@cache
def settings_examples() -> tuple[tuple[str, str], ...]:
    """Page and TOML."""
    return tuple(
        (page.relative_to(ROOT).as_posix(), code)
        for page in PAGES
        for language, code in FENCE.findall(page.read_text("utf-8"))
        if language == "toml" and "[clinic]" in code
    )


@pytest.mark.parametrize(("page", "example"), settings_examples(), ids=[page for page, _ in settings_examples()])
def test_a_clinics_file_that_is_shown_can_be_read(page: str, example: str) -> None:
    assert parse(tomllib.loads(example)).clinic.slug, page


def test_every_make_target_explains_itself() -> None:
    targets = re.findall(r"^([a-z-]+):(.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert [name for name, rest in targets if "##" not in rest and name != "debian-packages"] == []
