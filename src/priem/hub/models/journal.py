"""What Priem did and why. No table here holds a patient's data: ids, names of fields and reasons only."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from priem.hub.models.owned import ClinicOwned
from priem.hub.sentences import SentenceField
from priem.model import Action, State

ACTIONS = {
    Action.CREATE: _("create"),
    Action.ADOPT: _("adopt"),
    Action.UPDATE: _("change"),
    Action.LEAVE: _("leave as it is"),
    Action.ASK: _("ask a person"),
}
STATES = {
    State.INTENDED: _("under way"),
    State.DONE: _("done"),
    State.REFUSED: _("refused"),
    State.UNKNOWN: _("outcome unknown"),
    State.POSTPONED: _("postponed"),
}


class Entity(models.TextChoices):
    CONTACT = "contact", _("contact")
    LEAD = "lead", _("lead")


class StepRecord(ClinicOwned):
    """One decided change to the CRM. `changes` names what was to be written, never the values."""

    action = models.CharField(_("action"), max_length=8, choices=[(a.value, name) for a, name in ACTIONS.items()])
    entity = models.CharField(_("what"), max_length=8, choices=Entity)
    connection = models.CharField(_("connection"), max_length=64)
    record = models.CharField(_("record in the MIS"), max_length=100)
    target = models.BigIntegerField(_("id in amoCRM"), null=True, blank=True)
    changes = models.JSONField(_("changes"), default=list)
    why = models.JSONField(_("why"), default=dict)
    state = models.CharField(_("outcome"), max_length=10, choices=[(s.value, name) for s, name in STATES.items()])
    reason = SentenceField(verbose_name=_("reason"))
    request_id = models.CharField(_("amoCRM's request"), max_length=100, blank=True)
    intended_at = models.DateTimeField(_("decided"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    """None while the outcome is not known, that is, as long as the step is open."""
    pass_id = models.UUIDField(_("pass"))

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        indexes = (
            models.Index(fields=("clinic", "record"), name="step_of_record"),
            models.Index(fields=("clinic", "target"), name="step_of_target"),
            models.Index(fields=("clinic", "intended_at"), name="step_by_time"),
            models.Index(fields=("clinic", "state", "intended_at"), name="step_by_state"),
            # SQLite uses a partial index only for a condition without parameters, which IS NULL is.
            models.Index(fields=("clinic", "id"), condition=models.Q(finished_at__isnull=True), name="step_open"),
        )

    def __str__(self) -> str:
        return f"{self.connection}:{self.record}"


class RejectedRow(ClinicOwned):
    """A row of the МИС that could not be read, until it can."""

    connection = models.CharField(_("connection"), max_length=64)
    kind = models.CharField(_("what"), max_length=16, choices=(("patient", _("patient")), ("visit", _("visit"))))
    record = models.CharField(_("record in the MIS"), max_length=100)
    reason = SentenceField(verbose_name=_("reason"))
    first_seen = models.DateTimeField(_("first seen"))
    last_seen = models.DateTimeField(_("last seen"))

    class Meta:
        verbose_name = _("rejected row")
        verbose_name_plural = _("rejected rows")
        constraints = (models.UniqueConstraint(fields=("clinic", "connection", "kind", "record"), name="rejected_row"),)

    def __str__(self) -> str:
        return f"{self.connection}:{self.record}"


class UnmappedStatus(ClinicOwned):
    """A status of the МИС that no setting gives a meaning to: its visits' leads stay where they are."""

    connection = models.CharField(_("connection"), max_length=64)
    raw = models.CharField(_("status"), max_length=200)
    visits = models.PositiveIntegerField(_("visits"))
    first_seen = models.DateTimeField(_("first seen"))
    last_seen = models.DateTimeField(_("last seen"))

    class Meta:
        verbose_name = _("unknown status")
        verbose_name_plural = _("unknown statuses")
        constraints = (models.UniqueConstraint(fields=("clinic", "connection", "raw"), name="unmapped_status"),)

    def __str__(self) -> str:
        return f"{self.connection}: {self.raw}"
