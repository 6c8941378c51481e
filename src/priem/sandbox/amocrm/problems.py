"""The answers with which amoCRM refuses (docs/reference/amocrm.md §2, §3.20)."""

from collections.abc import Mapping

from .wire import Answer, Json, Refused, empty, html, problem


def nginx(status: int, title: str) -> Answer:
    """A page of the gateway: amoCRM sends it for 403, 429, 502 and 504, where a client expects JSON."""
    page = f"<head><title>{status} {title}</title></head>\r\n<body>\r\n<center><h1>{status} {title}</h1></center>\r\n"
    return html(status, f"<html>\r\n{page}<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n")


def blocked() -> Answer:
    """The account or the address is blocked."""
    return nginx(403, "Forbidden")


def foreign_address() -> Answer:
    """The account's list of allowed addresses lacks this one; the real text is not known, the code is."""
    return problem(403, "Forbidden", "Доступ с этого IP-адреса запрещён", code=113)


def too_many_requests() -> Answer:
    """HTML, and no `Retry-After`."""
    return nginx(429, "Too Many Requests")


def unauthorized() -> Answer:
    """A bad, expired or revoked access token."""
    return problem(401, "Unauthorized", "Неверный логин или пароль")


def payment_required() -> Answer:
    """The account's subscription ended; the real text is not known."""
    return problem(402, "Payment Required", "Аккаунт не оплачен")


def forbidden(detail: str = "Invalid scope") -> Refused:
    """No right to this."""
    return Refused(problem(403, "Forbidden", detail))


def not_found(method: str, url: str) -> Answer:
    """No such path, or no such thing where 404 is documented."""
    return problem(404, "Not Found", f"Cannot {method} {url}!")


def missing(detail: str = "Not found") -> Refused:
    """404 of a thing that is not there."""
    return Refused(problem(404, "Not Found", detail))


def method_not_allowed() -> Answer:
    """405 has no body."""
    return empty(405)


def bad_request(detail: str = "Invalid request body") -> Refused:
    """400 with nothing but a text."""
    return Refused(problem(400, "Bad Request", detail))


def keyed_errors(errors: Mapping[str, str]) -> Refused:
    """400 with errors keyed by entity id, e.g. `{"6947534": "Lead not found"}`."""
    return Refused(problem(400, "Bad Request", "Invalid request body", errors=dict(errors)))


def listed_errors(errors: list[Json], detail: str = "Invalid request body") -> Refused:
    """400 with a list of errors, as notes and sources answer."""
    return Refused(problem(400, "Bad Request", detail, errors=errors))


def invalid(failures: list[Json]) -> Refused:
    """400 with `validation-errors`: one entry per bad item, nothing of the batch is saved."""
    return Refused(problem(400, "Bad Request", "Request validation failed", **{"validation-errors": failures}))
