"""Rows that belong to a clinic, and the one way to ask for them."""

from collections.abc import Iterable
from typing import Self, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)


class OwnedRows(models.QuerySet[Row]):
    """Begins with `of` a clinic, or says with `of_all` that it crosses the walls. Others forgot whose they are."""

    says_whose = False

    def of(self, clinic_id: int) -> Self:
        return self._said(self.filter(clinic_id=clinic_id))

    def of_any(self, clinic_ids: Iterable[int]) -> Self:
        return self._said(self.filter(clinic_id__in=list(clinic_ids)))

    def of_all(self) -> Self:
        return self._said(self.all())

    def _said(self, rows: Self) -> Self:
        rows.says_whose = True
        return rows

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]  # the stubs leave out what a queryset copies itself with
        clone.says_whose = self.says_whose
        return clone


class ClinicOwned(models.Model):
    """Indexes begin with the clinic, so its own index is left out."""

    clinic = models.ForeignKey("hub.Clinic", models.CASCADE, db_index=False, related_name="+")

    objects = OwnedRows.as_manager()

    class Meta:
        abstract = True
