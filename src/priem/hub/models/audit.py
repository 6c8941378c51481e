"""Who changed what, and every set-up that a clinic has had."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from priem.hub.models.owned import ClinicOwned


class Deed(models.TextChoices):
    SETTINGS = "settings", _("settings changed")
    BACK = "back", _("earlier settings brought back")
    LIVE = "live", _("clinic went live")
    STARTED = "started", _("sync started again")
    STOPPED = "stopped", _("sync stopped")
    FIELDS = "fields", _("fields made in amoCRM")
    ROLE = "role", _("role given or taken")
    INVITED = "invited", _("person invited")
    ACCOUNT = "account", _("account changed")
    FACTOR = "factor", _("second factor taken off")
    FACTOR_ON = "factor_on", _("second factor set up")
    CAME_IN = "came_in", _("came in from amoCRM")
    LINK = "link", _("linked by hand")
    UNLINK = "unlink", _("link undone")
    ANSWER = "answer", _("question answered")
    STATUS = "status", _("status given a meaning")
    RETRY = "retry", _("decided anew on demand")
    SERVICE = "service", _("service for IDENT changed")
    ACCESS = "access", _("access to amoCRM given")
    REMOVED = "removed", _("integration removed in amoCRM")
    CODE = "code", _("code for an agent made")
    ENROLLED = "enrolled", _("agent enrolled")
    AGENT = "agent", _("agent shut out")
    LOOKED = "looked", _("personal data looked at")


class AuditEntry(ClinicOwned):
    """Something that a person did: names of settings, ids, old and new values; no secret and no patient's data."""

    clinic = models.ForeignKey(  # type: ignore[assignment]  # elsewhere it is never None
        "hub.Clinic", models.CASCADE, null=True, blank=True, db_index=False, related_name="+"
    )
    """None: of the hub itself; its owner alone sees that."""
    at = models.DateTimeField(_("when"), auto_now_add=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("who"),
    )
    """None: by a command, or by Priem itself."""
    name = models.CharField(_("name"), max_length=150, blank=True)
    """Kept beside, for when the account is gone."""
    deed = models.CharField(_("what"), max_length=10, choices=Deed)
    about = models.CharField(_("of what"), max_length=200, blank=True)
    changes = models.JSONField(_("changes"), default=list)
    """[[what, before, after], …]"""

    class Meta:
        verbose_name = _("entry of the audit log")
        verbose_name_plural = _("audit log")
        indexes = (
            models.Index(fields=("clinic", "id"), name="audit_of_clinic"),
            models.Index(fields=("clinic", "about", "id"), name="audit_about"),
        )

    def __str__(self) -> str:
        return f"{self.deed} {self.about}"


class Revision(ClinicOwned):
    """A clinic's set-up as it stood from this moment on. Secrets as references, or as «stored»."""

    at = models.DateTimeField(_("when"), auto_now_add=True)
    name = models.CharField(_("name"), max_length=150, blank=True)
    document = models.JSONField(_("settings"))
    changes = models.JSONField(_("changes"), default=list)
    """Against the one before: [[what, before, after], …]"""

    class Meta:
        verbose_name = _("earlier settings")
        verbose_name_plural = _("history of settings")
        indexes = (models.Index(fields=("clinic", "id"), name="revision_of_clinic"),)

    def __str__(self) -> str:
        return f"{self.pk}"
