from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from priem.hub import words
from priem.hub.admin.owned import CLINIC, OwnedAdmin, WholeDaysFilter, in_amocrm
from priem.hub.admin.unfolded import ChoicesFilter, column
from priem.hub.explaining import names_of_fields
from priem.hub.models import RejectedRow, StepRecord
from priem.hub.sentences import readable
from priem.hub.templatetags.moments import moment
from priem.model import State

COLOURS = {
    State.DONE.value: "success",
    State.REFUSED.value: "danger",
    State.UNKNOWN.value: "warning",
    State.POSTPONED.value: "warning",
    State.INTENDED.value: "info",
}


@admin.register(StepRecord)
class StepAdmin(OwnedAdmin):
    list_display = ("decided", "what", "source", "card", "outcome", "because", "clinic_name")
    list_filter = (
        CLINIC,
        ("state", ChoicesFilter),
        ("action", ChoicesFilter),
        ("entity", ChoicesFilter),
        ("intended_at", WholeDaysFilter),
    )
    ordering = ("-id",)
    text_columns = ("record",)
    id_columns = ("target",)
    fieldsets = (
        (None, {"fields": ("what", "source", "card", "state", "trouble", "clinic_name")}),
        (_("why"), {"fields": ("rule", "stage_because", "candidates", "written")}),
        (_("how it went"), {"fields": ("decided", "finished", "request_id", "pass_id")}),
    )

    @column(_("decided"), ordering="id")
    def decided(self, step: StepRecord) -> str:
        return moment(step.intended_at)

    @column(_("finished"))
    def finished(self, step: StepRecord) -> str:
        return moment(step.finished_at) or "—"

    @column(_("what"))
    def what(self, step: StepRecord) -> str:
        return f"{step.get_action_display()}: {step.get_entity_display()}"

    @column(_("record in the MIS"))
    def source(self, step: StepRecord) -> str:
        return str(step)

    @column(_("id in amoCRM"))
    def card(self, step: StepRecord) -> str:
        return in_amocrm(step.clinic, step.entity, step.target)

    @column(_("outcome"), label=COLOURS)
    def outcome(self, step: StepRecord) -> tuple[str, str]:
        return step.state, step.get_state_display()

    @column(_("reason"))
    def trouble(self, step: StepRecord) -> str:
        return readable(step.reason) or "—"

    @column(_("why"))
    def because(self, step: StepRecord) -> str:
        return readable(step.reason) or words.because(step.why.get("rule", ""))

    @column(_("why"))
    def rule(self, step: StepRecord) -> str:
        return words.because(step.why.get("rule", "")) or "—"

    @column(_("why this stage"))
    def stage_because(self, step: StepRecord) -> str:
        return words.because(step.why.get("stage_rule", "")) or "—"

    @column(_("what was looked at"))
    def candidates(self, step: StepRecord) -> str:
        rows = [
            (in_amocrm(step.clinic, step.entity, id_), words.because(because))
            for id_, because in step.why.get("candidates", ())
        ]
        return format_html_join(SafeString("<br>"), "{}: {}", rows) or "—"

    @column(_("what was written"))
    def written(self, step: StepRecord) -> str:
        fields = names_of_fields(step.clinic_id, step.entity)
        changed = (words.changed(name, fields, of_lead=step.entity == "lead") for name in step.changes)
        return ", ".join(changed) or gettext("nothing")


@admin.register(RejectedRow)
class RejectedRowAdmin(OwnedAdmin):
    list_display = ("source", "kind", "why", "first", "last", "clinic_name")
    list_filter = (CLINIC, ("kind", ChoicesFilter))
    ordering = ("-last_seen",)
    text_columns = ("record",)
    fields = list_display

    @column(_("record in the MIS"))
    def source(self, row: RejectedRow) -> str:
        return str(row)

    @column(_("reason"))
    def why(self, row: RejectedRow) -> str:
        return readable(row.reason)

    @column(_("first seen"), ordering="first_seen")
    def first(self, row: RejectedRow) -> str:
        return moment(row.first_seen)

    @column(_("last seen"), ordering="last_seen")
    def last(self, row: RejectedRow) -> str:
        return moment(row.last_seen)
