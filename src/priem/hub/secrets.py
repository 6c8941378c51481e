"""Secrets at rest are ciphertext, and in memory they do not print themselves."""

from typing import TYPE_CHECKING, Any, cast, final

from django.db import models

from priem.hub.keys import cipher

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    SecretTextField = models.TextField["Secret | str", "Secret"]
else:
    SecretTextField = models.TextField


@final
class Secret:
    """A text that only `reveal` shows."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "•••" if self._value else ""


class EncryptedText(SecretTextField):
    """A column of ciphertext. Assign a text, read a `Secret`; an empty one stays empty, so that "none" can be seen."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  # Django's options of a field, as they are
        super().__init__(**cast(dict[str, Any], {"blank": True, "default": "", "editable": False} | options))

    def from_db_value(self, value: str | None, _expression: object, _connection: "BaseDatabaseWrapper") -> Secret:
        return Secret(cipher().decrypt(value) if value else "")

    def to_python(self, value: object) -> Secret:
        return value if isinstance(value, Secret) else Secret(str(value or ""))

    def get_prep_value(self, value: object) -> str:
        plain = self.to_python(value).reveal()
        return cipher().encrypt(plain) if plain else ""

    def value_to_string(self, obj: models.Model) -> str:
        return self.get_prep_value(self.value_from_object(obj))
