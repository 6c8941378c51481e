"""What was asked of МИС's desks, and who moved which lead. priem/intents.py says what it is for."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from priem.hub.models.owned import ClinicOwned
from priem.hub.sentences import SentenceField
from priem.intents import Deed, Phase

DEEDS = {
    Deed.BOOK: _("book a visit"),
    Deed.APPLY: _("hand over an application"),
    Deed.RESCHEDULE: _("move a visit"),
    Deed.CANCEL: _("cancel a visit"),
    Deed.STATUS: _("change a visit's status"),
    Deed.UPDATE: _("change a visit"),
}
PHASES = {
    Phase.INTENDED: _("under way"),
    Phase.SENT: _("outcome unknown"),
    Phase.DONE: _("done"),
    Phase.REFUSED: _("refused"),
    Phase.NOT_DONE: _("not done"),
}


class BookingIntent(ClinicOwned):
    """One request to a desk. What a person is called stands in `content`, as long as the request is open."""

    ref = models.CharField(_("request"), max_length=200)
    deed = models.CharField(_("what"), max_length=12, choices=[(deed.value, name) for deed, name in DEEDS.items()])
    connection = models.CharField(_("connection"), max_length=64)
    actor = models.CharField(_("who"), max_length=100, blank=True)
    lead = models.BigIntegerField(_("lead"), null=True, blank=True)
    contact = models.BigIntegerField(_("contact"), null=True, blank=True)
    visit = models.CharField(_("visit"), max_length=100, blank=True)
    """The one to be changed; its id."""
    patient = models.CharField(_("patient"), max_length=100, blank=True)
    doctor = models.CharField(_("doctor"), max_length=100, blank=True)
    branch = models.CharField(_("branch"), max_length=100, blank=True)
    room = models.CharField(_("room"), max_length=200, blank=True)
    starts_at = models.DateTimeField(_("begins"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True)
    content = models.JSONField(default=dict)
    """The new patient, services, comment, status and reason."""
    phase = models.CharField(_("outcome"), max_length=10, choices=[(one.value, name) for one, name in PHASES.items()])
    attempt = models.PositiveIntegerField(default=1)
    result = models.CharField(_("became"), max_length=100, blank=True)
    """The visit that came of it; its id."""
    kind = models.CharField(max_length=20, blank=True)
    said = SentenceField(verbose_name=_("reason"))
    note = models.TextField(blank=True)
    begun_at = models.DateTimeField(_("began"))
    changed_at = models.DateTimeField(_("changed"))
    watched_until = models.DateTimeField(null=True)
    """Until when passes look at it; None: never again."""

    class Meta:
        verbose_name = _("booking from amoCRM")
        verbose_name_plural = _("bookings from amoCRM")
        constraints = (models.UniqueConstraint(fields=("clinic", "ref"), name="booking_ref"),)
        indexes = (
            models.Index(fields=("clinic", "lead"), name="booking_of_lead"),
            models.Index(fields=("clinic", "phase", "id"), name="booking_by_phase"),
            models.Index(
                fields=("clinic", "connection", "watched_until"),
                condition=models.Q(watched_until__isnull=False),
                name="booking_watched",
            ),
        )

    def __str__(self) -> str:
        return self.ref


class OrderState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    DONE = "done", _("done")
    REFUSED = "refused", _("refused")


class StageOrder(ClinicOwned):
    """What a stage of amoCRM's digital pipeline has ordered: amoCRM says it once, so it is kept until it is over."""

    ref = models.CharField(max_length=200)
    lead = models.BigIntegerField()
    pipeline = models.BigIntegerField()
    stage = models.BigIntegerField()
    action = models.CharField(max_length=40)
    state = models.CharField(max_length=8, choices=OrderState, default=OrderState.WAITING)
    said = SentenceField()
    """What it waits for, or why it was refused."""
    tries = models.PositiveIntegerField(default=0)
    came_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    """When it is tried next, or its note is written; None: never again."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic", "ref"), name="stage_order_ref"),)
        indexes = (
            models.Index(fields=("clinic", "lead"), name="stage_order_of_lead"),
            models.Index(fields=("clinic", "due_at"), condition=models.Q(due_at__isnull=False), name="stage_order_due"),
        )

    def __str__(self) -> str:
        return self.ref


class LeadMove(ClinicOwned):
    """The latest move of a lead by others, until a pass has looked at it."""

    lead = models.BigIntegerField()
    pipeline = models.BigIntegerField()
    stage = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic", "lead"), name="lead_move"),)


class ArmedStage(ClinicOwned):
    """Since when moves to a stage set something off."""

    pipeline = models.BigIntegerField()
    stage = models.BigIntegerField()
    since = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic", "pipeline", "stage"), name="armed_stage"),)
