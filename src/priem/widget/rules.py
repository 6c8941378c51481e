"""What amoCRM's moderators look at, as far as a program sees it. docs/reference/amocrm.md §5.1, §5.2, §5.4"""

import json
import re
import struct
from collections.abc import Iterator, Mapping
from typing import Any

from priem.widget.pictures import SIZES

FORBIDDEN = {
    r"\beval\s*\(|new\s+Function\s*\(": "runs code that it was given",
    r"\b(alert|confirm|prompt)\s*\(": "asks with the browser's own window",
    r"\bconsole\.(?!debug\b)": "writes to the console",
    r"\bdebugger\b": "stops in the debugger",
    r"async\s*:\s*false|\.open\([^)]*,\s*false": "waits for a request",
    r"createElement\(\s*['\"]script|<script|getScript\s*\(|define\(\s*\[[^\]]*//": "loads code from elsewhere",
    r"\.click\(\s*\)|\.trigger\(\s*['\"]click": "presses a button that is a person's to press",
    r"left[-_]?menu|nav[-_]?menu": "changes the menu at the left",
    r"\.innerHTML\s*=|document\.write": "writes HTML that nobody has looked at",
    r"\bAMOCRM\b": "uses the old name of APP",
    r"\bAPP\.[\w.]+\s*=[^=]": "changes APP",
    r"crm_post\s*\(": "asks through amoCRM's proxy, which names no user",
    r"\bTODO\b|\bFIXME\b": "is not finished",
}
EACH = "forEach|map|each|filter|some|every|reduce|find"
LOOPS = re.compile(
    rf"\b(for|while)\s*\((?:[^()]|\([^()]*\))*\)\s*|\bdo\s*(?=\{{)|\.({EACH})\s*\(\s*(function[^{{]*|[^{{]*?=>\s*)"
)
ASKS = r"\$authorizedAjax|\$\.(ajax|get|post|getJSON)\b|crm_post|XMLHttpRequest|\bfetch\s*\("
RETURNS_TRUE = ("render", "init", "bind_actions")
"""Else amoCRM goes no further: docs/reference/amocrm.md §5.3"""
LARGEST_IMAGE = 300_000
LONGEST_LINE = 160
"""Longer ones are minified."""
ROOT = ".priem-"


def problems(files: Mapping[str, bytes]) -> list[str]:
    """What a moderator would send it back for; empty for a good one."""
    return [
        *of_manifest(files),
        *of_script(files["script.js"].decode()),
        *of_style(files["style.css"].decode()),
        *of_files(files),
    ]


def of_manifest(files: Mapping[str, bytes]) -> Iterator[str]:
    manifest = json.loads(files["manifest.json"])
    widget = manifest["widget"]
    for name in ("name", "description", "short_description", "version", "locale", "installation", "support"):
        if name not in widget:
            yield f"manifest.json: widget.{name} is missing"
    for locale in widget.get("locale", ()):
        texts = json.loads(files.get(f"i18n/{locale}.json", b"{}"))
        for key in keys_of(manifest):
            if not found(texts, key):
                yield f"i18n/{locale}.json: {key} is missing"
        if locale != "ru" and re.search(r"\.ru\b|[А-Яа-яЁё]", json.dumps(texts, ensure_ascii=False)):
            yield f"i18n/{locale}.json: Russian, or an address in .ru"
    if not any(widget.get("support", {}).get(way) for way in ("link", "email")):
        yield "manifest.json: nobody is named who helps"
    yield from of_places(manifest)


def of_places(manifest: Mapping[str, Any]) -> Iterator[str]:
    if not manifest.get("locations"):
        yield "manifest.json: locations are missing"
    if "digital_pipeline" in manifest.get("locations", ()) and not manifest.get("dp", {}).get("webhook_url"):
        yield "manifest.json: the digital pipeline has no address"
    if not any(each.get("type") == "custom" and each.get("required") for each in manifest.get("settings", {}).values()):
        yield "manifest.json: nobody is asked for consent to the transfer of data"


