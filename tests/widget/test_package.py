"""The archive is what amoCRM takes, and what its moderators let through."""

import io
import json
import zipfile
from collections.abc import Mapping

import pytest

from priem.errors import AskOperator
from priem.widget.packing import files, packed
from priem.widget.rules import problems

HUB = "https://priem.clinic.ru"
HOOK = "/widget/pipeline/1-secret"


def test_the_archive_has_everything_at_its_root_and_the_hubs_address() -> None:
    with zipfile.ZipFile(io.BytesIO(packed(HUB, pipeline=HOOK, version="1.0.7"))) as archive:
        names = set(archive.namelist())
        script = archive.read("script.js").decode()
        manifest = json.loads(archive.read("manifest.json"))

    assert {"manifest.json", "script.js", "style.css", "i18n/ru.json", "i18n/en.json", "images/logo_main.png"} <= names
    assert f"var HUB = '{HUB}';" in script
    assert manifest["widget"]["version"] == "1.0.7"
    assert manifest["dp"]["webhook_url"] == HUB + HOOK
    assert "priem.example.org" not in script + json.dumps(manifest)


def test_without_a_clinic_there_are_no_actions_of_the_digital_pipeline() -> None:
    manifest = json.loads(files(HUB)["manifest.json"])

    assert "dp" not in manifest
    assert "digital_pipeline" not in manifest["locations"]


def test_the_same_makes_the_same_archive() -> None:
    assert packed(HUB) == packed(HUB)


@pytest.mark.parametrize("pipeline", ["", HOOK])
def test_a_moderator_finds_nothing(pipeline: str) -> None:
    assert problems(files(HUB, pipeline)) == []


@pytest.mark.parametrize("hub", ["http://priem.clinic.ru", "https://priem.clinic.ru/admin", "priem.clinic.ru", ""])
def test_an_address_that_amocrm_could_not_use_is_refused(hub: str) -> None:
    with pytest.raises(AskOperator):
        packed(hub)


def spoiled(name: str, find: str, put: str) -> Mapping[str, bytes]:
    good = dict(files(HUB, HOOK))
    content = good[name].decode()
    assert find in content
    return good | {name: content.replace(find, put, 1).encode()}


@pytest.mark.parametrize(
    ("name", "find", "put", "said"),
    [
        ("script.js", "'use strict';", "'use strict'; eval('1');", "runs code"),
        ("script.js", "'use strict';", "'use strict'; alert('1');", "browser's own window"),
        ("script.js", "'use strict';", "'use strict'; console.log(1);", "console"),
        ("script.js", "'use strict';", "'use strict'; for (;;) { self.$authorizedAjax({}); }", "in a loop"),
        ("script.js", "'use strict';", "'use strict'; [1].forEach(function () { enter(); });", "in a loop"),
        ("script.js", "'use strict';", "'use strict'; for (;;) enter();", "in a loop"),
        ("script.js", "'use strict';", "'use strict'; do { $.getJSON('/'); } while (more());", "in a loop"),
        ("script.js", "'use strict';", "'use strict'; [1].some((each) => renew(each));", "in a loop"),
        ("script.js", "'use strict';", "'use strict'; while (f()) { openFrame($('a'), 'panel', {}); }", "in a loop"),
        ("script.js", "'use strict';", "", "not strict"),
        ("script.js", "'use strict';", "'use strict'; new XMLHttpRequest().open('GET', '/', false);", "waits"),
        ("script.js", "'use strict';", "'use strict'; $('.install').trigger('click');", "presses a button"),
        ("script.js", "'use strict';", "'use strict'; $('#left_menu').hide();", "menu at the left"),
        ("script.js", "['jquery',", "['https://cdn.example.org/jquery.js',", "from elsewhere"),
        (
            "script.js",
            "        return true;\n      },\n\n      init:",
            "      },\n\n      init:",
            "render does not return true",
        ),
        ("script.js", "'use strict';", "'use strict'; APP.lang_id = 'ru';", "changes APP"),
        ("script.js", "'use strict';", "'use strict'; document.createElement('script');", "from elsewhere"),
        ("script.js", "'use strict';", "'use strict'; " + "x" * 200, "minified"),
        ("script.js", "onSave: function", "saved: function", "no callback onSave"),
        ("style.css", ".priem-widget {", "body {", "beyond the widget"),
        ("style.css", ".priem-widget {", "@import 'more.css';\n.priem-widget {", "from elsewhere"),
        ("manifest.json", '"link": "https', '"links": "https', "nobody is named who helps"),
        ("manifest.json", "tour_1_en.png", "tour_9_en.png", "images/tour_9_en.png: is missing"),
        ("manifest.json", '"en"\n', '"es"\n', "i18n/en.json: is not used"),
        ("i18n/en.json", '"name": "Priem"', '"name": ""', "widget.name is missing"),
        ("i18n/en.json", "Priem", "Приём", "Russian"),
        ("manifest.json", '"required": true', '"required": false', "consent"),
    ],
)
def test_a_moderator_would_find_it(name: str, find: str, put: str, said: str) -> None:
    assert any(said in problem for problem in problems(spoiled(name, find, put)))


def test_an_image_of_another_size_or_that_nobody_uses_is_found() -> None:
    good = dict(files(HUB))
    found = problems(good | {"images/logo.png": good["images/logo_min.png"], "images/old.png": good["images/logo.png"]})

    assert any("images/logo.png: is 84×84" in problem for problem in found)
    assert any("images/old.png: is not used" in problem for problem in found)
