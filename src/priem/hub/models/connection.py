from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from priem.hub.models.owned import ClinicOwned
from priem.hub.secrets import EncryptedText
from priem.hub.sentences import SentenceField

KEY = RegexValidator(r"^[a-z0-9][a-z0-9_-]*$", _("Small Latin letters, figures, - and _ only."))


class Connection(ClinicOwned):
    """One МИС database or API account. Its key is a part of every key that Priem writes into amoCRM."""

    key = models.CharField(_("key"), max_length=64, validators=[KEY])
    kind = models.CharField(_("system"), max_length=32)
    config = models.JSONField(_("settings"), default=dict, blank=True)
    secrets = EncryptedText(verbose_name=_("secrets"))
    """JSON: names and values, e.g. {"password": "…"}."""
    cursor = models.TextField(_("cursor"), blank=True, null=True)
    last_read_at = models.DateTimeField(_("last read"), null=True, blank=True)
    last_error = SentenceField(verbose_name=_("last trouble"))

    class Meta:
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        ordering = ("clinic", "key")
        constraints = (models.UniqueConstraint(fields=("clinic", "key"), name="connection_key"),)

    def __str__(self) -> str:
        return self.key
