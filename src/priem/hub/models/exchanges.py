"""The history of requests: a narrow row for each, and beside it, kept for a shorter time, what it carried."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from priem.hub.models.owned import ClinicOwned
from priem.hub.secrets import EncryptedText
from priem.hub.sentences import SentenceField


class Sort(models.TextChoices):
    """What a request was about. Each sort goes one way only: into a system, or from it."""

    CONTACTS = "contacts", _("contacts")
    LEADS = "leads", _("leads")
    TASKS = "tasks", _("tasks")
    CALLS = "calls", _("calls and notes")
    EVENTS = "events", _("changes in amoCRM")
    ACCOUNT = "account", _("account and fields")
    ACCESS = "access", _("access")
    PATIENTS = "patients", _("patients")
    VISITS = "visits", _("visits")
    ORDERS = "orders", _("orders and services")
    LOOKS = "looks", _("checks")
    HOOK = "hook", _("amoCRM's messages")
    TICKETS = "tickets", _("applications")
    RINGS = "rings", _("calls for IDENT")
    TIMETABLE = "timetable", _("timetable")
    OTHER = "other", _("other")


INCOMING = (Sort.HOOK, Sort.TICKETS, Sort.RINGS, Sort.TIMETABLE)


class ExchangeRecord(ClinicOwned):
    """One request to or from an outside system."""

    system = models.CharField(_("system"), max_length=64)
    what = models.CharField(_("request"), max_length=200)
    sort = models.CharField(_("about"), max_length=10, choices=Sort, default=Sort.OTHER, db_default=Sort.OTHER)
    incoming = models.BooleanField(_("incoming"), default=False, db_default=False)
    failed = models.BooleanField(_("unsuccessful"), default=False, db_default=False)
    started_at = models.DateTimeField(_("began"))
    milliseconds = models.PositiveIntegerField(_("took, ms"))
    status = models.PositiveSmallIntegerField(_("answer"), null=True, blank=True)
    items = models.PositiveIntegerField(_("records"), default=0)
    times = models.PositiveIntegerField(_("times"), default=1, db_default=1)
    """How many questions that brought nothing this row stands for."""
    request_id = models.CharField(_("amoCRM's request"), max_length=100, blank=True)
    error = SentenceField(verbose_name=_("trouble"))

    class Meta:
        verbose_name = _("exchange")
        verbose_name_plural = _("exchanges")
        indexes = (
            models.Index(fields=("clinic", "started_at", "id"), name="exchange_by_time"),
            # Every filter of the history page is a few exact values of this index's beginning, see history.search.
            models.Index(fields=("clinic", "system", "sort", "failed", "started_at", "id"), name="exchange_by_facet"),
            models.Index(fields=("clinic", "failed", "id"), name="exchange_by_age"),
        )

    def __str__(self) -> str:
        return self.what


class ExchangeSubject(ClinicOwned):
    """What a request was about: the only way to find it by a patient, a visit, a contact or a lead."""

    number = models.CharField(max_length=100)
    """The id without its connection: what people type."""
    kind = models.CharField(max_length=8)
    connection = models.CharField(max_length=64, blank=True)
    """Of a record in the МИС; empty for amoCRM's."""
    exchange = models.ForeignKey(ExchangeRecord, models.CASCADE, related_name="+")

    class Meta:
        indexes = (models.Index(fields=("clinic", "number", "exchange"), name="exchange_of_number"),)


class ExchangeBody(ClinicOwned):
    """What a request carried, without what says who somebody is."""

    exchange = models.OneToOneField(ExchangeRecord, models.CASCADE, primary_key=True, related_name="body")
    request = models.TextField(blank=True)
    answer = models.TextField(blank=True)
    """JSON, masked."""
    whole = EncryptedText(verbose_name=_("unmasked"))
    """Both, unmasked; only where the hub's owner has asked for it."""
