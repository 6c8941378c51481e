"""Invented branches: the same seed makes the same ones."""

import random
from dataclasses import replace
from zoneinfo import ZoneInfo

from ..clock import Clock
from ..settings import Settings
from ..state.branch import Branch
from .diary import Diary
from .people import CardFile
from .places import furnish

NAMES = ("Улыбка на Космонавтов", "Улыбка на Садовой", "Улыбка у реки", "Улыбка в центре")


def branches(settings: Settings, clock: Clock) -> dict[str, Branch]:
    """By API id."""
    made = [_branch(settings, clock, number) for number in range(settings.branches)]
    return {branch.api_id: branch for branch in made}


def _branch(settings: Settings, clock: Clock, number: int) -> Branch:
    dice = random.Random(f"archimed {settings.seed} {number}")
    branch = Branch(
        api_id=f"{dice.getrandbits(64):016x}",
        secret=f"{dice.getrandbits(256):064x}",
        name=NAMES[number] if number < len(NAMES) else f"Филиал {number + 1}",
        zone=ZoneInfo(settings.time_zones[number % len(settings.time_zones)]),
        clock=clock,
        manners=replace(
            settings.manners, missing=({"categories": 404} if number % 2 else {}) | settings.manners.missing
        ),
        shapes=dict(settings.shapes),
    )
    furnish(branch, dice, number, max(2, settings.doctors, settings.visits // 200), settings.history)
    cards = CardFile(branch, dice)
    cards.fill(settings.patients)
    Diary(branch, dice, cards).fill(settings.visits, settings.history)
    return branch
