"""The clinic's own service as IDENT calls it, and what goes through it. docs/reference/ident.md §1"""

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _

from priem.hub.models.owned import ClinicOwned
from priem.hub.secrets import EncryptedText


class Serialization(models.TextChoices):
    AUTOMATIC = "auto", _("as the request asks")
    JSON = "json", "JSON"
    XML = "xml", "XML"


class IdentService(ClinicOwned):
    """One address that IDENT's program calls, for one connection of a clinic."""

    connection = models.CharField(_("connection"), max_length=64)
    key = EncryptedText(verbose_name=_("IDENT's key"))
    applications_key = EncryptedText(verbose_name=_("key of sites"))
    """Of those that leave applications: a site's form, an aggregator."""
    time_zone = models.CharField(_("time zone"), max_length=64)
    """IANA name: of times without an offset, and of the offsets that IDENT gets to see."""
    serialization = models.CharField(
        _("way of writing"), max_length=8, choices=Serialization, default=Serialization.AUTOMATIC
    )
    element_names = models.JSONField(_("names of XML elements"), default=dict, blank=True)
    """{"tickets": ["Tickets", "Ticket"], "calls": ["Calls", "Call"]}; what is missing is as written here."""
    posts_whole = models.BooleanField(_("a post is the whole timetable"), default=True)
    """Else it replaces the days from its first to its last one only."""
    heard_at = models.DateTimeField(_("last request"), null=True, blank=True)
    calls_until = models.BigIntegerField(default=0)
    """The unix second up to which amoCRM's calls are known here."""

    class Meta:
        verbose_name = _("service for IDENT")
        verbose_name_plural = _("services for IDENT")
        constraints = (models.UniqueConstraint(fields=("clinic", "connection"), name="ident_service"),)

    def __str__(self) -> str:
        return self.connection


