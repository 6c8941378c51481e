"""What a page of the hub may load and send to: the hub itself, nobody else."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

HEADER = "Content-Security-Policy"
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",  # Unfold's Alpine makes functions of attributes
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "object-src 'none'",
        "base-uri 'self'",
        "frame-ancestors 'none'",
    )
)
"""No form-action: browsers hold it against where a form is sent on to, and «Allow access» leads to amoCRM."""


class ContentPolicy:
    """Middleware. A frame of the widget brings a policy of its own, see priem.hub.widget.origins."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self.get_response(request)
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            answer.headers.setdefault(HEADER, POLICY)
        return answer
