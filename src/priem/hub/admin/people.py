"""The accounts of all people, for the owner of the hub."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from priem.hub.admin.unfolded import AdminPasswordChangeForm, UserAdmin, UserChangeForm, UserCreationForm, column

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class PersonAdmin(UserAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "is_active", "is_superuser", "last_login")
    list_filter = ()
    # Without Django's groups and permissions, which mean nothing here: roles are given on the page of people.
    fieldsets = (
        (None, {"fields": ("username", "password_in_words")}),
        (_("Personal info"), {"fields": ("first_name", "last_name", "email")}),
        (_("Access"), {"fields": ("is_active", "is_superuser", "last_login", "date_joined")}),
    )
    readonly_fields = ("password_in_words", "last_login", "date_joined")
    # Without Django's choice of other ways to log in: nobody has them here.
    add_fieldsets = ((None, {"fields": ("username", "password1", "password2")}),)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: ANN401, FBT001  # Django's
        """Everybody who has an account comes in; what he sees there is said by his roles."""
        obj.is_staff = True
        super().save_model(request, obj, form, change)

    @column(_("password"))
    def password_in_words(self, person: User) -> str:
        """In place of Django's field, which shows pieces of the hash."""
        is_chosen = person.has_usable_password()
        return format_html(
            '{}. <a class="text-primary-600 dark:text-primary-400 underline" href="../password/">{}</a>',
            gettext("Chosen, shown to nobody") if is_chosen else gettext("Not chosen yet"),
            gettext("Set another one") if is_chosen else gettext("Set one"),
        )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:  # noqa: ANN401  # Django's
        return super().changelist_view(request, {"title": gettext("Accounts"), **(extra_context or {})})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401  # likewise
        title = gettext("Account") if object_id else gettext("New account")
        return super().changeform_view(request, object_id, form_url, {"title": title, **(extra_context or {})})
