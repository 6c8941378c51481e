from django.urls import path

from priem.hub.history.views import exchange, first_history, history, retry, whole

urlpatterns = [
    path("history/", first_history, name="first_history"),
    path("clinics/<slug:slug>/history/", history, name="history"),
    path("clinics/<slug:slug>/history/retry", retry, name="history_retry"),
    path("clinics/<slug:slug>/history/<int:exchange_id>", exchange, name="history_exchange"),
    path("clinics/<slug:slug>/history/<int:exchange_id>/whole", whole, name="history_whole"),
]
