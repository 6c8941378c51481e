"""These addresses stand in amoCRM's own settings: they never change."""

from django.urls import path

from priem.hub.amocrm.views import authorise, callback, hooks, uninstalled

urlpatterns = [
    path("hooks/<str:token>", hooks, name="amocrm_hooks"),
    path("callback", callback, name="amocrm_callback"),
    path("uninstall", uninstalled, name="amocrm_uninstall"),
    path("authorise/<int:clinic_id>", authorise, name="amocrm_authorise"),
]
