"""What workers tell of themselves, and what those who ask one account share. No clinic's own: PostgreSQL only."""

from django.db import models


class Shift(models.Model):
    """A shard of clinics as it is served now, or was last."""

    shard = models.PositiveSmallIntegerField(unique=True)
    worker = models.CharField(max_length=100)
    """Machine and process."""
    version = models.CharField(max_length=32)
    began_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    clinics = models.PositiveIntegerField(default=0)
    troubled = models.PositiveIntegerField(default=0)
    """Clinics that rest after a failure."""
    overdue = models.FloatField(default=0)
    """Seconds for which the clinic that waits longest should have had its turn."""
    rounds = models.PositiveBigIntegerField(default=0)
    """Turns that clinics of the shard have had in this shift."""

    def __str__(self) -> str:
        return f"{self.shard}"


class AccountPace(models.Model):
    """What all processes know of the requests that one account was sent in the last seconds."""

    account = models.CharField(max_length=300, primary_key=True)
    written = models.TextField(default="")
    """JSON; empty when nothing is known."""

    def __str__(self) -> str:
        return self.account
