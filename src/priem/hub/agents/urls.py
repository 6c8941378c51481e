"""Where agents knock: docs/reference/agent-protocol.md."""

from django.urls import path

from priem.hub.agents import doors

urlpatterns = [
    path("enrol", doors.enrol_with_code, name="agent_enrol"),
    path("report", doors.report, name="agent_report"),
    path("position", doors.position, name="agent_position"),
    path("parcels/<int:stream>/<int:sequence>", doors.parcel, name="agent_parcel"),
    path("answers/<int:question>", doors.answer, name="agent_answer"),
]
