"""What the hub says of the reading, and what it may not: the way to the database, and any statement but a SELECT."""

from collections.abc import Mapping
from typing import Any

from priem.agent.folder import Folder, replace_durably
from priem.errors import AskOperator
from priem.mis.ident.config import Config
from priem.mis.ident.profile import built_in, parse
from priem.relay.shapes import Unreadable
from priem.relay.words import Given
from priem.texts import text

SETTINGS = "settings"
PROFILE = "profile.sql"
KIND = "ident"
OF_PROFILE = "profile"


def config_of(folder: Folder, given: Given, way: Mapping[str, Any]) -> Config:
    """Raises AskOperator for settings that IDENT's connector does not take, and for a profile that does more than read.

    The hub's word is checked here as anybody's: whoever takes the hub over gets nothing but questions through.
    """
    if given.kind != KIND:
        raise AskOperator(
            text("The hub wants this agent to read {kind}, which it cannot.", kind=given.kind),
            text("Enrol it at a connection to IDENT."),
        )
    # A profile comes by its own way: as a setting it would be the path of a file here.
    options = {name: value for name, value in given.options.items() if name != OF_PROFILE}
    return Config.from_mapping(given.connection, {**options, **way, **profile_of(folder, given)})


def profile_of(folder: Folder, given: Given) -> dict[str, str]:
    if given.profile:
        parse(given.profile_name or "profile", given.profile)  # refuses whatever is not one SELECT
        path = folder.path / PROFILE
        if not path.exists() or path.read_text(encoding="utf-8") != given.profile:
            replace_durably(path, given.profile.encode())
        return {"profile": str(path)}
    if not given.profile_name:
        return {}
    if given.profile_name not in built_in():
        # Never a path of this computer: the hub has no business with its files.
        raise AskOperator(
            text("This agent has no profile {name}.", name=given.profile_name),
            text("Bring the agent to the hub's version."),
        )
    return {"profile": given.profile_name}


def keep_given(folder: Folder, given: Given) -> None:
    folder.keep_json(SETTINGS, given.as_json())


def given_in(folder: Folder) -> Given | None:
    """Those that the hub said last: an agent that starts while the hub is away reads all the same."""
    told = folder.kept_json(SETTINGS)
    try:
        return Given.from_json(told) if told else None
    except Unreadable:
        return None
