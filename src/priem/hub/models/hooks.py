from django.db import models
from django.utils.translation import gettext_lazy as _

from priem.hub.models.owned import ClinicOwned
from priem.hub.sentences import SentenceField


class ReceivedHook(ClinicOwned):
    """What amoCRM posted, as it came, until somebody has looked at what it names. It holds patients' data."""

    received_at = models.DateTimeField()
    body = models.BinaryField()

    class Meta:
        indexes = (models.Index(fields=("clinic", "id"), name="hook_in_order"),)


class Hearing(ClinicOwned):
    """How well a clinic's amoCRM is heard."""

    destination = models.CharField(_("webhooks' address"), max_length=300, blank=True)
    """Where amoCRM posts; empty when nobody has asked it to."""
    alive_since = models.DateTimeField(null=True)
    """None while amoCRM does not post, or did not let us ask."""
    trouble = SentenceField(verbose_name=_("why there are no webhooks"))
    caught_up_at = models.DateTimeField(null=True)
    """When what hooks may have left out was read last, and the subscription looked at."""
    heard_at = models.DateTimeField(null=True)
    """When the latest hook came of those that were looked at."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic",), name="hearing_of_clinic"),)
