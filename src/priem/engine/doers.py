"""Who does a service, where the clinic has said so: medical information systems mostly do not. Pure."""

from collections.abc import Iterable, Sequence

from priem.booking import DoctorInfo, ServiceInfo

IS_DONE_BY = " = "


def doers(service: ServiceInfo, doctors: Sequence[DoctorInfo], lines: Iterable[str]) -> frozenset[str] | None:
    """Ids of doctors; None where nobody has said. Lines of the service itself count before those of its category."""
    told = [parted(line) for line in lines]
    own = [who for what, who in told if what in (folded(service.name), folded(service.id))]
    of_category = [who for what, who in told if service.category and what == folded(service.category)]
    names = {name for who in own or of_category for name in who}
    if not names:
        return None
    return frozenset(doctor.id for doctor in doctors if not names.isdisjoint(called(doctor)))


def parted(line: str) -> tuple[str, frozenset[str]]:
    """`Анализы = Терапевт, Иванова Ольга Петровна`: a service or a category, then specialities and doctors."""
    what, _, who = line.rpartition(IS_DONE_BY)
    return folded(what), frozenset(filter(None, map(folded, who.split(","))))


def is_line(line: str) -> bool:
    what, who = parted(line)
    return bool(what and who)


def called(doctor: DoctorInfo) -> set[str]:
    return {folded(name) for name in (doctor.id, doctor.name, *(one.name for one in doctor.specialities))}


def folded(name: str) -> str:
    return " ".join(name.casefold().split())
