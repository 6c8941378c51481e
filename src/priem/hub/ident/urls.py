"""`/ident/<clinic>/<connection>/<method>`, in any letter case, with or without a slash at the end, and with one more
where the address was entered into IDENT with a slash behind it: nothing under `/ident/` is ever redirected, since a
redirected post loses its body."""

from django.urls import re_path

from priem.hub.ident import methods  # noqa: F401 - it hangs the doors
from priem.hub.ident.doors import enter, lost
from priem.hub.ident.openapi import document

urlpatterns = [
    re_path(r"^[Ii][Dd][Ee][Nn][Tt]/openapi\.json$", document, name="ident_openapi"),
    re_path(
        r"^[Ii][Dd][Ee][Nn][Tt]/(?P<slug>[^/]+)/(?P<connection>[^/]+)//?(?P<name>[^/]+)/?$", enter, name="ident_service"
    ),
    re_path(r"^[Ii][Dd][Ee][Nn][Tt](?:/.*)?$", lost, name="ident_lost"),
]
