"""What the home page and the reports are made of: how things went, without a word about anybody."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from priem.hub.models.owned import ClinicOwned
from priem.hub.sentences import SentenceField
from priem.model import VisitStatus

FOLLOWED = 180
"""Seconds without a beat after which whoever follows a clinic has stopped."""


class IncidentKind(models.TextChoices):
    AWAY = "away", _("the clinic's system does not answer")
    CLOSED = "closed", _("the clinic's system lets nobody in")
    AMOCRM_AWAY = "amocrm", _("amoCRM does not answer")
    AMOCRM_STOPPED = "stopped", _("amoCRM is closed for Priem")
    SETTINGS = "settings", _("the set-up does not fit")
    LAG = "lag", _("changes are late")
    SILENCE = "silence", _("nobody keeps the clinic in step")
    DISK = "disk", _("the disk is almost full")
    QUEUE = "queue", _("amoCRM's messages wait")
    UNKNOWN = "unknown", _("it is not known what amoCRM has done")
    HOOKS = "hooks", _("amoCRM does not tell of changes")
    VANISHED = "vanished", _("very many visits vanished at once")


STOPS = frozenset(
    {
        IncidentKind.AWAY,
        IncidentKind.CLOSED,
        IncidentKind.AMOCRM_AWAY,
        IncidentKind.AMOCRM_STOPPED,
        IncidentKind.SETTINGS,
        IncidentKind.SILENCE,
    }
)
"""While one of these goes on, nothing goes over. The others are to be mended, too, but changes still arrive."""


class Incident(ClinicOwned):
    """A trouble that somebody should know of, from its beginning to its end."""

    kind = models.CharField(_("kind"), max_length=10, choices=IncidentKind)
    connection = models.CharField(_("connection"), max_length=64, blank=True)
    """Empty for what concerns the whole clinic."""
    what = SentenceField(verbose_name=_("what"))
    advice = SentenceField(verbose_name=_("what to do"))
    began_at = models.DateTimeField(_("began"))
    over_at = models.DateTimeField(_("over"), null=True, blank=True)
    caught_up = models.PositiveIntegerField(_("changes made up for"), default=0)
    told_at = models.DateTimeField(null=True)
    """When mail and webhook told of it; None: not yet."""
    told_over_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        constraints = (
            models.UniqueConstraint(
                fields=("clinic", "kind", "connection"), condition=models.Q(over_at__isnull=True), name="one_open"
            ),
        )
        indexes = (models.Index(fields=("clinic", "began_at"), name="incident_by_time"),)

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def stops(self) -> bool:
        """Nothing goes over while it goes on."""
        return self.kind in STOPS


class Pulse(ClinicOwned):
    """When somebody followed the clinic last: a process that died says nothing itself."""

    beat_at = models.DateTimeField()
    rest = models.PositiveIntegerField(null=True, default=FOLLOWED, db_default=FOLLOWED)
    """Seconds after which the next beat is missed; None: nobody has promised one."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic",), name="pulse_of_clinic"),)


class Delay(ClinicOwned):
    """How many changes took about so long, in five minutes of one day: hundreds of rows a day for a branch at most."""

    connection = models.CharField(max_length=64, default="", db_default="")
    branch = models.CharField(max_length=100, default="", db_default="")
    """Its id in the connection; empty for changes that are no branch's, such as those of contacts."""
    since = models.DateTimeField()
    """The beginning of the five minutes."""
    bound = models.PositiveIntegerField()
    """Milliseconds that none of these changes exceeded, see watch.delays."""
    changes = models.PositiveIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("clinic", "since", "connection", "branch", "bound"), name="delay_of_place"),
        )


class BranchName(ClinicOwned):
    """A branch as it is called by the МИС, learnt from the visits that are read."""

    connection = models.CharField(max_length=64)
    branch = models.CharField(max_length=100)
    name = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic", "connection", "branch"), name="branch_name"),)


class VisitFact(ClinicOwned):
    """How far a visit got, for reports. No name, no phone: ids, a branch and sums."""

    connection = models.CharField(max_length=64)
    visit = models.CharField(max_length=100)
    patient = models.CharField(max_length=100)
    branch = models.CharField(max_length=200, blank=True)
    """The branch's name as the МИС has it now."""
    status = models.CharField(max_length=12, choices=[(status.value, status.value) for status in VisitStatus])
    came = models.BooleanField(default=False)
    paid = models.BooleanField(default=False)
    total = models.DecimalField(max_digits=14, decimal_places=2, null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic", "connection", "visit"), name="visit_fact"),)


class PatientSource(ClinicOwned):
    """Where a patient has heard of the clinic, as the МИС says."""

    connection = models.CharField(max_length=64)
    patient = models.CharField(max_length=100)
    source = models.CharField(max_length=200)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic", "connection", "patient"), name="patient_source"),)
