"""Doctors, prices, buildings and every list of ids and names."""

from collections.abc import Callable

from ..state.records import Building, Named, Status
from ..wire import Answer
from .call import Call, found
from .render import Row
from .router import Handler, Router

Show = Callable[[Named | Status], Row]

PLAIN = ("branchs", "zones", "categories", "scientific_degrees", "specializations", "talondeletereasons")
"""`branchs`, sic: departments, not branches of a network."""


def mount(router: Router) -> None:
    """Their paths."""
    for kind in PLAIN:
        router.add("GET", kind, _names(kind))
    router.add("GET", "accounts", accounts)
    router.add("GET", "buildings", buildings)
    router.add("GET", "talonstatuses", statuses)
    router.add("GET", "talonstatuses/#", status)
    router.add("GET", "doctors", doctors)
    router.add("GET", "doctors/#", doctor)
    router.add("GET", "services", services)
    router.add("GET", "services/#", service)
    router.add("GET", "groupservices", groups)
    router.add("GET", "groupservices/#", group)


def _names(kind: str) -> Handler:
    def listed(call: Call) -> Answer:
        return call.page(call.branch.dictionaries.rows.get(kind, {}).values(), _named(call))

    return listed


def _named(call: Call) -> Show:
    renderer = call.renderer
    return lambda row: {"id": renderer.id(row.id), "name": row.name}


def accounts(call: Call) -> Answer:
    """What the real one tells is not known."""
    return call.page([call.branch], lambda branch: {"id": branch.api_id, "name": branch.name})


def buildings(call: Call) -> Answer:
    """With addresses."""
    renderer = call.renderer

    def show(building: Building) -> Row:
        return {"id": renderer.id(building.id), "name": building.name, "address": building.address}

    return call.page(call.branch.buildings.values(), show)


def statuses(call: Call) -> Answer:
    """The clinic's own ones too."""
    return call.page(call.branch.statuses.values(), _named(call))


def status(call: Call, number: int) -> Answer:
    """One of them."""
    return call.one(_named(call)(found(call.branch.statuses, number)))


def doctors(call: Call) -> Answer:
    """`branch_id` is a department, `type_id` a speciality."""
    department, speciality = call.request.parameter("branch_id"), call.request.parameter("type_id")
    rows = [
        doctor
        for doctor in call.branch.doctors.values()
        if doctor.enabled
        and (not department or str(doctor.department_id) == department)
        and (not speciality or speciality in map(str, doctor.specialities))
    ]
    return call.page(rows, call.renderer.doctor)


def doctor(call: Call, number: int) -> Answer:
    """One of them."""
    return call.one(call.renderer.doctor(found(call.branch.doctors, number)))


def services(call: Call) -> Answer:
    """Of one group, or all."""
    group_id = call.request.parameter("group_id")
    rows = [row for row in call.branch.services.values() if not group_id or str(row.group_id) == group_id]
    return call.page(rows, call.renderer.service)


def service(call: Call, number: int) -> Answer:
    """One of them."""
    return call.one(call.renderer.service(found(call.branch.services, number)))


def groups(call: Call) -> Answer:
    """The tree, flat."""
    return call.page(call.branch.groups.values(), call.renderer.group)


def group(call: Call, number: int) -> Answer:
    """One of them."""
    return call.one(call.renderer.group(found(call.branch.groups, number)))
