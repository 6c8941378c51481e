"""The account's custom fields: read, created, given options. docs/reference/amocrm.md §3.9"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Protocol

from priem.amocrm.client import Client
from priem.amocrm.contacts import PATIENT_KEYS, VISIT_KEYS, custom_values
from priem.amocrm.fields import CHOICES, CustomField, encode, missing_options, read_field, with_options
from priem.amocrm.problems import Answer, Refused, complaints, detail_of
from priem.errors import AskOperator, BadRecord
from priem.model import FieldValue
from priem.texts import text

Entity = Literal["contacts", "leads"]
PAGE = 50
"""Beyond 50 a page fields silently disappear. §7.9"""
GROUP = "Priem"
NOTHING_YET: Mapping[str, Any] = MappingProxyType({})


class Draft(Protocol):
    """A contact or lead to write."""

    @property
    def id(self) -> int | None: ...
    @property
    def fields(self) -> Mapping[int, FieldValue]: ...


class FieldSpec(NamedTuple):
    """A field that Priem needs. `kind` is amoCRM's type, `options` are for the choices among them."""

    name: str
    kind: str
    options: Sequence[str] = ()
    code: str = ""


KEY_FIELDS: Mapping[Entity, FieldSpec] = {
    "contacts": FieldSpec("ID пациента (Priem)", "text", code=PATIENT_KEYS),
    "leads": FieldSpec("ID записи (Priem)", "text", code=VISIT_KEYS),
}
"""Where the keys of patients and visits are: what is there is never made a second time."""


class Catalog:
    """The custom fields of one kind of record, as they were when they were last read."""

    def __init__(self, client: Client, entity: Entity) -> None:
        self._client = client
        self._entity = entity
        self._path = f"/api/v4/{entity}/custom_fields"
        self.fields: dict[int, CustomField] = {}

    def read(self) -> None:
        found: dict[int, CustomField] = {}
        page, answer = 1, self._page(1)
        self._add(found, answer)
        while answer.has_next:
            page += 1
            answer = self._page(page)
            self._add(found, answer)
        self.fields = found

    def _page(self, page: int) -> Answer:
        return self._client.get(self._path, [("page", page), ("limit", PAGE)])

    def _add(self, found: dict[int, CustomField], answer: Answer) -> None:
        fields = [read_field(row) for row in answer.rows("custom_fields")]
        found.update((field.id, field) for field in fields)

    def find(self, spec: FieldSpec) -> CustomField | None:
        """By code, where the spec has one, else by name and kind. Somebody may have renamed a field with a code."""
        if spec.code:
            return next((field for field in self.fields.values() if field.code == spec.code), None)
        return next((field for field in self.fields.values() if (field.name, field.kind) == spec[:2]), None)

    def create(self, specs: Iterable[FieldSpec]) -> tuple[CustomField, ...]:
        """Those fields, each made unless it is there, with all its options. Raises AskOperator without the right."""
        wanted = tuple(specs)
        if missing := [spec for spec in wanted if self.find(spec) is None]:
            group = self._group()
            payload = [describe(spec, group) for spec in missing]
            self._add(self.fields, self._write("POST", self._path, payload))
            if any(self.find(spec) is None for spec in missing):
                self.read()
        for spec in wanted:
            self.add_options((field, spec.options) for field in [self.find(spec)] if field)
        return tuple(field for spec in wanted if (field := self.find(spec)))

    def _write(self, method: str, path: str, payload: list[dict[str, Any]] | dict[str, Any]) -> Answer:
        try:
            return self._client.write(method, path, payload)
        except Refused as error:
            said = complaints(error.answer, payload if isinstance(payload, list) else [payload])
            details = [one.reason.values.get("errors", "") for one in said.values()] or [detail_of(error.answer)]
            raise AskOperator(
                text("amoCRM does not let Priem make the fields it needs: {details}", details=details),
                text("Look whether the account has reached its limit of fields, or has one of this code already."),
            ) from error

    def _group(self) -> str | None:
        """The id of Priem's group of fields, made when there is none."""
        path = f"{self._path}/groups"
        groups = self._client.get(path).rows("custom_field_groups")
        found = next((group for group in groups if group.get("name") == GROUP), None)
        if found is None:
            last = max((int(group.get("sort") or 0) for group in groups), default=0)
            made = self._write("POST", path, [{"name": GROUP, "sort": last + 1}]).rows("custom_field_groups")
            found = made[0] if made else {}
        return str(found["id"]) if "id" in found else None

    def add_options(self, wanted: Iterable[tuple[CustomField, Iterable[str]]]) -> None:
        """Options that a field lacks are added; it keeps those it has, with their ids."""
        for field, values in wanted:
            if missing_options(field, tuple(values)):
                self._add_options(field, tuple(values))

    def _add_options(self, field: CustomField, values: tuple[str, ...]) -> None:
        # Read anew: an option that somebody added meanwhile would be lost with its leads' values.
        current = read_field(self._client.get(f"{self._path}/{field.id}").body)
        if added := missing_options(current, values):
            self._write("PATCH", f"{self._path}/{field.id}", {"enums": with_options(current, added)})
            current = read_field(self._client.get(f"{self._path}/{field.id}").body)
        self.fields[field.id] = current

    def add_missing_options(self, changes: Iterable[Mapping[int, FieldValue]]) -> None:
        """Before these are written. Where adding is not allowed, `encode` refuses the records that need it."""
        needed: dict[int, set[str]] = {}
        for fields in changes:
            for id_, value in fields.items():
                if (field := self.fields.get(id_)) and field.kind in CHOICES:
                    needed.setdefault(id_, set()).update(missing_options(field, value))
        for id_, values in needed.items():
            try:
                self.add_options([(self.fields[id_], values)])
            except AskOperator:
                return

    def encode(
        self, field: int, value: FieldValue, zone: tzinfo, row: Mapping[str, Any] = NOTHING_YET
    ) -> dict[str, Any]:
        """`row` is the record as amoCRM has it now."""
        if field not in self.fields:
            raise BadRecord(
                text("amoCRM has no field {field}. It was deleted, or belongs to another account.", field=field)
            )
        labels = labels_in(row, field) if self.fields[field].kind == "multitext" else NOTHING_YET
        return encode(self.fields[field], value, zone, labels)

    def merges(self, draft: Draft) -> bool:
        """Whether it adds a text to others, whose labels have to be known then: what is sent replaces all of them."""
        several = (id_ for id_, value in draft.fields.items() if isinstance(value, tuple) and len(value) > 1)
        return draft.id is not None and any(
            self.fields[id_].kind == "multitext" for id_ in several if id_ in self.fields
        )


def labels_in(row: Mapping[str, Any], field: int) -> dict[str, str]:
    values = next((value for value in custom_values(row) if value.get("field_id") == field), {}).get("values") or ()
    return {str(one.get("value")): str(one.get("enum_code") or "WORK") for one in values if isinstance(one, dict)}


def describe(spec: FieldSpec, group: str | None) -> dict[str, Any]:
    found: dict[str, Any] = {"type": spec.kind, "name": spec.name}
    if spec.code:
        found["code"] = spec.code
    if spec.code in (PATIENT_KEYS, VISIT_KEYS):
        found["is_api_only"] = True  # nobody edits them by hand
    if spec.options:
        found["enums"] = [{"value": value, "sort": place} for place, value in enumerate(spec.options, 1)]
    return found | ({"group_id": group} if group else {})
