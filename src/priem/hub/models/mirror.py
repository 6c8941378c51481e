"""The CRM as Priem last saw it. Ids of contacts and leads are amoCRM's own.

The tables of phones, keys and leads' contacts are indexes: what is searched for lies in their columns, the record
itself in JSON. Both ways round all columns are in the index: SQLite takes one that holds all it needs, even if it has
to read the whole of it.
"""

from django.db import models

from priem.hub.models.journal import Entity
from priem.hub.models.owned import ClinicOwned


class MirroredContact(ClinicOwned):
    crm_id = models.BigIntegerField()
    name = models.TextField()
    phones = models.JSONField()
    """[[text, label], …]"""
    keys = models.JSONField()
    """["connection:id", …]"""
    fields = models.JSONField()
    """{field id: text or list of texts}"""
    created_at = models.BigIntegerField()
    updated_at = models.BigIntegerField()
    responsible = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic", "crm_id"), name="mirrored_contact"),)


class MirroredContactPhone(ClinicOwned):
    number = models.CharField(max_length=20)
    """E.164"""
    contact = models.BigIntegerField()

    class Meta:
        indexes = (
            models.Index(fields=("clinic", "number", "contact"), name="phone_number"),
            models.Index(fields=("clinic", "contact", "number"), name="phone_contact"),
        )


class MirroredContactKey(ClinicOwned):
    key = models.CharField(max_length=165)
    contact = models.BigIntegerField()

    class Meta:
        indexes = (
            models.Index(fields=("clinic", "key", "contact"), name="contact_key"),
            models.Index(fields=("clinic", "contact", "key"), name="key_contact"),
        )


class MirroredLead(ClinicOwned):
    crm_id = models.BigIntegerField()
    name = models.TextField()
    pipeline = models.BigIntegerField()
    stage = models.BigIntegerField()
    price = models.BigIntegerField()
    contacts = models.JSONField()
    """Ids, the main one first."""
    keys = models.JSONField()
    fields = models.JSONField()
    created_at = models.BigIntegerField()
    updated_at = models.BigIntegerField()
    responsible = models.BigIntegerField()
    loss_reason = models.BigIntegerField(null=True)
    source = models.CharField(max_length=200, default="", db_default="")
    """Where the request came from, as amoCRM's statistics say."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic", "crm_id"), name="mirrored_lead"),)
        indexes = (models.Index(fields=("clinic", "created_at", "crm_id"), name="lead_by_time"),)


class MirroredLeadContact(ClinicOwned):
    """Contacts of open leads only: nobody looks for a closed one by its contact."""

    contact = models.BigIntegerField()
    lead = models.BigIntegerField()

    class Meta:
        indexes = (
            models.Index(fields=("clinic", "contact", "lead"), name="lead_contact"),
            models.Index(fields=("clinic", "lead", "contact"), name="contact_lead"),
        )


class MirroredLeadKey(ClinicOwned):
    key = models.CharField(max_length=165)
    lead = models.BigIntegerField()

    class Meta:
        indexes = (
            models.Index(fields=("clinic", "key", "lead"), name="lead_key"),
            models.Index(fields=("clinic", "lead", "key"), name="key_lead"),
        )


class Merge(ClinicOwned):
    """A contact or lead that a merge swallowed, and the one that lives on: never one that was swallowed itself."""

    entity = models.CharField(max_length=8, choices=Entity)
    loser = models.BigIntegerField()
    winner = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic", "entity", "loser"), name="merged_away"),)
        indexes = (models.Index(fields=("clinic", "entity", "winner"), name="merged_into"),)


class MirrorState(ClinicOwned):
    until = models.BigIntegerField()
    """The unix second up to which the CRM is known."""
    reconciled_at = models.DateTimeField(null=True)
    """When all links were last compared with both sides."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=("clinic",), name="mirror_state"),)
