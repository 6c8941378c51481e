"""The accounts of all people, for the owner of the hub."""

from django.contrib import admin
from django.contrib.auth.models import Group, User

from priem.hub.admin.unfolded import AdminPasswordChangeForm, UserAdmin, UserChangeForm, UserCreationForm

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class PersonAdmin(UserAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "is_active", "is_superuser", "last_login")
    list_filter = ()
