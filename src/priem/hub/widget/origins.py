"""Which page of amoCRM may ask, and around which page a frame may stand: the account's own, nobody else's."""

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse

from priem.hub.models import Clinic

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors {origin}",
    )
)


def origin_of(clinic: Clinic) -> str:
    """`https://ulybka.amocrm.ru`"""
    parts = urlsplit(clinic.base_url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else "'none'"


def known_origin(origin: str) -> bool:
    """A preflight names no clinic yet: that of any clinic here will do, and what follows is looked at closely."""
    return bool(origin) and any(origin_of(clinic) == origin for clinic in Clinic.objects.only("base_url"))


def with_origin(answer: HttpResponse, origin: str) -> HttpResponse:
    answer["Access-Control-Allow-Origin"] = origin
    answer["Vary"] = "Origin"
    return answer


def preflight(request: HttpRequest) -> HttpResponse:
    origin = request.headers.get("Origin", "")
    answer = HttpResponse(status=204)
    if known_origin(origin):
        with_origin(answer, origin)
        answer["Access-Control-Allow-Methods"] = "POST"
        answer["Access-Control-Allow-Headers"] = "x-auth-token, content-type, x-requested-with"
        answer["Access-Control-Max-Age"] = "600"
    return answer


def framed(answer: HttpResponse, clinic: Clinic) -> HttpResponse:
    """Only amoCRM's pages of this clinic's account may show it."""
    answer["Content-Security-Policy"] = POLICY.format(origin=origin_of(clinic))
    answer["Referrer-Policy"] = "no-referrer"
    answer["Cache-Control"] = "no-store"
    answer.xframe_options_exempt = True  # frame-ancestors says it more exactly
    return answer