def keys_of(node: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Names of texts: `widget.name`."""
    if isinstance(node, dict):
        for value in node.values():
            yield from keys_of(value)
    elif isinstance(node, list):
        for value in node:
            yield from keys_of(value)
    elif isinstance(node, str) and re.fullmatch(r"(widget|settings|dp|advanced)\.\w+", node):
        yield node


def found(texts: Mapping[str, Any], key: str) -> bool:
    group, _, name = key.partition(".")
    return bool(texts.get(group, {}).get(name))


def of_script(script: str) -> Iterator[str]:
    code = without_comments(script)
    for pattern, what in FORBIDDEN.items():
        if re.search(pattern, code):
            yield f"script.js: {what}"
    if not code.lstrip().startswith("define("):
        yield "script.js: is no AMD module"
    if any(len(line) > LONGEST_LINE for line in script.splitlines()):
        yield "script.js: looks minified"
    if "'use strict'" not in code:
        yield "script.js: is not strict, so nobody sees a variable that was not declared"
    asks = asking(code)
    if any(asks.search(statement(code, loop.end())) for loop in LOOPS.finditer(code)):
        yield "script.js: asks a server in a loop"
    yield from of_callbacks(code)


def of_callbacks(code: str) -> Iterator[str]:
    for callback in ("render", "init", "bind_actions", "settings", "onSave", "destroy"):
        bodies = [block(code, found.end()) for found in re.finditer(rf"\b{callback}\s*:\s*function[^{{]*\{{", code)]
        if not bodies:
            yield f"script.js: has no callback {callback}"
        elif callback in RETURNS_TRUE and not any("return true" in body for body in bodies):
            yield f"script.js: {callback} does not return true"


def without_comments(script: str) -> str:
    return re.sub(r"/\*.*?\*/", "", re.sub(r"(?m)^\s*//.*$", "", script), flags=re.DOTALL)


def asking(code: str) -> re.Pattern[str]:
    """Requests, and the script's own functions that make some."""
    bodies = {found[1]: block(code, found.end()) for found in re.finditer(r"function (\w+)\([^)]*\)\s*\{", code)}
    names: list[str] = []
    while True:
        pattern = re.compile("|".join((ASKS, *(rf"\b{name}\s*\(" for name in names))))
        more = [
            name for name, body in bodies.items() if name not in names and name[0].islower() and pattern.search(body)
        ]
        if not more:
            return pattern
        names += more


def statement(code: str, start: int) -> str:
    """What a loop repeats: a block, or all until the next semicolon."""
    return block(code, start + 1) if code[start : start + 1] == "{" else code[start:].partition(";")[0]


def block(code: str, start: int) -> str:
    """From behind an opening brace to the closing one."""
    depth = 1
    for place in range(start, len(code)):
        depth += {"{": 1, "}": -1}.get(code[place], 0)
        if not depth:
            return code[start:place]
    return code[start:]


def of_style(style: str) -> Iterator[str]:
    if re.search(r"@import|url\(", style):
        yield "style.css: fetches from elsewhere"
    for selectors in re.findall(r"(?m)^\s*([^{}@]+)\{", style):
        for selector in selectors.split(","):
            if not selector.strip().startswith(ROOT):
                yield f"style.css: {selector.strip()} reaches beyond the widget"


def of_files(files: Mapping[str, bytes]) -> Iterator[str]:
    manifest = files["manifest.json"].decode()
    used = {"manifest.json", "script.js", "style.css", *texts_of(manifest)}
    wanted = {each for each in SIZES if each != "logo_dp.png"} | set(re.findall(r'"/images/([^"]+)"', manifest))
    yield from (f"images/{name}: is missing" for name in sorted(wanted) if f"images/{name}" not in files)
    for name, content in files.items():
        if not name.endswith(".png") and name not in used:
            yield f"{name}: is not used"
        if name.endswith(".png"):
            yield from of_image(name, content, manifest)
        elif content.startswith(b"\xef\xbb\xbf") or b"\r" in content:
            yield f"{name}: has a BOM, or line ends of Windows"


def texts_of(manifest: str) -> list[str]:
    return [f"i18n/{locale}.json" for locale in json.loads(manifest)["widget"].get("locale", ())]


def of_image(name: str, content: bytes, manifest: str) -> Iterator[str]:
    own = name.removeprefix("images/")
    size = struct.unpack(">II", content[16:24])
    if own in SIZES and size != SIZES[own]:
        yield f"{name}: is {size[0]}×{size[1]}"
    if len(content) > LARGEST_IMAGE:
        yield f"{name}: is too large"
    if not (own.startswith("logo") or own in manifest):
        yield f"{name}: is not used"
