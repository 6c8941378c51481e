from django.apps import apps
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from priem.hub.health import healthz
from priem.hub.watch.metrics import metrics

admin.autodiscover()
if apps.is_installed("procrastinate.contrib.django"):
    # Whose jobs are nobody's to change: the pages show shifts.
    admin.site.unregister(filter(admin.site.is_registered, apps.get_app_config("procrastinate").get_models()))

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("healthz", healthz, name="healthz"),
    path("metrics", metrics, name="metrics"),
    path("", include("priem.hub.ident.urls")),
    path("api/", include("priem.hub.booking.urls")),
    path("agent/", include("priem.hub.agents.urls")),
    path("amocrm/", include("priem.hub.amocrm.urls")),
    path("widget/", include("priem.hub.widget.urls")),
    path("admin/", include("priem.hub.roles.entrance")),
    path("admin/", include("priem.hub.roles.pages")),
    path("admin/", include("priem.hub.questions.pages")),
    path("admin/", include("priem.hub.records.pages")),
    path("admin/", include("priem.hub.audit.pages")),
    path("admin/", include("priem.hub.history.urls")),
    path("admin/", include("priem.hub.watch.urls")),
    path("", include("priem.hub.setup.urls")),
    path("admin/", admin.site.urls),
]
