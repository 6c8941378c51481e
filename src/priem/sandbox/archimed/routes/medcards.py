"""`medcards`: find and make; changing one was never seen (docs/reference/archimed.md §1.6)."""

from ..wire import Answer, Refused, answer
from .call import NOT_FOUND, Call, found
from .router import Router
from .talons import new_card


def mount(router: Router) -> None:
    """Its paths."""
    router.add("GET", "medcards", listed)
    router.add("POST", "medcards", create)
    router.add("GET", "medcards/#", one)


def listed(call: Call) -> Answer:
    """All, by id."""
    return call.page([card for card in call.branch.medcards.values() if not card.deleted], call.renderer.medcard)


def one(call: Call, number: int) -> Answer:
    """One of them."""
    card = found(call.branch.medcards, number)
    if card.deleted:
        raise Refused(404, NOT_FOUND)
    return call.one(call.renderer.medcard(card))


def create(call: Call) -> Answer:
    """Never looks for a namesake: a second POST is a second card."""
    form = call.request.form()
    if not form.get("last_name") or not form.get("first_name"):
        raise Refused(400, "Не указаны фамилия и имя")
    return answer({"status": "Ok", "id": call.renderer.id(new_card(call, form).id)})
