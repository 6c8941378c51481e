"""What the set-up pages remember: long works under way, and how the outside looked when it was last asked."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from priem.hub.models.journal import Entity
from priem.hub.models.owned import ClinicOwned
from priem.hub.secrets import EncryptedText
from priem.hub.sentences import SentenceField


class WorkKind(models.TextChoices):
    LOOK = "look", _("looking around")
    TRY = "try", _("trying a connection")
    FIELDS = "fields", _("making fields")
    PREVIEW = "preview", _("preview")
    SYNC = "sync", _("sync")
    RECORD = "record", _("sync of one record")


class WorkState(models.TextChoices):
    RUNNING = "running", _("under way")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    STOPPED = "stopped", _("stopped")


class Work(ClinicOwned):
    """Something that takes longer than a page may: a thread does it, pages look how far it is."""

    kind = models.CharField(max_length=8, choices=WorkKind)
    state = models.CharField(max_length=8, choices=WorkState, default=WorkState.RUNNING)
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    """Renewed while the thread lives: without it, the process has ended."""
    finished_at = models.DateTimeField(null=True)
    progress = models.JSONField(default=dict)
    """{"lines": [[title, done, total or null], …], "began": unix seconds of the first of them}"""
    result = models.JSONField(default=dict)
    what = SentenceField()
    advice = SentenceField()
    mark = models.CharField(max_length=32, blank=True)
    """Of the set-up that it began with."""
    is_to_stop = models.BooleanField(default=False)

    class Meta:
        indexes = (models.Index(fields=("clinic", "kind", "id"), name="work_of_kind"),)


class AccountPicture(ClinicOwned):
    """The amoCRM account as it was when it was last asked: pages choose from it without asking."""

    account = models.JSONField()
    taken_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic",), name="account_picture"),)


class AccountCopy(ClinicOwned):
    """The same, as it was last read by what answers amoCRM's users. That nobody has to wait for it again; it does not
    mean that a person has looked."""

    account = models.JSONField()
    taken_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic",), name="account_copy"),)


class SourcePicture(ClinicOwned):
    """A МИС as it was when it was last asked: names to choose from, and a few records as examples."""

    connection = models.CharField(max_length=64)
    directory = models.JSONField(default=dict)
    samples = EncryptedText()
    """A page of visits and their patients, as JSON: they are people."""
    findings = models.JSONField(default=list)
    taken_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic", "connection"), name="source_picture"),)


class PlannedStep(ClinicOwned):
    """A step that the first sync would take, as the last preview found."""

    entity = models.CharField(max_length=8, choices=Entity)
    action = models.CharField(max_length=8)
    key = models.CharField(max_length=165)
    target = models.BigIntegerField(null=True)
    """What is still to be made has none."""
    why = models.JSONField(default=dict)
    called = EncryptedText()
    """What the contact or lead would be called."""

    class Meta:
        indexes = (models.Index(fields=("clinic", "entity", "action", "id"), name="planned_of_kind"),)


class SetUpState(ClinicOwned):
    """Which steps of the set-up somebody has been through."""

    saved = models.JSONField(default=list)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic",), name="set_up_state"),)
