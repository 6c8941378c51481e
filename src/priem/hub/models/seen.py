"""Visits of a МИС that nobody asks for a day's visits: as the pages brought them that were read for the sync."""

from django.db import models

from priem.hub.models.owned import ClinicOwned
from priem.model import VisitStatus


class SeenVisit(ClinicOwned):
    """For the journal. No name, no phone of a patient: those are amoCRM's."""

    connection = models.CharField(max_length=64)
    visit = models.CharField(max_length=100)
    patient = models.CharField(max_length=100)
    branch = models.CharField(max_length=100, blank=True)
    branch_name = models.CharField(max_length=200, blank=True)
    doctor = models.CharField(max_length=100, blank=True)
    doctor_name = models.CharField(max_length=200, blank=True)
    room = models.CharField(max_length=200, blank=True)
    services = models.JSONField(default=list)
    """Their names."""
    total = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    status = models.CharField(max_length=12, choices=[(status.value, status.value) for status in VisitStatus])

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic", "connection", "visit"), name="seen_visit"),)
        indexes = (models.Index(fields=("clinic", "connection", "starts_at"), name="seen_by_time"),)
