from django.db import models
from django.utils.translation import gettext_lazy as _

from priem.hub.secrets import EncryptedText
from priem.hub.sentences import SentenceField


class Clinic(models.Model):
    """The tenant: one amoCRM account and everything tied to it."""

    slug = models.SlugField(_("short name"), unique=True)
    name = models.CharField(_("name"), max_length=200)
    base_url = models.URLField(_("amoCRM address"), blank=True)
    client_id = models.CharField(_("integration id"), max_length=100, blank=True)
    client_secret = EncryptedText(verbose_name=_("integration secret"))
    redirect_uri = models.URLField(_("redirect address"), blank=True)
    account = models.BigIntegerField(_("amoCRM account id"), null=True, blank=True)
    """None until amoCRM has told."""
    sandbox = models.BooleanField(_("sandbox"), default=False)
    live = models.BooleanField(_("live"), default=False, help_text=_("A clinic that is not live is never written to."))
    settings = models.JSONField(_("settings"), default=dict, blank=True)
    seen = models.CharField(max_length=32, blank=True, default="", db_default="", editable=False)
    """The mark of the set-up whose preview somebody has looked at."""
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("clinic")
        verbose_name_plural = _("clinics")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Authorisation(models.Model):
    """What lets Priem into the account. A table of its own: saving a clinic's form must not bring old tokens back."""

    clinic = models.OneToOneField(Clinic, models.CASCADE, primary_key=True, related_name="authorisation")
    access = EncryptedText(verbose_name=_("access token"))
    refresh = EncryptedText(verbose_name=_("refresh token"))
    expires_at = models.BigIntegerField(_("expires"), default=0)
    authorise_again = SentenceField(verbose_name=_("why to authorise again"))
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("authorisation")
        verbose_name_plural = _("authorisations")

    def __str__(self) -> str:
        return f"{self.clinic_id}"
