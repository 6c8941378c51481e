"""Moments as people say them: сегодня 14:05, вчера 09:30, 12 мая, 10:00."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

register = template.Library()


@register.filter
def moment(when: datetime | None) -> str:
    """In the time zone of the hub; nothing for None."""
    if when is None:
        return ""
    local, today = timezone.localtime(when), timezone.localdate()
    clock = local.strftime("%H:%M")
    match (today - local.date()).days:
        case 0:
            return gettext("today {time}").format(time=clock)
        case 1:
            return gettext("yesterday {time}").format(time=clock)
    day = date_format(local, "j E" if local.year == today.year else "j E Y")
    return f"{day}, {clock}"


@register.filter
def phone(written: str) -> str:
    """+7 912 345-67-89; what is no Russian number stays as it was written."""
    if len(written) == 12 and written.startswith("+7") and written[1:].isdecimal():
        return f"+7 {written[2:5]} {written[5:8]}-{written[8:10]}-{written[10:]}"
    return written
