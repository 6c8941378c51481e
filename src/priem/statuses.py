"""A visit's status as the pages of settings call it, for sentences that name it outside a clinic's own data. Pure."""

from collections.abc import Mapping

from priem.model import VisitStatus
from priem.texts import Text, text

STATUS_LABELS: Mapping[VisitStatus, Text] = {
    VisitStatus.BOOKED: text("Is booked"),
    VisitStatus.CONFIRMED: text("Confirmed"),
    VisitStatus.ARRIVED: text("Arrived"),
    VisitStatus.IN_PROGRESS: text("In progress"),
    VisitStatus.COMPLETED: text("Completed"),
    VisitStatus.PAID: text("Is paid"),
    VisitStatus.CANCELLED: text("Cancelled"),
    VisitStatus.NO_SHOW: text("Did not come"),
    VisitStatus.DELETED: text("Deleted"),
    VisitStatus.UNMAPPED: text("Unknown status"),
}