class IdentTicket(ClinicOwned):
    """An application for IDENT. Its id and moment never change; what IDENT did with it comes from its database."""

    connection = models.CharField(_("connection"), max_length=64)
    ticket = models.CharField(_("ticket"), max_length=400)
    at = models.DateTimeField(_("made"))
    """Whole seconds."""
    lead = models.BigIntegerField(_("lead"), null=True, blank=True)
    content = models.JSONField(_("content"), default=dict)
    """The other fields under IDENT's names."""
    given_at = models.DateTimeField(_("first given to IDENT"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted by IDENT"), null=True, blank=True)
    row = models.BigIntegerField(_("row in IDENT"), null=True, blank=True)
    discarded = models.BooleanField(_("discarded in IDENT"), default=False)
    pipeline = models.BigIntegerField(_("pipeline"), default=0)
    stage = models.BigIntegerField(_("stage"), default=0)
    """Where the lead stood when it was handed over."""
    told = models.CharField(_("told in the lead"), max_length=16, blank=True, default="")
    """What of its fate the lead knows: as `became`."""

    class Meta:
        verbose_name = _("application for IDENT")
        verbose_name_plural = _("applications for IDENT")
        constraints = (models.UniqueConstraint(fields=("clinic", "connection", "ticket"), name="ident_ticket"),)
        indexes = (
            models.Index(fields=("clinic", "connection", "at", "ticket"), name="ident_ticket_by_time"),
            models.Index(fields=("clinic", "lead"), name="ident_ticket_of_lead"),
        )

    def __str__(self) -> str:
        return self.ticket

    @property
    def became(self) -> str:
        """`accepted`, `discarded`, or nothing yet."""
        return "discarded" if self.discarded else "accepted" if self.accepted_at else ""

    def ours(self, stages: Mapping[str, tuple[int, int]]) -> set[tuple[int, int]]:
        """Where the lead stands if nobody has moved it since it was handed over."""
        return {(self.pipeline, self.stage), *([stages[self.told]] if self.told in stages else ())}


class IdentCall(ClinicOwned):
    """A call for IDENT's history of calls, and for the card that pops up while it rings."""

    connection = models.CharField(_("connection"), max_length=64)
    call = models.CharField(_("call"), max_length=255)
    """The telephony's own id."""
    started_at = models.DateTimeField(_("began"))
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    content = models.JSONField(_("content"), default=dict)

    class Meta:
        verbose_name = _("call for IDENT")
        verbose_name_plural = _("calls for IDENT")
        constraints = (models.UniqueConstraint(fields=("clinic", "connection", "call"), name="ident_call"),)
        indexes = (models.Index(fields=("clinic", "connection", "started_at", "call"), name="ident_call_by_time"),)

    def __str__(self) -> str:
        return self.call


class CopiedJob(ClinicOwned):
    """A CRM job of IDENT's that is a task in amoCRM, or is about to be one. What it says is not kept."""

    connection = models.CharField(_("connection"), max_length=64)
    job = models.BigIntegerField(_("job in IDENT"))
    contact = models.BigIntegerField(_("contact"))
    task = models.BigIntegerField(_("task"), null=True, blank=True)
    state = models.CharField(max_length=8)
    """A word of hub/ident/jobs.py."""
    said = models.CharField(max_length=16, blank=True)
    """A mark of the text that the task has."""
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("copied job")
        verbose_name_plural = _("copied jobs")
        constraints = (models.UniqueConstraint(fields=("clinic", "connection", "job"), name="copied_job"),)
        indexes = (
            models.Index(fields=("clinic", "connection"), condition=~models.Q(state="over"), name="copied_job_open"),
        )

    def __str__(self) -> str:
        return f"{self.connection} {self.job}"


class Timetable(ClinicOwned):
    """What IDENT last posted, or where it posts nothing, what its database says; but for the intervals."""

    connection = models.CharField(_("connection"), max_length=64)
    posted_at = models.DateTimeField(_("posted"))
    from_database = models.BooleanField(_("read from the database"), default=False, db_default=False)
    doctors = models.JSONField(_("doctors"), default=dict)
    branches = models.JSONField(_("branches"), default=dict)
    """{id: name}"""
    intervals = models.PositiveIntegerField(_("intervals"), default=0)
    unreadable = models.PositiveIntegerField(_("unreadable"), default=0)

    class Meta:
        verbose_name = _("timetable")
        verbose_name_plural = _("timetables")
        constraints = (models.UniqueConstraint(fields=("clinic", "connection"), name="ident_timetable"),)

    def __str__(self) -> str:
        return self.connection


class TimetableDay(ClinicOwned):
    """One doctor's day in one branch. In pieces of a day, since a row an interval would make a post take seconds."""

    connection = models.CharField(_("connection"), max_length=64)
    day = models.DateField(_("day"))
    branch = models.BigIntegerField(_("branch"))
    doctor = models.BigIntegerField(_("doctor"))
    intervals = models.JSONField(_("intervals"), default=list)
    """[[unix second, offset in minutes, length in minutes, 1 when busy], …]"""

    class Meta:
        verbose_name = _("day of a timetable")
        verbose_name_plural = _("days of timetables")
        constraints = (
            models.UniqueConstraint(fields=("clinic", "connection", "day", "branch", "doctor"), name="timetable_day"),
        )

    def __str__(self) -> str:
        return f"{self.connection} {self.day}"


class ListedDay(ClinicOwned):
    """A row of amoCRM's list of free time: one doctor's day in one branch."""

    connection = models.CharField(_("connection"), max_length=64)
    day_key = models.CharField(max_length=64)
    """`2026-11-24:branch:doctor`"""
    name = models.CharField(_("name"), max_length=400)
    """Under which it was sent last: without an answer it is found by it."""
    element = models.BigIntegerField(_("row of the list"), null=True, blank=True)
    said = models.CharField(max_length=16, blank=True)
    """A mark of what the row says."""

    class Meta:
        verbose_name = _("listed day")
        verbose_name_plural = _("listed days")
        constraints = (models.UniqueConstraint(fields=("clinic", "connection", "day_key"), name="listed_day"),)

    def __str__(self) -> str:
        return f"{self.connection} {self.day_key}"
