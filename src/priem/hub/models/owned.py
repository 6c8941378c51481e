"""Rows that belong to a clinic, and the one way to ask for them."""

from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)

if TYPE_CHECKING:
    RowSet = models.QuerySet
else:
    # Django's classes take type parameters only in the stubs.
    class RowSet(models.QuerySet):
        def __class_getitem__(cls, _row: object) -> type:
            return cls


class OwnedRows(RowSet[Row]):
    """Begins with `of` a clinic, or says with `of_all_clinics` that it means to cross the walls."""

    says_whose = False

    def of(self, clinic_id: int) -> Self:
        return self._said(self.filter(clinic_id=clinic_id))

    def of_all_clinics(self) -> Self:
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

    objects: models.Manager[Any] = OwnedRows.as_manager()

    class Meta:
        abstract = True
