"""The wire format: which path takes what and answers how. The rules are in `state`."""

from . import (
    account,
    around,
    calls,
    cards,
    catalogs,
    compound,
    events,
    fields,
    links,
    notes,
    pipelines,
    roles,
    sources,
    tags,
    tasks,
    unsorted,
    webhooks,
)
from .router import Router


def build_router() -> Router:
    """Every path below /api/v4."""
    router = Router()
    areas = (
        account,
        roles,
        pipelines,
        fields,
        cards,
        compound,
        links,
        tasks,
        notes,
        tags,
        events,
        unsorted,
        calls,
        webhooks,
        sources,
        catalogs,
        around,
    )
    for area in areas:
        area.mount(router)
    return router


def build_old_router() -> Router:
    """The few paths below /api/v2 that have no newer form."""
    router = Router()
    around.mount_old(router)
    return router
