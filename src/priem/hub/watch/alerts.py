"""Mail and webhook: once when an incident begins, once when it is over. Names of clinics, and nobody else's."""

import os
import ssl
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from functools import partial
from smtplib import SMTP, SMTP_SSL, SMTPException, SMTPNotSupportedError
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import httpx2
import structlog
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from priem.hub import environment
from priem.hub.models import Incident, IncidentKind
from priem.texts import Text, reader_language, text

PATIENCE = timedelta(minutes=2)
"""What mends itself so soon wakes nobody."""
AT_ONCE = frozenset({IncidentKind.CLOSED, IncidentKind.AMOCRM_STOPPED, IncidentKind.SETTINGS, IncidentKind.DISK})
"""What only a person can mend."""
ENGINEERS = frozenset(
    {
        IncidentKind.DISK,
        IncidentKind.HOOKS,
        IncidentKind.LAG,
        IncidentKind.QUEUE,
        IncidentKind.SILENCE,
        IncidentKind.UNKNOWN,
    }
)
"""What no clinic can mend: whoever looks after the hub hears of it, whether the clinic has addresses or not."""
TIMEOUT = 10.0
HERE = frozenset({"localhost", "127.0.0.1", "::1"})
"""A mail server of this machine: nobody stands between, and its certificate is seldom anybody's."""

log = structlog.get_logger(__name__)
BEGAN = text("Priem: {clinic}: {what}")
OVER = text("Priem: {clinic}: it is over: {what}")
Channel = Callable[[Incident], None]


def send_due(now: datetime) -> None:
    waiting = Incident.objects.of_all().select_related("clinic")
    for incident in waiting.filter(over_at__isnull=True, told_at__isnull=True):
        if incident.kind in AT_ONCE or incident.began_at <= now - PATIENCE:
            tell(incident, "told_at", now)
    for incident in waiting.filter(over_at__isnull=False, told_at__isnull=False, told_over_at__isnull=True):
        tell(incident, "told_over_at", now)


def tell(incident: Incident, mark: str, now: datetime) -> None:
    """Marked before it is sent: whoever dies over it has told once too little, not once too often."""
    ways = channels(incident)
    untold = Incident.objects.of(incident.clinic_id).filter(pk=incident.pk, **{f"{mark}__isnull": True})
    if not ways or not untold.update(**{mark: now}):
        return
    told = [sent(channel, incident) for channel in ways]  # all of them, even when one has heard already
    if True not in told:
        Incident.objects.of(incident.clinic_id).filter(pk=incident.pk).update(**{mark: None})


def sent(channel: Channel, incident: Incident) -> bool:
    try:
        channel(incident)
    except (OSError, SMTPException, httpx2.HTTPError, ValueError) as error:
        log.warning("nobody could be told of an incident", incident=incident.pk, error=type(error).__name__)
        return False
    return True


def channels(incident: Incident) -> list[Channel]:
    found: list[Channel] = [partial(mail, addresses) for addresses in circles(incident)]
    if os.environ.get("PRIEM_ALERT_WEBHOOK"):
        found.append(post)
    return found


def circles(incident: Incident) -> list[list[str]]:
    """Who gets a letter of their own: nobody sees the addresses of the others."""
    of_hub = environment.words("PRIEM_ALERT_MAIL")
    of_clinic = list(incident.clinic.settings.get("alerts", {}).get("mail", ()))
    found = [of_clinic or of_hub, of_hub if of_clinic and incident.kind in ENGINEERS else []]
    return [addresses for addresses in found if addresses]


def mail(addresses: Sequence[str], incident: Incident) -> None:
    """Raises OSError, SMTPException, or ValueError for an address of the server that is none."""
    server = urlsplit(os.environ.get("PRIEM_SMTP", "smtp://localhost:25"))
    if server.scheme not in ("smtp", "smtps") or not server.hostname:
        raise ValueError("PRIEM_SMTP: smtp://user:password@host:port")
    connect = partial(SMTP_SSL, context=proof_of(server)) if server.scheme == "smtps" else SMTP
    with connect(server.hostname, server.port or 0, timeout=TIMEOUT) as session:
        if server.scheme == "smtp":
            encrypt(session, server)
        if server.username:
            session.login(unquote(server.username), unquote(server.password or ""))
        session.send_message(letter(incident, addresses))


def proof_of(server: SplitResult) -> ssl.SSLContext | None:
    """A password goes to a server only that proves who it is; letters alone go as among mail servers."""
    return ssl.create_default_context() if server.username and server.hostname not in HERE else None


def encrypt(session: SMTP, server: SplitResult) -> None:
    session.ehlo_or_helo_if_needed()  # until it has been greeted, a server offers nothing
    if session.has_extn("starttls"):
        session.starttls(context=proof_of(server))
    elif server.username and server.hostname not in HERE:
        raise SMTPNotSupportedError("no STARTTLS: whoever stands between would read the password")


def letter(incident: Incident, addresses: Sequence[str]) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = read(subject(incident))
    message["From"] = os.environ.get("PRIEM_MAIL_FROM", "priem@localhost")
    message["To"] = ", ".join(addresses)
    message["Date"] = formatdate(localtime=True)
    message["Message-ID"] = make_msgid(domain="priem.invalid")
    message.set_content("\n\n".join(read(line) for line in lines(incident) if line) + link(incident))
    return message


def lines(incident: Incident) -> tuple[Text | None, ...]:
    if incident.over_at is None:
        began = text("It began: {moment}.", moment=clock(incident.began_at))
        return incident.what, began, incident.advice
    was = text(
        "It was from {began} to {over}. Changes made up for since: {changes}.",
        began=clock(incident.began_at),
        over=clock(incident.over_at),
        changes=incident.caught_up,
    )
    return text("It is over. It had been said: {what}", what=incident.what or ""), was


def clock(moment: datetime) -> str:
    """A letter may be read tomorrow: no «today»."""
    return timezone.localtime(moment).strftime("%d.%m.%Y %H:%M")


def subject(incident: Incident) -> Text:
    with override(reader_language()):
        what = str(IncidentKind(incident.kind).label)
    return Text((OVER if incident.over_at else BEGAN).template, {"clinic": incident.clinic.name, "what": what})


def read(sentence: Text) -> str:
    return sentence.read(reader_language())


def link(incident: Incident) -> str:
    address = environment.public_url()
    return f"\n\n{address}{reverse('incidents')}?clinic={incident.clinic.slug}\n" if address else "\n"


def post(incident: Incident) -> None:
    """Raises httpx2.HTTPError, for an answer that is no success, too."""
    answer = httpx2.post(os.environ["PRIEM_ALERT_WEBHOOK"], json=as_json(incident), timeout=TIMEOUT)
    answer.raise_for_status()


def as_json(incident: Incident) -> dict[str, Any]:
    return {
        "event": "over" if incident.over_at else "began",
        "id": incident.pk,
        "clinic": incident.clinic.slug,
        "kind": incident.kind,
        "connection": incident.connection,
        "began_at": incident.began_at.isoformat(),
        "over_at": incident.over_at.isoformat() if incident.over_at else None,
        "caught_up": incident.caught_up,
        "what": read(incident.what) if incident.what else "",
        "advice": read(incident.advice) if incident.advice else "",
    }
