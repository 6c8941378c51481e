"""These addresses stand in amoCRM's own settings: they never change."""

from django.urls import path

from priem.hub.amocrm.views import authorise, callback, hooks, uninstalled
from priem.hub.ident.button import button
from priem.hub.roles.coming_in import enter, enter_by_ticket

urlpatterns = [
    path("hooks/<str:token>", hooks, name="amocrm_hooks"),
    path("callback", callback, name="amocrm_callback"),
    path("uninstall", uninstalled, name="amocrm_uninstall"),
    path("enter", enter, name="amocrm_enter"),
    path("enter/<str:written>", enter_by_ticket, name="amocrm_enter_by_ticket"),
    path("tickets/<int:lead>", button, name="amocrm_ticket"),
    path("authorise/<int:clinic_id>", authorise, name="amocrm_authorise"),
]
