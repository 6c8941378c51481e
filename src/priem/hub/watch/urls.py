from django.urls import path

from priem.hub.reports.views import first_report, report
from priem.hub.watch.pages import incidents

urlpatterns = [
    path("report/", first_report, name="first_report"),
    path("incidents/", incidents, name="incidents"),
    path("clinics/<slug:slug>/report/", report, name="report"),
]
