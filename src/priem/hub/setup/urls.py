"""Everything here is one clinic's, but the first two."""

from django.urls import path

from priem.hub.agents import pages as agents
from priem.hub.setup import finding, lists, views, works

urlpatterns = [
    path("clinics/new/", views.new_clinic, name="setup_new"),
    path("settings/", views.settings_home, name="settings_home"),
    path("clinics/<slug:slug>/setup/", views.setup, name="setup"),
    path("clinics/<slug:slug>/setup/<str:name>/", views.step, name="setup_step"),
    path("clinics/<slug:slug>/settings/", views.settings, name="settings"),
    path("clinics/<slug:slug>/settings/<str:name>/", views.section, name="settings_section"),
    path("clinics/<slug:slug>/work/<str:kind>/", works.work, name="setup_work"),
    path("clinics/<slug:slug>/try/<str:what>/", works.try_it, name="setup_try"),
    path("clinics/<slug:slug>/find/", finding.find, name="setup_find"),
    path("clinics/<slug:slug>/letter/", finding.letter, name="setup_letter"),
    path("clinics/<slug:slug>/granted/", works.granted, name="setup_granted"),
    path("clinics/<slug:slug>/look/", works.look_again, name="setup_look"),
    path("clinics/<slug:slug>/preview/", works.begin_preview, name="setup_preview"),
    path("clinics/<slug:slug>/start/", works.start, name="setup_start"),
    path("clinics/<slug:slug>/stop/", works.stop_sync, name="setup_stop"),
    path("clinics/<slug:slug>/remove/<str:key>/", works.remove, name="setup_remove"),
    path("clinics/<slug:slug>/agents/<str:key>/", agents.agents, name="setup_agents"),
    path("clinics/<slug:slug>/agents/<str:key>/code/", agents.code, name="setup_agent_code"),
    path("clinics/<slug:slug>/agents/<str:key>/look/", agents.look, name="setup_agent_look"),
    path("clinics/<slug:slug>/agents/<str:key>/revoke/<int:agent>/", agents.take_away, name="setup_agent_revoke"),
    path("clinics/<slug:slug>/planned.csv", lists.planned_csv, name="setup_csv"),
    path("clinics/<slug:slug>/planned/<str:entity>/<str:action>/", lists.planned, name="setup_planned"),
    path("clinics/<slug:slug>/example/", lists.example, name="setup_example"),
    path("clinics/<slug:slug>/settings.toml", lists.file, name="setup_file"),
]
