"""What the navigation asks before it shows a page. Unfold names functions of the request."""

from django.http import HttpRequest

from priem.hub.roles.rights import Right
from priem.hub.scope import may, may_found, sees_everything


def anybody(request: HttpRequest) -> bool:
    return request.user.is_active


def sees(request: HttpRequest) -> bool:
    return may(request, Right.SEE)


def retries(request: HttpRequest) -> bool:
    return may(request, Right.RETRY)


def answers(request: HttpRequest) -> bool:
    return may(request, Right.ANSWER)


def sets_up(request: HttpRequest) -> bool:
    return may(request, Right.SET_UP)


def manages_people(request: HttpRequest) -> bool:
    return may(request, Right.MANAGE_PEOPLE)


def audits(request: HttpRequest) -> bool:
    return may(request, Right.AUDIT)


def founds(request: HttpRequest) -> bool:
    return may_found(request)


def owns(request: HttpRequest) -> bool:
    return sees_everything(request)
