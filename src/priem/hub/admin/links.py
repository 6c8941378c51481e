from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from priem.hub import words
from priem.hub.admin.owned import CLINIC, OwnedAdmin, in_amocrm
from priem.hub.admin.unfolded import column
from priem.hub.models import PatientLink, VisitLink
from priem.hub.templatetags.moments import moment


class LinkAdmin(OwnedAdmin):
    ordering = ("-id",)
    list_filter = (CLINIC,)

    @column(_("found by"))
    def found_by(self, link: PatientLink | VisitLink) -> str:
        return words.because(link.rule)

    @column(_("page"))
    def record(self, link: PatientLink | VisitLink) -> str:
        kind, id_ = ("patient", link.patient) if isinstance(link, PatientLink) else ("visit", link.visit)
        parts = {"slug": link.clinic.slug, "kind": kind, "record": f"{link.connection}:{id_}"}
        return format_html(
            '<a class="text-primary-600 dark:text-primary-400 hover:underline" href="{}">{}</a>',
            reverse("record", kwargs=parts),
            gettext("Both sides"),
        )

    @column(_("made"), ordering="made_at")
    def made(self, link: PatientLink | VisitLink) -> str:
        return moment(link.made_at)


@admin.register(PatientLink)
class PatientLinkAdmin(LinkAdmin):
    list_display = ("patient", "connection", "card", "found_by", "made", "clinic_name", "record")
    fields = list_display
    text_columns = ("patient",)
    id_columns = ("contact",)

    @column(_("contact"))
    def card(self, link: PatientLink) -> str:
        return in_amocrm(link.clinic, "contact", link.contact)


@admin.register(VisitLink)
class VisitLinkAdmin(LinkAdmin):
    list_display = ("visit", "connection", "card", "handed_over", "found_by", "made", "clinic_name", "record")
    fields = (*list_display, "pipeline", "stage")
    text_columns = ("visit",)
    id_columns = ("lead",)

    @column(_("lead"))
    def card(self, link: VisitLink) -> str:
        return in_amocrm(link.clinic, "lead", link.lead)

    @column(_("handed over to"))
    def handed_over(self, link: VisitLink) -> str:
        return link.moved_to or "—"
