"""The lists: everything the hub remembers, as tables. What the machine owns is shown, never edited."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from priem.hub.admin import bookings, clinics, history, ident, links, people

admin.site.index_title = _("Today")

__all__ = ["bookings", "clinics", "history", "ident", "links", "people"]
