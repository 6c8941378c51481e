"""Long lists, drawn at once: Django renders a template for every option, and a large clinic's page has thousands."""

from collections.abc import Iterable, Iterator
from html import escape
from typing import TYPE_CHECKING, Any

from django import forms
from django.forms.utils import flatatt
from django.utils.safestring import SafeString, mark_safe

from priem.hub.setup.choices import StageOption

if TYPE_CHECKING:
    from django.forms.renderers import BaseRenderer

Attributes = dict[str, Any]


class QuickSelect(forms.Select):
    """A list to choose one of."""

    def render(
        self,
        name: str,
        value: object,
        attrs: Attributes | None = None,
        renderer: "BaseRenderer | None" = None,  # noqa: ARG002  # Django's signature
    ) -> SafeString:
        chosen = frozenset(map(str, self.format_value(value)))
        own = flatatt({"name": name, **self.build_attrs(self.attrs, attrs)})
        return mark_safe(f"<select{own}>{''.join(self.groups(chosen))}</select>")  # noqa: S308  # all of it is escaped

    def groups(self, chosen: frozenset[str]) -> Iterator[str]:
        for value, label in self.choices:
            if isinstance(label, list | tuple):
                yield f'<optgroup label="{escape(str(value))}">{self.drawn(label, chosen)}</optgroup>'
            else:
                yield self.drawn([(value, label)], chosen)

    def drawn(self, pairs: Iterable[tuple[Any, Any]], chosen: frozenset[str]) -> str:
        return "".join(
            f'<option value="{escape(key)}"{" selected" if key in chosen else ""}{self.more(key)}>'
            f"{escape(str(label))}</option>"
            for key, label in ((str(value), label) for value, label in pairs)
        )

    def more(self, value: str) -> str:  # noqa: ARG002 - others have more to say
        """Attributes of an option."""
        return ""


class StageSelect(QuickSelect):
    """A list by pipelines; the page shows the stage's colour beside it."""

    colors: dict[str, StageOption]

    def render(
        self,
        name: str,
        value: object,
        attrs: Attributes | None = None,
        renderer: "BaseRenderer | None" = None,
    ) -> SafeString:
        inner = super().render(name, value, attrs, renderer)
        swatch = '<span class="su-swatch" aria-hidden="true"></span>'
        return mark_safe(f'<span class="su-stage">{swatch}{inner}</span>')  # noqa: S308  # as above

    def more(self, value: str) -> str:
        if (stage := self.colors.get(value)) is None:
            return ""
        return f' data-color="{escape(stage.color)}" data-lost="{1 if stage.is_lost else ""}"'


class Ticks(forms.CheckboxSelectMultiple):
    """Boxes to tick, in groups or not."""

    def render(
        self,
        name: str,
        value: object,
        attrs: Attributes | None = None,
        renderer: "BaseRenderer | None" = None,  # noqa: ARG002  # Django's signature
    ) -> SafeString:
        chosen = frozenset(map(str, self.format_value(value)))
        own = self.build_attrs(self.attrs, attrs)
        id_ = own.pop("id", "")
        every = flatatt({"type": "checkbox", "name": name, **own})
        named = f' id="{escape(id_)}"' if id_ else ""
        boxes = "".join(self.groups(every, id_, chosen))
        return mark_safe(f'<div class="su-ticks"{named}>{boxes}</div>')  # noqa: S308  # all of it is escaped

    def groups(self, every: str, id_: str, chosen: frozenset[str]) -> Iterator[str]:
        for place, (value, label) in enumerate(self.choices):
            if isinstance(label, list | tuple):
                boxes = (
                    box(every, f"{id_}_{place}_{number}" if id_ else "", one, chosen)
                    for number, one in enumerate(label)
                )
                title = f'<p class="su-group-name">{escape(str(value))}</p>'
                yield f'<div class="su-group">{title}{"".join(boxes)}</div>'
            else:
                yield box(every, f"{id_}_{place}" if id_ else "", (value, label), chosen)


def box(every: str, id_: str, option: tuple[Any, Any], chosen: frozenset[str]) -> str:
    key, label = str(option[0]), escape(str(option[1]))
    own, of = (f' id="{escape(id_)}"', f' for="{escape(id_)}"') if id_ else ("", "")
    is_on = " checked" if key in chosen else ""
    return f'<label class="su-option"{of}><input{every} value="{escape(key)}"{own}{is_on}><span>{label}</span></label>'
