"""`/api/<clinic>/booking/…`: docs/reference/booking.md"""

from django.urls import path

from priem.hub.booking import views

urlpatterns = [
    path("<slug:slug>/booking/dictionaries", views.dictionaries, name="booking_dictionaries"),
    path("<slug:slug>/booking/schedule", views.schedule, name="booking_schedule"),
    path("<slug:slug>/booking/patients", views.patients, name="booking_patients"),
    path("<slug:slug>/booking/leads/<int:lead>", views.lead, name="booking_lead"),
    path("<slug:slug>/booking/requests/<str:ref>", views.outcome, name="booking_outcome"),
    path("<slug:slug>/booking/book", views.book, name="booking_book"),
    path("<slug:slug>/booking/reschedule", views.reschedule, name="booking_reschedule"),
    path("<slug:slug>/booking/cancel", views.cancel, name="booking_cancel"),
    path("<slug:slug>/booking/status", views.status, name="booking_status"),
    path("<slug:slug>/booking/update", views.update, name="booking_update"),
]
