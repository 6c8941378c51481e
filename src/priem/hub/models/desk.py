"""What people are asked, what they said, and which records are to be read anew."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from priem.hub.models.owned import ClinicOwned
from priem.model import Told

TOLD = {Told.NEW: _("none of those that are there"), Told.APART: _("to be left alone")}


class Kind(models.TextChoices):
    PATIENT = "patient", _("patient")
    VISIT = "visit", _("visit")


class Question(ClinicOwned):
    """Which of these contacts a patient is. Gone once it is answered, or needs no answer any more."""

    connection = models.CharField(_("connection"), max_length=64)
    patient = models.CharField(_("patient"), max_length=100)
    candidates = models.JSONField(_("candidates"), default=list)
    """[[contact, because], …]"""
    asked_at = models.DateTimeField(_("asked"))

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        constraints = (models.UniqueConstraint(fields=("clinic", "connection", "patient"), name="question_of_patient"),)
        indexes = (models.Index(fields=("clinic", "asked_at"), name="question_by_time"),)

    def __str__(self) -> str:
        return f"{self.connection}:{self.patient}"


class Saying(ClinicOwned):
    """What a person said of a record, other than which contact or lead it is: that is a link."""

    connection = models.CharField(_("connection"), max_length=64)
    kind = models.CharField(_("what"), max_length=8, choices=Kind)
    record = models.CharField(_("record in the MIS"), max_length=100)
    told = models.CharField(_("said"), max_length=8, choices=[(told.value, name) for told, name in TOLD.items()])
    said_at = models.DateTimeField(_("said at"))

    class Meta:
        verbose_name = _("word of a person")
        verbose_name_plural = _("words of persons")
        constraints = (models.UniqueConstraint(fields=("clinic", "connection", "kind", "record"), name="said_of"),)

    def __str__(self) -> str:
        return f"{self.connection}:{self.record}"


class RecalledRecord(ClinicOwned):
    """To be read and decided anew, now or once a patient has a contact."""

    connection = models.CharField(max_length=64)
    kind = models.CharField(max_length=8, choices=Kind)
    record = models.CharField(max_length=100)
    waits_for = models.CharField(max_length=165, blank=True, default="")
    """The key of the patient whose contact a visit waits for; empty when nothing is waited for."""

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("clinic", "connection", "kind", "record"), name="recalled_once"),
        )
        indexes = (models.Index(fields=("clinic", "waits_for"), name="recall_waits_for"),)

    def __str__(self) -> str:
        return f"{self.connection}:{self.record}"
