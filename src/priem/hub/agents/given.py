"""The settings that an agent gets: everything but the way to the database."""

import json
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from priem.configuration import settings_from_json
from priem.engine.taking import wished_of_sources
from priem.hub.agents.choosing import LOOK_EVERY, OURS
from priem.hub.agents.standing import Standing
from priem.mis.ident.profile import built_in
from priem.relay.words import NOT_FROM_HUB, Given


def given_to(standing: Standing) -> Given | None:
    """None once the connection is gone."""
    if standing.kind is None:
        return None
    given, profile = given_for(standing.connection, standing.kind, standing.config, standing.settings)
    name, written = profile_of(profile)
    return replace(given, profile_name=name, profile=written) if name else given


@lru_cache(maxsize=4096)
def given_for(key: str, kind: str, config: str, settings: str) -> tuple[Given, object]:
    """And the profile that is named. By texts, since agents ask all the time and settings seldom change."""
    told: dict[str, Any] = json.loads(config)
    of_clinic = settings_from_json(json.loads(settings))
    options = {name: value for name, value in told.items() if name not in OURS | NOT_FROM_HUB | {"profile"}}
    options = {**{name: wish for name, wish in wished_of_sources(of_clinic).items() if wish}, **options}
    patients = of_clinic.patients
    given = Given(
        connection=key,
        kind=kind,
        options=options,
        interval=float(told.get(LOOK_EVERY) or 1.0),
        cards_at_first=patients.take != "everyone" or bool(patients.branches),
    )
    return given, told.get("profile")


def profile_of(named: object) -> tuple[str, str]:
    """Its name; and its statements, where it is a file of the hub's: the agent has those that are built in."""
    if not isinstance(named, str) or not named:
        return "", ""
    if named in built_in():
        return named, ""
    try:
        return Path(named).stem, Path(named).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return named, ""  # the agent says that it has no such profile
