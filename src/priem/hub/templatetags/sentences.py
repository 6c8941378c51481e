"""A sentence of the database in the language of the page: `{{ incident.what|said }}`."""

from django import template

from priem.hub.sentences import readable
from priem.texts import Text

register = template.Library()


@register.filter
def said(sentence: Text | None) -> str:
    return readable(sentence)
