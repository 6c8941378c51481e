from django.db import models

from priem.hub.models.owned import ClinicOwned


class WishedTask(ClinicOwned):
    """A task that a visit is to get, or got: once for each visit. Its text is kept no longer than it is needed."""

    connection = models.CharField(max_length=64)
    visit = models.CharField(max_length=100)
    text = models.TextField(blank=True)
    state = models.CharField(max_length=8)
    wished_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic", "connection", "visit"), name="wished_task"),)
        indexes = (models.Index(fields=("clinic", "id"), condition=models.Q(text__gt=""), name="wished_open"),)
