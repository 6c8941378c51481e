"""The free times that an empty panel offers: one click leads into the booking window, at that time."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from priem.booking import ScheduleQuery, Shift, Time
from priem.engine.booking_rights import Actor
from priem.hub.booking.receptions import Office
from priem.hub.models import BookingIntent
from priem.hub.widget.places import Place, places_for
from priem.hub.widget.visits import time_as_json
from priem.intents import Deed, Phase

SHOWN = 5
OF_ONE_DOCTOR = 2
DAYS = 7
REMEMBERED = 30
"""The user's last bookings, from which is known whose times he looks for."""


def nearest(office: Office, actor: Actor) -> dict[str, Any]:
    """In the branch that opens first; of the doctors whom this user books with, as far as they have free times."""
    place = next(iter(places_for(actor, office)), None)
    if place is None:
        return {"place": "", "times": []}
    today = office.reception.clock.now().astimezone(place.zone).date()
    wanted = ScheduleQuery(first=today, last=today + timedelta(days=DAYS - 1), branch=place.branch.id)
    shifts = place.desk.schedule(wanted)
    favourites = chosen_before(office, actor, place)
    times = free(shifts, office.reception.clock.now(), favourites)
    names = {shift.doctor: shift.doctor_name for shift in shifts}
    return {
        "place": place.key,
        "times": [{**time_as_json(time, place), "doctor_name": names[time.doctor]} for time in times],
    }


def chosen_before(office: Office, actor: Actor, place: Place) -> set[str]:
    rows = BookingIntent.objects.of(office.clinic.id).filter(
        actor=actor.name, connection=place.desk.connection, deed=Deed.BOOK.value, phase=Phase.DONE.value
    )
    return set(rows.order_by("-id").values_list("doctor", flat=True)[:REMEMBERED])


def free(shifts: Iterable[Shift], now: datetime, favourites: Collection[str]) -> list[Time]:
    """The earliest ones, not all of one doctor, in their order."""
    every = sorted(slots_of(shifts, now), key=lambda time: (time.doctor not in favourites, time.starts_at, time.doctor))
    taken: list[Time] = []
    of_doctor: Counter[str] = Counter()
    for time in every:
        if len(taken) < SHOWN and of_doctor[time.doctor] < OF_ONE_DOCTOR:
            taken.append(time)
            of_doctor[time.doctor] += 1
    return sorted(taken, key=lambda time: (time.starts_at, time.doctor))


def slots_of(shifts: Iterable[Shift], now: datetime) -> Iterator[Time]:
    for shift in shifts:
        for slot in shift.slots:
            if slot.free and slot.starts_at >= now:
                yield Time(
                    doctor=shift.doctor,
                    starts_at=slot.starts_at,
                    ends_at=slot.ends_at,
                    branch=shift.branch,
                    room=shift.room,
                )
