"""Serves a lead's card, the list of leads and the settings as pages that load `widget.zip` the way amoCRM does.

docs/reference/amocrm.md §5. jQuery and RequireJS are the real ones; the widget's base class and `APP` are written from
the reference. The pages are for people and browsers in tests; who is logged in, they choose themselves.
"""

import base64
import io
import json
import mimetypes
import zipfile
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from ..board import page as board
from ..wire import Answer, Json, Request, whole

if TYPE_CHECKING:
    from ..app import Sandbox

PAGES = ("/leads/", "/settings/")
PATHS = ("/host/", "/widget-files/", *PAGES)
FILES = ("host.html", "host.js", "places.js", "host.css", "vendor/jquery.min.js", "vendor/require.js")
LEADS_SHOWN = 100


class Widget:
    """The one that is installed."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.settings: Json = {}
        """As the modal has saved them."""

    def install(self, zipped: str) -> Json:
        """`zipped` is the archive in base64; ValueError for one that amoCRM would not take."""
        with zipfile.ZipFile(io.BytesIO(base64.b64decode(zipped))) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        missing = {"manifest.json", "script.js", "i18n/ru.json"} - files.keys()
        if missing:
            raise ValueError(f"widget.zip lacks {', '.join(sorted(missing))} at its root")
        json.loads(files["manifest.json"])
        self.files = files
        return {"files": sorted(files)}

    def keep(self, settings: Json) -> Json:
        """What the modal of its settings sends. Raises ValueError without what the manifest requires."""
        wanted = json.loads(self.files["manifest.json"]).get("settings", {})
        if missing := [name for name, each in wanted.items() if each.get("required") and not settings.get(name)]:
            raise ValueError(f"not filled in: {', '.join(missing)}")
        self.settings = settings
        return settings

    def hook_address(self) -> str:
        """Where the digital pipeline's triggers are told; empty where the widget has none."""
        manifest = json.loads(self.files.get("manifest.json", b"{}"))
        return str(manifest.get("dp", {}).get("webhook_url", ""))


def serve(widget: Widget, request: Request) -> Answer:
    """A page, one of its files, or a file of the widget."""
    path = request.path
    if path.startswith(PAGES):
        return Answer(200, _file("host.html"), "text/html; charset=utf-8")
    if path.startswith("/widget-files/"):
        name = path.removeprefix("/widget-files/")
        return _answer(name, widget.files[name]) if name in widget.files else Answer(404)
    name = path.removeprefix("/host/")
    return _answer(name, _file(name)) if name in FILES else Answer(404)


def _answer(name: str, content: bytes) -> Answer:
    return Answer(200, content, mimetypes.guess_type(name)[0] or "application/octet-stream")


@cache
def _file(name: str) -> bytes:
    return resources.files(__package__).joinpath(name).read_bytes()


def data(sandbox: "Sandbox", request: Request) -> Json:
    """All that a page shows: the account, its users and pipelines, a card or a list, the widget's texts."""
    crm = sandbox.crm
    lead = crm.leads.get(whole(request.parameter("lead"), 0))
    shown: Json = {
        "account": {"id": crm.account.id, "name": crm.account.name, "subdomain": crm.account.subdomain},
        "users": [
            {"id": user.id, "name": user.name, "is_admin": user.is_admin}
            for user in crm.users.rows.values()
            if user.is_active
        ],
        "pipelines": [
            {
                "id": each.id,
                "name": each.name,
                "stages": [{"id": stage.id, "name": stage.name} for stage in each.in_order()],
            }
            for each in crm.pipelines.in_order()
        ],
        "widget": _widget(sandbox.widget),
    }
    if lead:
        shown["card"] = board.card(crm, "leads", lead.id)
        shown["place"] = {"pipeline": lead.pipeline_id, "status": lead.status_id}
    elif pipeline := whole(request.parameter("pipeline"), 0):
        rows = [each for each in crm.leads.living() if each.pipeline_id == pipeline]
        newest = sorted(rows, key=lambda each: -each.id)[:LEADS_SHOWN]
        shown["leads"] = [{"id": each.id, "name": each.name, "price": each.price} for each in newest]
    return shown


def _widget(widget: Widget) -> Json | None:
    if not widget.files:
        return None
    texts = {
        name.removeprefix("i18n/").removesuffix(".json"): json.loads(content)
        for name, content in widget.files.items()
        if name.startswith("i18n/")
    }
    return {
        "manifest": json.loads(widget.files["manifest.json"]),
        "texts": texts,
        "has_style": "style.css" in widget.files,
        "settings": widget.settings,
    }
