"""What somebody shows besides a password: a code of an application, or one of a few codes on paper.

django-otp's own tables would keep the application's secret readable; here it is encrypted, and of the codes on paper
only hashes are kept. Whoever guesses waits longer after every mistake (ThrottlingMixin).
"""

import base64
import hashlib
import time
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote, urlencode

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_otp.oath import TOTP

from priem.hub.secrets import EncryptedText

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    class ThrottledDevice(models.Model):
        """As django-otp, which comes without types, has it."""

        user: models.ForeignKey[User, User]
        name: models.CharField[str, str]
        confirmed: models.BooleanField[bool, bool]
        user_id: int

        objects: ClassVar[models.Manager[Any]]

        class Meta:
            abstract = True

        def verify_is_allowed(self) -> tuple[bool, object]: ...
        def throttle_reset(self, *, commit: bool) -> None: ...
        def throttle_increment(self, *, commit: bool) -> None: ...
else:
    from django_otp.models import Device, ThrottlingMixin

    class ThrottledDevice(ThrottlingMixin, Device):
        class Meta:
            abstract = True


PERIOD = 30
"""Seconds that a code of the application holds."""


class AuthenticatorApp(ThrottledDevice):
    """RFC 6238, as every such application on a phone has it."""

    secret = EncryptedText()
    """Base32, as it is typed by hand."""
    last_step = models.BigIntegerField(default=-1)
    """A code works once."""

    class Meta:
        verbose_name = _("authenticator application")
        verbose_name_plural = _("authenticator applications")

    def __str__(self) -> str:
        return f"{self.pk}"

    @property
    def address(self) -> str:
        """What the QR code says."""
        label = quote(f"Priem:{self.user.get_username()}")
        return f"otpauth://totp/{label}?" + urlencode({"secret": self.secret.reveal(), "issuer": "Priem"})

    def verify_token(self, token: str) -> bool:
        if not self.verify_is_allowed()[0]:
            return False
        code = TOTP(base64.b32decode(self.secret.reveal()), PERIOD)
        code.time = time.time()
        if token.isascii() and token.isdigit() and code.verify(int(token), 1, self.last_step + 1):
            self.last_step = code.t() + code.drift
            self.throttle_reset(commit=False)
            self.save()
            return True
        self.throttle_increment(commit=True)
        return False

    def get_throttle_factor(self) -> int:
        return 1


class SpareCodes(ThrottledDevice):
    """For whoever has lost the phone; each works once."""

    hashes = models.JSONField(default=list)

    class Meta:
        verbose_name = _("spare codes")
        verbose_name_plural = _("spare codes")

    def __str__(self) -> str:
        return f"{self.pk}"

    def verify_token(self, token: str) -> bool:
        if not self.verify_is_allowed()[0]:
            return False
        wanted = hash_of(token)
        if wanted in self.hashes:
            self.hashes = [one for one in self.hashes if one != wanted]
            self.throttle_reset(commit=False)
            self.save()
            return True
        self.throttle_increment(commit=True)
        return False

    def get_throttle_factor(self) -> int:
        return 1


def hash_of(code: str) -> str:
    """Of fifty random bits: no slow hash is needed."""
    return hashlib.sha256(code.replace("-", "").strip().lower().encode()).hexdigest()
