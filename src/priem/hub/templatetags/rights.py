"""`{% may "retry" clinic as can_retry %}`: whether whoever looks may do that there; without a clinic: anywhere."""

from typing import Any

from django import template

from priem.hub import scope
from priem.hub.models import Clinic
from priem.hub.roles.rights import Right

register = template.Library()


@register.simple_tag(takes_context=True)
def may(context: dict[str, Any], right: str, clinic: Clinic | None = None) -> bool:
    return scope.may(context["request"], Right(right), clinic.pk if clinic else None)
