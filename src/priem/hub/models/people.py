"""Who may come in, and as what."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from priem.hub.models.owned import ClinicOwned
from priem.hub.roles.rights import Role


class Membership(ClinicOwned):
    """What somebody is in one clinic."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships", verbose_name=_("person")
    )
    role = models.CharField(_("role"), max_length=16, choices=Role)
    made_at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("role in a clinic")
        verbose_name_plural = _("roles in clinics")
        constraints = (models.UniqueConstraint(fields=("clinic", "person"), name="one_role_in_a_clinic"),)

    def __str__(self) -> str:
        return f"{self.person_id}: {self.role}"


class AmoCrmPerson(ClinicOwned):
    """Somebody who comes in from amoCRM's own page, and has no password here. Belongs to that clinic alone."""

    amocrm_user = models.BigIntegerField(_("user of amoCRM"))
    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="from_amocrm")

    class Meta:
        verbose_name = _("person from amoCRM")
        verbose_name_plural = _("people from amoCRM")
        constraints = (models.UniqueConstraint(fields=("clinic", "amocrm_user"), name="one_person_of_amocrm"),)

    def __str__(self) -> str:
        return f"{self.amocrm_user}"


class UsedToken(ClinicOwned):
    """A token that is good for once, and was used. Kept until it would have ended."""

    token = models.CharField(max_length=100)
    ends_at = models.BigIntegerField()
    """Unix seconds."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic", "token"), name="a_token_once"),)

    def __str__(self) -> str:
        return f"{self.pk}"
