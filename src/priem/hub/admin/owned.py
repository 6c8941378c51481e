"""What all lists of a clinic's rows share."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from priem.hub.admin.unfolded import DaysFilter, EndlessPaginator, ModelAdmin, RelatedFilter, column
from priem.hub.models import Clinic
from priem.hub.roles.rights import Right
from priem.hub.scope import clinic_ids, may, visible, visible_clinics

if TYPE_CHECKING:
    from django.contrib.admin.options import _ListFilterT as ListFilter


class ClinicFilter(RelatedFilter):
    """Offers the clinics that the person may see, and no other's name."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:  # noqa: ANN401, ARG002  # as there
        return [(str(clinic.pk), clinic.name) for clinic in visible_clinics(request)]


CLINIC: "ListFilter" = ("clinic", ClinicFilter)


class WholeDaysFilter(DaysFilter):
    """From the beginning of one day to the end of another, in the time zone of the hub."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002  # as there
        if first := self.midnight("from", 0):
            queryset = queryset.filter(**{f"{self.field_path}__gte": first})
        if after := self.midnight("to", 1):
            queryset = queryset.filter(**{f"{self.field_path}__lt": after})
        return queryset

    def midnight(self, end: str, days: int) -> datetime | None:
        """The beginning of the day that was chosen, or of one that many days later; None for no day or nonsense."""
        form = self.form_class(name=self.field_path, data=self.used_parameters)
        day = form.cleaned_data.get(f"{self.field_path}_{end}") if form.is_valid() else None
        if not isinstance(day, date):
            return None
        return timezone.make_aware(datetime.combine(day + timedelta(days), time.min))


class ReadOnly(ModelAdmin):
    """Nobody adds, changes or deletes: the rows are the machine's own, and other rows lean on them."""

    list_per_page = 50
    list_filter_submit = True
    list_fullwidth = True
    compressed_fields = True

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may(request, Right.SEE)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ANN401  # any row
        """By the person's role, not by Django's permissions: of what row it is, `get_queryset` has looked."""
        return may(request, Right.SEE, self.clinic_of(obj)) if obj is not None else may(request, Right.SEE)

    def clinic_of(self, row: Any) -> int:  # noqa: ANN401  # any row of a clinic
        return int(row.clinic_id)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - as Django declares it
        """Called what it lists: Django's «Select … to view» declines no Russian noun."""
        title = capfirst(str(self.model._meta.verbose_name_plural))  # noqa: SLF001  # Django documents _meta
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401  # as above
        """Likewise: the browser's tab says «lenina | Connection», not «View connection»."""
        title = capfirst(str(self.model._meta.verbose_name))  # noqa: SLF001  # Django documents _meta
        return super().changeform_view(request, object_id, form_url, {"title": title, **(extra_context or {})})

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002  # Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: object | None = None) -> bool:  # noqa: ARG002  # same
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object | None = None) -> bool:  # noqa: ARG002  # same
        return False


class OwnedAdmin(ReadOnly):
    """Rows of clinics: only those that the person may see, found by whole ids, paged without counting them all."""

    paginator = EndlessPaginator
    show_full_result_count = False
    list_select_related = ("clinic",)
    search_help_text = _("A whole id")
    id_columns: ClassVar[Sequence[str]] = ()
    """Where a figure that somebody searches for may stand."""
    text_columns: ClassVar[Sequence[str]] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = self.model.objects.order_by(*self.get_ordering(request))
        return visible(request, rows)

    def get_search_fields(self, request: HttpRequest) -> list[str]:  # noqa: ARG002  # Django's signature
        return [*self.text_columns, *self.id_columns]  # there is a search field if there are any

    def get_search_results(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        search_term: str,
    ) -> tuple[QuerySet[Any], bool]:
        """By equality: so an index answers, and nobody's name is ever searched for."""
        term = search_term.strip()
        if not term:
            return queryset, False
        wanted = Q()
        for name in self.text_columns:
            wanted |= Q(**{name: term.rpartition(":")[2]})
        if term.isascii() and term.isdigit() and len(term) < 19:
            for name in self.id_columns:
                wanted |= Q(**{name: int(term)})
        # The indexes begin with the clinic: without it the whole table would be read.
        found = queryset.filter(wanted, clinic_id__in=clinic_ids(request)) if wanted else queryset.none()
        return found, False

    @column(_("clinic"), ordering="clinic")
    def clinic_name(self, row: Any) -> str:  # noqa: ANN401  # any row of a clinic
        return str(row.clinic)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:  # noqa: ANN401 - as Django declares it
        """Django's signature."""
        return super().formfield_for_foreignkey(db_field, request, **kwargs, queryset=visible_clinics(request))


def in_amocrm(clinic: Clinic, kind: str, id_: int | None) -> str:
    """A link to the card of a contact or lead. docs/reference/amocrm.md §1"""
    if id_ is None:
        return "—"
    if not clinic.base_url:
        return str(id_)
    return format_html(
        '<a class="text-primary-600 dark:text-primary-400 hover:underline" target="_blank" rel="noopener" '
        'href="{}/{}/detail/{}">{}</a>',
        clinic.base_url.rstrip("/"),
        f"{kind}s",
        id_,
        id_,
    )
