"""The partner's API, `/docdoc/v2/…`: a static token in the query, bare arrays (docs/reference/archimed.md §1.10).

What the source does not show of its answers is written like the general API's.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime

from .routes import talons
from .routes.call import Call, day_of, found
from .routes.render import clock_time, day
from .settings import Shape
from .state import grid
from .state.branch import Branch
from .state.records import Doctor, Named, Status
from .tokens import Caller, partner_token
from .wire import Answer, Refused, Request, answer

PREFIX = "/docdoc/v2/"
TEXTS = Shape(ids_as_text=True)


def branch_of(request: Request, branches: Mapping[str, Branch]) -> Branch | None:
    """Whose token it is."""
    token = request.parameter("access_token").replace(" ", "+")
    return next((branch for branch in branches.values() if token and partner_token(branch) == token), None)


def handle(request: Request, branch: Branch | None) -> Answer:
    """The answer, or Refused."""
    if branch is None:
        raise Refused(401, "Некорректный access_token")
    if not branch.manners.active:
        raise Refused(403, "Доступ к API не активирован")
    call = Call(request, Caller(branch), TEXTS)
    parts = request.path.removeprefix(PREFIX).strip("/").split("/")
    plain = PLAIN.get(f"{request.method} {parts[0]}") if len(parts) == 1 else None
    if plain is not None:
        return plain(call)
    if parts[0] == "slot" and len(parts) == 4 and parts[1].isdecimal():
        return _slots(call, int(parts[1]), _day(parts[2]), _day(parts[3]))
    if parts[0] == "talons" and len(parts) == 2 and parts[1].isdecimal():
        one = {"GET": talons.one, "DELETE": talons.delete}.get(request.method)
        if one is not None:
            return one(call, int(parts[1]))
    raise Refused(404, "Метод не найден")


def _buildings(call: Call) -> Answer:
    rows = call.branch.buildings.values()
    return answer([{"id": str(row.id), "name": row.name, "address": row.address} for row in rows])


def _doctors(call: Call) -> Answer:
    """Of one building, which has to be named."""
    building = call.request.parameter("buildid")
    if not building:
        raise Refused(400, "Не указано поле buildid")
    rows = [row for row in call.branch.doctors.values() if str(row.building_id) == building and row.enabled]
    return answer([call.renderer.doctor(row) for row in rows])


def _statuses(call: Call) -> Answer:
    return _dictionary(call.branch.statuses.values())


def _reasons(call: Call) -> Answer:
    return _dictionary(call.branch.dictionaries.rows["talondeletereasons"].values())


def _dictionary(rows: Iterable[Named | Status]) -> Answer:
    return answer([{"id": str(row.id), "name": row.name} for row in rows])


def _slots(call: Call, number: int, first: date, last: date) -> Answer:
    doctor: Doctor = found(call.branch.doctors, number)
    return answer(
        [
            {"date": day(shift.start), "start": clock_time(start), "end": clock_time(end), "free": free}
            for shift in grid.shifts_between(call.branch, doctor, first, last)
            for start, end, free in grid.slots(call.branch, doctor, shift)
        ]
    )


def _day(text: str) -> date:
    """In the general API's writing, or ISO: the source shows neither."""
    if "-" in text:
        try:
            return datetime.fromisoformat(text).date()
        except ValueError:
            raise Refused(400, "Некорректная дата") from None
    return day_of(text)


PLAIN: dict[str, Callable[[Call], Answer]] = {
    "GET buildings": _buildings,
    "GET doctors": _doctors,
    "GET talonstatuses": _statuses,
    "GET talondeletereasons": _reasons,
    "POST talons": talons.create,
}
