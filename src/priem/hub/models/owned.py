"""Rows that belong to a clinic, and the one way to ask for them."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)
NAMES_THE_CLINIC = frozenset({"clinic", "clinic_id", "clinic__in", "clinic_id__in", "clinic__pk"})


on_growth: list[Callable[[type["ClinicOwned"]], None]] = []
"""Who wants to know that rows were added to a table, in the thread that adds them. For `hub.presence`."""


class NobodysRows(TypeError):
    """A query that forgot whose rows it wants: it would read, or change, all clinics'. A mistake in our code."""


class OwnedRows(models.QuerySet[Row]):
    """Begins with `of` a clinic, or says with `of_all` that it crosses the walls. Others are refused by the database's
    door: they forgot whose they are."""

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

    def _filter_or_exclude(self, negate: bool, args: Any, kwargs: Any) -> Self:  # noqa: ANN401, FBT001  # as there
        rows: Self = super()._filter_or_exclude(negate, args, kwargs)  # type: ignore[misc]  # likewise
        if not negate and NAMES_THE_CLINIC & kwargs.keys():
            rows.says_whose = True
        return rows

    def _must_say_whose(self) -> None:
        if not (self.says_whose or self.query.is_empty()):
            raise NobodysRows(f"{self.model.__name__}: say whose with of(clinic), of_any(clinics) or of_all()")

    def _fetch_all(self) -> None:
        self._must_say_whose()
        super()._fetch_all()

    def iterator(self, chunk_size: int | None = None) -> Iterator[Row]:
        self._must_say_whose()
        return super().iterator(chunk_size)

    def count(self) -> int:
        self._must_say_whose()
        return super().count()

    def exists(self) -> bool:
        self._must_say_whose()
        return super().exists()

    def aggregate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401  # Django's
        self._must_say_whose()
        return super().aggregate(*args, **kwargs)

    def create(self, **kwargs: Any) -> Row:  # noqa: ANN401  # Django's
        grown(self.model)
        return super().create(**kwargs)

    def bulk_create(self, *args: Any, **kwargs: Any) -> list[Row]:  # noqa: ANN401  # Django's
        grown(self.model)
        return super().bulk_create(*args, **kwargs)

    def update(self, **kwargs: Any) -> int:  # noqa: ANN401  # Django's
        self._must_say_whose()
        return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        self._must_say_whose()
        return super().delete()


def grown(table: type[models.Model]) -> None:
    if issubclass(table, ClinicOwned):
        for tell in on_growth:
            tell(table)


class ClinicOwned(models.Model):
    """Indexes begin with the clinic, so its own index is left out."""

    clinic = models.ForeignKey("hub.Clinic", models.CASCADE, db_index=False, related_name="+")

    objects = OwnedRows.as_manager()

    class Meta:
        abstract = True
