"""Moments as people say them: сегодня 14:05, вчера 09:30, 12 мая, 10:00."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.formats import date_format, localize
from django.utils.translation import gettext

from priem.hub.sentences import readable
from priem.texts import Text

register = template.Library()
NO_BREAK = "\u00a0"
"""Between a figure and its unit: no line ends there."""


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
def said(sentence: Text | None) -> str:
    """A sentence in the language of the page."""
    return readable(sentence)


@register.filter
def figure(number: int | str | None) -> str:
    """8412 is 8 412."""
    return f"{int(number or 0):,}".replace(",", "\u202f")


@register.filter
def duration(seconds: float | None) -> str:
    """3 с, 2 мин, 1 ч 20 мин."""
    return length(round(seconds or 0)).replace(" ", NO_BREAK)


def length(seconds: int) -> str:
    if seconds < 60:
        return gettext("{count} s").format(count=max(1, seconds))
    minutes = round(seconds / 60)
    if minutes < 60:
        return gettext("{count} min").format(count=minutes)
    return gettext("{hours} h {minutes} min").format(hours=minutes // 60, minutes=minutes % 60)


@register.filter
def phone(written: str) -> str:
    """+7 912 345-67-89; what is no Russian number stays as it was written."""
    if len(written) == 12 and written.startswith("+7") and written[1:].isdecimal():
        return f"+7 {written[2:5]} {written[5:8]}-{written[8:10]}-{written[10:]}"
    return written


@register.filter
def lasting(milliseconds: int | None) -> str:
    """< 0,1 с, 3,1 с, 45 с, 2 мин, 1 ч 5 мин, 3 д; a dash for None."""
    return "—" if milliseconds is None else precise_length(milliseconds / 1000).replace(" ", NO_BREAK)


def precise_length(seconds: float) -> str:
    if seconds < 10:
        words = gettext("{seconds} s") if seconds >= 0.05 else gettext("< {seconds} s")
        return words.format(seconds=localize(max(0.1, round(seconds, 1))))
    if seconds < 120:
        return gettext("{seconds} s").format(seconds=round(seconds))
    minutes = round(seconds / 60)
    if minutes < 60:
        return gettext("{minutes} min").format(minutes=minutes)
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return gettext("{hours} h {minutes} min").format(hours=hours, minutes=rest)
    return gettext("{days} d").format(days=hours // 24)


@register.filter
def ago(when: datetime | None) -> str:
    """«3 с назад», «2 мин назад»; older than a day as a moment."""
    if when is None:
        return ""
    passed = (timezone.now() - when).total_seconds()
    if passed >= 86_400:
        return moment(when)
    return gettext("{time} ago").format(time=duration(passed) if passed < 60 else lasting(round(passed) * 1000))


@register.filter
def until(began: datetime, over: datetime | None) -> str:
    """How long it was; so far, when it is not over."""
    return lasting(round(((over or timezone.now()) - began).total_seconds() * 1000))
