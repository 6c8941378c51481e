"""Agents beside the clinics' databases, and what they bring until the clinic's passes have taken it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from priem.hub.models.owned import ClinicOwned


class Agent(ClinicOwned):
    """One installation. A connection may have had several, one after another: a PC is replaced, a disk dies."""

    connection = models.CharField(_("connection"), max_length=64)
    token = models.CharField(max_length=64, unique=True)
    """SHA-256 of what the agent shows."""
    host = models.CharField(_("computer"), max_length=100, blank=True)
    program = models.CharField(_("version"), max_length=32, blank=True)
    enrolled_at = models.DateTimeField(_("enrolled"))
    heard_at = models.DateTimeField(_("last heard"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    report = models.JSONField(default=dict)
    """What it said last, see relay.words.Report."""

    class Meta:
        verbose_name = _("agent")
        verbose_name_plural = _("agents")
        indexes = (models.Index(fields=("clinic", "connection", "id"), name="agent_of_connection"),)

    def __str__(self) -> str:
        return self.host or str(self.pk)


class AgentCode(ClinicOwned):
    """Lets one agent in, once, for a short while."""

    connection = models.CharField(max_length=64)
    code = models.CharField(max_length=64, unique=True)
    """SHA-256 of it."""
    made_at = models.DateTimeField()
    until = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    agent = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+")

    class Meta:
        indexes = (models.Index(fields=("clinic", "connection"), name="code_of_connection"),)


class AgentFeed(ClinicOwned):
    """Where the reading of a connection stands, whichever agent goes on with it."""

    connection = models.CharField(max_length=64)
    stream = models.PositiveIntegerField(default=0)
    """One reading from its beginning on; 0: nobody has asked for one."""
    sequence = models.PositiveIntegerField(default=0)
    """The last parcel of it that is kept."""
    cursor = models.TextField(null=True)
    """The МИС's, behind that parcel."""
    mark = models.CharField(max_length=32, blank=True)
    is_first = models.BooleanField(default=True)
    """The first reading of this stream goes on."""
    begun_from = models.CharField(max_length=32, blank=True)
    """The mark of the cursor that it goes on from, where the hub itself had read before."""
    begun_at = models.DateTimeField(null=True)
    """When somebody asked for this stream."""
    asked_at = models.DateTimeField(null=True)
    """When somebody wanted its pages last."""
    look = models.PositiveIntegerField(default=0)
    """Grows when somebody wants the database to be looked at now."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic", "connection"), name="feed_of_connection"),)


class AgentParcel(ClinicOwned):
    """A page that came and is not done yet."""

    connection = models.CharField(max_length=64)
    stream = models.PositiveIntegerField()
    sequence = models.PositiveIntegerField()
    checksum = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    records = models.PositiveIntegerField(default=0)
    is_first = models.BooleanField(default=False)
    read_at = models.DateTimeField()
    """By the agent's clock."""
    came_at = models.DateTimeField()
    body = models.BinaryField()
    """As it came, packed: see relay.parcels. Behind the other columns, which are looked at without it."""

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("clinic", "connection", "stream", "sequence"), name="parcel_once"),
        )


class AgentQuestion(ClinicOwned):
    """What the hub wants to know of a database that only an agent can ask."""

    connection = models.CharField(max_length=64)
    kind = models.CharField(max_length=16)
    about = models.JSONField(default=dict)
    asked_at = models.DateTimeField()
    until = models.DateTimeField()
    """Nobody waits for the answer any longer."""
    answered_at = models.DateTimeField(null=True)
    answer = models.BinaryField(null=True)

    class Meta:
        indexes = (models.Index(fields=("clinic", "connection", "answered_at"), name="open_questions"),)
