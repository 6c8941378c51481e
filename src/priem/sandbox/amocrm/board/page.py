"""Serves the board and the data that it polls."""

from ..state.crm import Crm
from ..wire import Answer, Json, Request, html


def serve(path: str) -> Answer | None:
    return html(200, path)


def data(crm: Crm, request: Request) -> Json:
    return {}


def card(crm: Crm, kind: str, card_id: int) -> Json:
    return {}
