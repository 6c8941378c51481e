"""What may be written into contacts, companies and leads (docs/reference/amocrm.md §3.2–§3.4, §3.9, §3.20).

Shapes are built once for an account; the choices in them are looked up when a request comes.
"""

from collections.abc import Mapping

from ..validation import (
    Check,
    Findings,
    Shape,
    anything,
    boolean,
    integer,
    integer_choice,
    listing,
    seconds,
    shape,
    string,
)
from ..wire import Json
from .cards import Lead
from .crm import Crm
from .values import check_values

MAX_COMPLEX_FIELDS = 40
FIELD_KEYS = frozenset({"field_id", "field_code", "values", "field_name", "field_type"})
"""The last two come with a card that is read. Clients at work send them back, so they are taken, and mean nothing."""


class Rules:
    """The shapes of one account."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm
        self.user: Check = integer_choice(crm.users.is_active)
        self.author: Check = integer_choice(crm.users.is_author)
        self.contact = self._card("contacts") | {"first_name": string, "last_name": string}
        self.company = self._card("companies")
        self.lead = self._lead()

    def for_create(self, kind: str) -> Shape:
        """What `POST` takes; an `id` is taken and means nothing."""
        if kind == "leads":
            return self.lead | {"_embedded": shape(self._lead_embedded())}
        return self._of(kind) | {"id": integer, "_embedded": self._tags_only(kind)}

    def for_change(self, kind: str) -> Shape:
        """What `PATCH` takes. Relations that came along with a read lead are taken and left alone."""
        embedded = {"tags": self.tags(kind)}
        if kind == "leads":
            embedded |= dict.fromkeys(("contacts", "companies", "catalog_elements", "loss_reason", "source"), anything)
        keys = {"id": integer, "tags_to_delete": self.tags(kind), "_embedded": shape(embedded)}
        return self._of(kind) | keys

    def for_complex(self) -> Shape:
        """What `POST /leads/complex` takes."""
        embedded = {
            "tags": self.tags("leads"),
            "contacts": listing(self._complex_card("contacts"), at_most=1),
            "companies": listing(self._complex_card("companies"), at_most=1),
            "source": self._source(),
            "metadata": self.metadata(),
        }
        few = filled(self._crm, "leads", MAX_COMPLEX_FIELDS)
        return self.lead | {"custom_fields_values": few, "_embedded": shape(embedded)}

    def tags(self, kind: str) -> Check:
        """`[{"id"} | {"name"}]`; anything else in a tag is refused, `request_id` included."""
        known = self._crm.tags.of(kind)
        return listing(shape({"id": integer_choice(known.__contains__), "name": string}))

    def metadata(self) -> Check:
        """What makes a lead of `/leads/complex` an unsorted one."""
        return shape(METADATA, ["category"])

    def _of(self, kind: str) -> dict[str, Check]:
        return {"leads": self.lead, "contacts": self.contact, "companies": self.company}[kind]

    def _card(self, kind: str) -> dict[str, Check]:
        return {
            "name": string,
            "responsible_user_id": self.user,
            "created_by": self.author,
            "updated_by": self.author,
            "created_at": seconds,
            "updated_at": seconds,
            "custom_fields_values": filled(self._crm, kind),
            "tags_to_add": self.tags(kind),
            "request_id": string,
        }

    def _lead(self) -> dict[str, Check]:
        own: dict[str, Check] = dict.fromkeys(("price", "status_id", "score"), integer)
        return (
            self._card("leads")
            | own
            | {
                "pipeline_id": integer_choice(self._crm.pipelines.rows.__contains__),
                "loss_reason_id": integer_choice(self._crm.loss_reasons.__contains__),
                "closed_at": seconds,
                "visitor_uid": string,
            }
        )

    def _lead_embedded(self) -> dict[str, Check]:
        contact = {"id": integer_choice(lambda value: self._crm.contacts.get(value) is not None), "is_main": boolean}
        company = {"id": integer_choice(lambda value: self._crm.companies.get(value) is not None)}
        return {
            "tags": self.tags("leads"),
            "contacts": listing(shape(contact, ["id"])),
            "companies": listing(shape(company, ["id"]), at_most=1),
            "source": self._source(),
        }

    def _source(self) -> Check:
        return shape({"external_id": string, "type": string, "id": integer})

    def _tags_only(self, kind: str) -> Check:
        return shape({"tags": self.tags(kind)})

    def _complex_card(self, kind: str) -> Check:
        cards = self._crm.cards(kind)
        few = filled(self._crm, kind, MAX_COMPLEX_FIELDS)
        known = integer_choice(lambda value: cards.get(value) is not None)
        return shape(self._of(kind) | {"id": known, "custom_fields_values": few, "_embedded": self._tags_only(kind)})


METADATA: dict[str, Check] = {
    **dict.fromkeys(
        (
            "form_name",
            "form_page",
            "ip",
            "referer",
            "uniq",
            "service_code",
            "link",
            "from",
            "source_uid",
            "source_name",
        ),
        string,
    ),
    **dict.fromkeys(("form_sent_at", "duration", "called_at"), seconds),
    **dict.fromkeys(("form_id", "phone", "call_responsible"), anything),
    "category": string,
    "is_call_event_needed": boolean,
}


def filled(crm: Crm, kind: str, at_most: int | None = None) -> Check:
    """`custom_fields_values`: fields by id or code, with values that fit their type."""

    def one(item: object, path: str, findings: Findings) -> None:
        if not isinstance(item, dict):
            findings.wrong_type(path, "array")
            return
        for key in item:
            if key not in FIELD_KEYS:
                findings.unexpected(f"{path}.{key}")
        if "values" not in item:
            findings.missing(f"{path}.values")
        _check_field(crm, kind, item, path, findings)

    return listing(one, at_most)


def _check_field(crm: Crm, kind: str, item: Json, path: str, findings: Findings) -> None:
    field_id, code = item.get("field_id"), item.get("field_code")
    if field_id is None and code is None:
        findings.missing(f"{path}.field_id")
        return
    integer(field_id, f"{path}.field_id", findings)
    string(code, f"{path}.field_code", findings)
    known = crm.fields.find(kind, field_id, code)
    if known is None:
        findings.not_a_choice(f"{path}.field_id" if field_id is not None else f"{path}.field_code")
    else:
        check_values(known, item.get("values"), f"{path}.values", findings)


def check_stage(crm: Crm, item: Mapping[str, object], lead: Lead | None, findings: Findings) -> None:
    """A status has to belong to the pipeline that is named with it, else to the lead's own (§3.2)."""
    status_id = item.get("status_id")
    if status_id is None or (lead is not None and status_id == lead.status_id and item.get("pipeline_id") is None):
        return
    pipeline_id = item.get("pipeline_id") or (lead.pipeline_id if lead else crm.pipelines.main().id)
    pipeline = crm.pipelines.rows.get(pipeline_id) if isinstance(pipeline_id, int) else None
    if pipeline is not None and isinstance(status_id, int) and not pipeline.accepts(status_id):
        findings.not_a_choice("status_id")
