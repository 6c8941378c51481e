"""Unfold, which comes without types, as Django's own admin has them."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from django.contrib.admin import ChoicesFieldListFilter as ChoicesFilter
    from django.contrib.admin import DateFieldListFilter
    from django.contrib.admin import ModelAdmin as AnyModelAdmin
    from django.contrib.admin import RelatedFieldListFilter as RelatedFilter
    from django.contrib.auth.admin import UserAdmin as AnyUserAdmin
    from django.contrib.auth.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
    from django.core.paginator import Paginator as EndlessPaginator
    from django.forms import Form
    from django.utils.functional import _StrPromise as StrPromise

    class DaysFilter(DateFieldListFilter):
        form_class: Callable[..., Form]

    class ModelAdmin(AnyModelAdmin[Any]): ...

    class UserAdmin(AnyUserAdmin[Any], ModelAdmin): ...

    def unfold_display(method: object, **options: object) -> Any: ...  # noqa: ANN401  # as it is there
else:
    from django.contrib.auth.admin import UserAdmin as AnyUserAdmin
    from unfold.admin import ModelAdmin
    from unfold.contrib.filters.admin import ChoicesDropdownFilter as ChoicesFilter
    from unfold.contrib.filters.admin import RangeDateFilter as DaysFilter
    from unfold.contrib.filters.admin import RelatedDropdownFilter as RelatedFilter
    from unfold.decorators import display as unfold_display
    from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
    from unfold.paginator import InfinitePaginator as EndlessPaginator

    class UserAdmin(AnyUserAdmin, ModelAdmin): ...


__all__ = [
    "AdminPasswordChangeForm",
    "ChoicesFilter",
    "DaysFilter",
    "EndlessPaginator",
    "ModelAdmin",
    "RelatedFilter",
    "UserAdmin",
    "UserChangeForm",
    "UserCreationForm",
    "column",
]
Shown = TypeVar("Shown", bound=Callable[..., Any])


def column(
    name: "str | StrPromise", *, ordering: str | None = None, label: Mapping[str, str] | None = None
) -> Callable[[Shown], Shown]:
    """A column or field that a method computes. With `label` it gives a pair: what chooses the colour, and the text."""

    def named(method: Shown) -> Shown:
        shown: Shown = unfold_display(method, description=name, ordering=ordering, label=label)
        return shown

    return named
