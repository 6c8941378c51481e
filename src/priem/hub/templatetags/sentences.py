"""A sentence of the database in the language of the page: `{{ incident.what|said }}`."""

from django import template
from django.db.models import Model
from django.utils.text import capfirst

from priem.hub.sentences import readable
from priem.texts import Text

register = template.Library()


@register.filter
def said(sentence: Text | None) -> str:
    return readable(sentence)


@register.filter
def heading(title: object) -> str:
    """With a capital letter, except for a name that begins with a small one: amoCRM, a row's key, a login."""
    written = str(title)
    return written if isinstance(title, Model) or written.startswith("amoCRM") else capfirst(written)
