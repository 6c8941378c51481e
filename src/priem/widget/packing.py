"""`widget.zip` as amoCRM takes it: docs/reference/amocrm.md §5.1. UTF-8, the hub's address filled in."""

import io
import json
import zipfile
from collections.abc import Mapping
from importlib import resources
from urllib.parse import urlsplit

from priem.errors import AskOperator
from priem.texts import text
from priem.widget.pictures import pictures

PLACEHOLDER = "https://priem.example.org"
FILES = ("manifest.json", "script.js", "style.css", "i18n/ru.json", "i18n/en.json")
LOOPBACK = ("127.0.0.1", "localhost")
WHEN = (2026, 1, 1, 0, 0, 0)
"""The same files make the same archive."""


def packed(hub: str, *, pipeline: str = "", version: str = "") -> bytes:
    """The archive. `pipeline` is the path by which the digital pipeline's hooks come; without it there are none.

    amoCRM keeps old files in browsers until `version` is raised. Raises AskOperator for an address that cannot be used.
    """
    written = files(address(hub), pipeline, version)
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(written.items()):
            archive.writestr(zipfile.ZipInfo(name, WHEN), content, zipfile.ZIP_DEFLATED)
    return whole.getvalue()


def files(hub: str, pipeline: str = "", version: str = "") -> Mapping[str, bytes]:
    package = resources.files("priem.widget").joinpath("package")
    texts = {name: package.joinpath(name).read_text("utf-8") for name in FILES}
    manifest = json.loads(texts["manifest.json"])
    if version:
        manifest["widget"]["version"] = version
    if pipeline:
        manifest["dp"]["webhook_url"] = f"{PLACEHOLDER}{pipeline}"
    else:
        del manifest["dp"]
        manifest["locations"].remove("digital_pipeline")
    texts["manifest.json"] = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    drawn = {name: body for name, body in pictures().items() if pipeline or name != "logo_dp.png"}
    return {
        **{name: content.replace(PLACEHOLDER, hub).encode() for name, content in texts.items()},
        **{f"images/{name}": body for name, body in drawn.items()},
    }


def address(hub: str) -> str:
    """`https://host`, or this very machine for trying things out."""
    parts = urlsplit(hub.rstrip("/"))
    is_here = parts.scheme == "http" and parts.hostname in LOOPBACK
    if not parts.hostname or parts.path or parts.query or not (parts.scheme == "https" or is_here):
        raise AskOperator(
            text("{url} is no address of a hub.", url=hub),
            text("It begins with https:// and has nothing after the name, e.g. https://priem.clinic.ru."),
        )
    return f"{parts.scheme}://{parts.netloc}"
