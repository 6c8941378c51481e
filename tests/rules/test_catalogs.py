"""Everything that a person reads exists in Russian, and the compiled catalog says so."""

import gettext
import io
from collections.abc import Mapping
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog

from tests.rules.source import ROOT, SRC


def load(script: Path) -> ModuleType:
    spec = spec_from_loader(script.name, SourceFileLoader(script.name, str(script)))
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


catalogs = load(ROOT / "bin" / "catalogs")


@pytest.fixture(scope="module")
def problems() -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = catalogs.problems()
    return found


def test_every_sentence_of_the_product_has_a_russian_translation(problems: Mapping[str, list[str]]) -> None:
    assert problems["missing"] == []


def test_no_translation_is_empty_or_doubtful_or_still_english(problems: Mapping[str, list[str]]) -> None:
    assert problems["flawed"] == []


def test_no_two_parts_translate_a_sentence_differently(problems: Mapping[str, list[str]]) -> None:
    assert problems["quarrels"] == []


def test_no_translation_is_left_over(problems: Mapping[str, list[str]]) -> None:
    assert problems["unused"] == []


def test_every_sentence_is_written_out_where_it_is_marked(problems: Mapping[str, list[str]]) -> None:
    assert problems["not literal"] == []


def test_the_compiled_catalog_is_current(problems: Mapping[str, list[str]]) -> None:
    assert problems["stale"] == []


def part(*entries: tuple[str, str], fuzzy: bool = False) -> Catalog:
    catalog = Catalog(locale="ru")
    for english, russian in entries:
        catalog.add(english, russian, flags=["fuzzy"] if fuzzy else [])
    return catalog


def test_parts_are_merged_and_read_back() -> None:
    merged, quarrels = catalogs.merge(
        {
            "cli.po": part(("Done.", "Готово."), ("Read {count}.", "Прочитано: {count}.")),
            "hub.po": part(("Clinics", "Клиники"), ("Done.", "Готово.")),
        }
    )

    read = gettext.GNUTranslations(io.BytesIO(catalogs.as_mo(merged)))
    assert quarrels == []
    assert [read.gettext(english) for english in ("Done.", "Clinics", "Read {count}.")] == [
        "Готово.",
        "Клиники",
        "Прочитано: {count}.",
    ]


def test_two_translations_of_one_sentence_are_a_quarrel() -> None:
    _, quarrels = catalogs.merge({"cli.po": part(("Leads", "Сделки")), "hub.po": part(("Leads", "Лиды"))})

    assert quarrels == ["hub.po and cli.po translate differently: 'Leads'"]


def test_merging_twice_gives_the_same_bytes() -> None:
    written = [
        catalogs.as_mo(catalogs.merge({"a.po": part(*order)})[0])
        for order in ([("A", "А"), ("B", "Б")], [("B", "Б"), ("A", "А")])
    ]
    assert written[0] == written[1]


@pytest.mark.parametrize(
    ("english", "russian", "flaw"),
    [
        ("Read {count} rows.", "Прочитано строк: {count}.", ""),
        ("amoCRM", "amoCRM", ""),
        ("{place}: {what}", "{place}: {what}", ""),
        ("%(count)s leads", "сделок: %(count)s", ""),
        ("Clinics", "", "empty"),
        ("Clinics", "Clinics", "still English"),
        ("Clinics", "Klinics", "not Russian"),
        ("Read {count} rows.", "Прочитано строк: {rows}.", "other places"),
        ("Read {count} rows.", "Прочитаны строки.", "other places"),
        ("%(count)s leads", "сделки", "other places"),
    ],
)
def test_what_is_wrong_with_a_translation(english: str, russian: str, flaw: str) -> None:
    [message] = catalogs.entries(part((english, russian)))

    found = list(catalogs.flaws("cli.po", message))

    assert [flaw in said for said in found] == ([True] if flaw else [])


def test_a_fuzzy_translation_is_a_flaw() -> None:
    [message] = catalogs.entries(part(("Clinics", "Клиники"), fuzzy=True))

    assert list(catalogs.flaws("hub.po", message)) == ["hub.po: fuzzy: 'Clinics'"]


def test_sentences_are_found_in_code_and_templates(tmp_path: Path) -> None:
    (tmp_path / "errors.py").write_text('text("It is {count}.", count=1)\n_("Clinics")\nother("no")\n', "utf-8")
    page = """{% load i18n %}<p>
      {% translate "Today" %}
        {% blocktranslate count n=n %}one{% plural %}many{% endblocktranslate %}
    """
    (tmp_path / "page.html").write_text(page, "utf-8")

    assert {id_ for id_, _ in catalogs.used(tmp_path)} == {"It is {count}.", "Clinics", "Today", "one"}


def test_a_sentence_that_is_put_together_is_not_literal(tmp_path: Path) -> None:
    (tmp_path / "errors.py").write_text('text("Fine." if ok else "Broken.")\ntext("One " "sentence.")\n', "utf-8")

    assert catalogs.not_literal(tmp_path) == ["errors.py:1"]


def test_the_catalog_stands_where_priem_looks_for_it() -> None:
    assert catalogs.COMPILED == SRC / "locale" / "ru" / "LC_MESSAGES" / "django.mo"
