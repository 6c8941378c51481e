"""Tables that a person adds rows to: rows of one table share the names of their fields, and come in the order shown."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict

NEW = "NEW"
"""Stands for the number of a row that the page adds."""


class RowForm(forms.Form):
    """One row. The first field named in `names` is sent by every row; none of them may be a box to tick."""

    table: ClassVar[str]
    names: ClassVar[Sequence[str]]

    def __init__(self, number: int | str, data: Mapping[str, Any] | None, initial: Mapping[str, Any]) -> None:
        super().__init__(data, initial=dict(initial), auto_id=f"{self.table}{number}_%s")
        self.number = number

    def add_prefix(self, field_name: str) -> str:
        return f"{self.table}-{field_name}"


def posted_rows(post: QueryDict, form: type[RowForm]) -> list[dict[str, str]]:
    columns = {f"{form.table}-{name}": post.getlist(f"{form.table}-{name}") for name in form.names}
    length = min(map(len, columns.values()))
    return [{name: values[row] for name, values in columns.items()} for row in range(length)]
