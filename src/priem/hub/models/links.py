from django.db import models
from django.utils.translation import gettext_lazy as _

from priem.hub.models.owned import ClinicOwned


class PatientLink(ClinicOwned):
    """Patient ↔ contact. Created once, survives renames, merges and moves."""

    connection = models.CharField(_("connection"), max_length=64)
    patient = models.CharField(_("patient"), max_length=100)
    contact = models.BigIntegerField(_("contact"))
    fingerprint = models.CharField(max_length=64, blank=True)
    by_person = models.BooleanField(_("by a person"), default=False, db_default=False)
    """A person has said so: only a person says otherwise."""
    rule = models.CharField(_("found by"), max_length=100, blank=True)
    made_at = models.DateTimeField(_("made"))

    class Meta:
        verbose_name = _("link of a patient and a contact")
        verbose_name_plural = _("links of patients and contacts")
        constraints = (models.UniqueConstraint(fields=("clinic", "connection", "patient"), name="patient_link_key"),)
        indexes = (models.Index(fields=("clinic", "contact"), name="patient_link_contact"),)

    def __str__(self) -> str:
        return f"{self.connection}:{self.patient} → {self.contact}"


class VisitLink(ClinicOwned):
    """Visit ↔ lead. A visit that was moved as a new row hands its lead over and keeps its link as history."""

    connection = models.CharField(_("connection"), max_length=64)
    visit = models.CharField(_("visit"), max_length=100)
    lead = models.BigIntegerField(_("lead"))
    fingerprint = models.CharField(max_length=64, blank=True)
    pipeline = models.BigIntegerField(_("pipeline"), default=0)
    stage = models.BigIntegerField(_("stage"), default=0)
    moved_to = models.CharField(_("moved to"), max_length=165, blank=True, null=True)
    """The whole key of the visit that took the lead over; None for the one that has it."""
    by_person = models.BooleanField(_("by a person"), default=False, db_default=False)
    status = models.CharField(_("status"), max_length=200, blank=True, default="", db_default="")
    """The МИС's word for it when it was last decided upon."""
    rule = models.CharField(_("found by"), max_length=100, blank=True)
    made_at = models.DateTimeField(_("made"))

    class Meta:
        verbose_name = _("link of a visit and a lead")
        verbose_name_plural = _("links of visits and leads")
        constraints = (
            models.UniqueConstraint(fields=("clinic", "connection", "visit"), name="visit_link_key"),
            models.UniqueConstraint(
                fields=("clinic", "lead"), condition=models.Q(moved_to__isnull=True), name="one_visit_for_a_lead"
            ),
        )

    def __str__(self) -> str:
        return f"{self.connection}:{self.visit} → {self.lead}"
