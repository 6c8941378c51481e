"""Who of amoCRM's users may book where."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from priem.engine.bindings import is_named
from priem.engine.settings import Settings, UserBooking
from priem.hub.setup.choices import Choices
from priem.hub.setup.fields import ListField, TicksField

USUAL = UserBooking(user="")


class UserForm(forms.Form):
    books = forms.BooleanField(required=False, label=_("Books"))

    def __init__(self, choices: Choices, id_: str, name: str, data: Any) -> None:  # noqa: ANN401 - Django's
        super().__init__(data, prefix=f"user_{id_}")
        users, self.name, self.id = choices.settings.booking.users, name, id_
        self.before = next((one for one in users if is_named(one.user, int(id_), name)), None)
        now = self.before or replace(USUAL, books=choices.settings.booking.others)
        known = choices.branches()
        others = [(place, place) for place in (now.default,) if place and place not in dict(known)]
        self.fields["branches"] = TicksField(known, now.branches, label=_("Branches"))
        self.fields["default"] = ListField(
            choices=[("", _("Not chosen")), *known, *others], required=False, label=_("By default")
        )
        self.initial = {"books": now.books, "branches": list(now.branches), "default": now.default}

    def clean(self) -> dict[str, Any]:
        typed: dict[str, Any] = super().clean() or self.cleaned_data
        default, branches = typed.get("default"), typed.get("branches")
        if default and branches and default not in branches and default.partition(":")[0] not in branches:
            self.add_error("default", _("It is not among the branches of this user."))
        return typed

    def now(self, *, others: bool) -> UserBooking | None:
        """Of a valid form; None for a user who is like all who are not named."""
        typed = self.cleaned_data
        chosen = {name: typed[name] for name in ("books", "default")} | {"branches": tuple(typed["branches"])}
        if self.before:
            return replace(self.before, **chosen)
        own = UserBooking(user=int(self.id), **chosen)
        return None if replace(own, user="") == replace(USUAL, books=others) else own


class UsersForm:
    def __init__(self, choices: Choices, data: Any = None) -> None:  # noqa: ANN401 - Django's
        self.choices = choices
        self.rows = [UserForm(choices, id_, name, data) for id_, name in choices.users()]

    def is_valid(self) -> bool:
        return all(row.is_valid() for row in self.rows)

    def applied(self, settings: Settings) -> Settings:
        """Users who are not in the account any more stay as they are written."""
        known = [row.before for row in self.rows if row.before]
        gone = [one for one in settings.booking.users if one not in known]
        named = list(self._named(others=settings.booking.others))
        order = {str(one.user): place for place, one in enumerate(settings.booking.users)}
        users = sorted([*gone, *named], key=lambda one: order.get(str(one.user), len(order)))
        return replace(settings, booking=replace(settings.booking, users=tuple(users)))

    def _named(self, *, others: bool) -> Iterator[UserBooking]:
        for row in self.rows:
            if one := row.now(others=others):
                yield one
