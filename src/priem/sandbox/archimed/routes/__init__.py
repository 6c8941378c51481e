"""The wire format: which path takes what and answers how. The rules are in `state`."""

from . import dictionaries, intervals, medcards, talons
from .router import Router


def build_router() -> Router:
    """Every path below /api/v4 and /api/v5."""
    router = Router()
    for area in (dictionaries, intervals, medcards, talons):
        area.mount(router)
    return router
