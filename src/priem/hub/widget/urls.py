"""These addresses stand in the widget's archive: they never change."""

from django.urls import path, re_path

from priem.hub.widget.views import FRAMES, QUESTIONS, asks, enter, frame, pipeline_hook

urlpatterns = [
    path("enter", enter, name="widget_enter"),
    path("pipeline/<str:token>", pipeline_hook, name="widget_pipeline"),
    re_path(rf"^(?P<account>\d+)/(?P<name>{'|'.join(FRAMES)})$", frame, name="widget_frame"),
    *(path(f"api/{name}", asks(question), name=f"widget_{name}") for name, question in QUESTIONS.items()),
]
