"""Branches as the МИС calls them: from the visits that were read, and from what the set-up found."""

from collections.abc import Iterable, Mapping
from typing import Any

from priem.hub.bulk import put
from priem.hub.models import BranchName, Connection, SourcePicture
from priem.hub.pieces import pieces
from priem.hub.watch.delays import Place
from priem.model import Page

ONLY = "only_branches"
"""What a connection's settings call those that are read, when it is not all of them."""
KEY = ("clinic", "connection", "branch")


class Branches:
    """Of one clinic: what pages tell of them. Asks the database once, and writes what is new to it."""

    def __init__(self, clinic_id: int) -> None:
        self._clinic = clinic_id
        self._known: dict[Place, str] | None = None

    def learn(self, page: Page) -> None:
        told = {(visit.key.connection, visit.branch): visit.branch_name for visit in page.visits if visit.branch}
        if told and self._known is None:
            rows = BranchName.objects.of(self._clinic).values_list("connection", "branch", "name")
            self._known = {(of, branch): name for of, branch, name in rows}
        known = self._known or {}
        news = {place: name for place, name in told.items() if place not in known or (name and name != known[place])}
        put(BranchName, (*KEY, "name"), [(self._clinic, *place, name[:200]) for place, name in news.items()], key=KEY)
        known.update(news)


def branches_of(clinic_ids: Iterable[int]) -> dict[int, dict[Place, str]]:
    """Those that are read, by name; one without a name is called by its id. Few questions for however many clinics."""
    found: dict[int, dict[Place, str]] = {}
    for piece in pieces(clinic_ids):
        looked = SourcePicture.objects.of_any(piece).values_list("clinic_id", "connection", "directory__branches")
        for clinic_id, of, named in looked:
            own = found.setdefault(clinic_id, {})
            own.update({(of, id_): name or id_ for id_, name in (named or {}).items()})
        seen = BranchName.objects.of_any(piece).values_list("clinic_id", "connection", "branch", "name")
        for clinic_id, of, branch, name in seen:
            found.setdefault(clinic_id, {}).setdefault((of, branch), name or branch)
        for clinic_id, of, config in Connection.objects.of_any(piece).values_list("clinic_id", "key", "config"):
            leave_out_others(found.get(clinic_id, {}), of, config)
    return found


def leave_out_others(branches: dict[Place, str], connection: str, config: Mapping[str, Any]) -> None:
    only = {str(one) for one in config.get(ONLY) or ()}
    for place in [place for place in branches if only and place[0] == connection and place[1] not in only]:
        del branches[place]
