"""What a clinic decides about IDENT's CRM jobs and about its free time, as amoCRM may show them."""

from django.utils.translation import gettext_lazy as _

from priem.hub.setup.knobs import Knob

JOBS = (
    Knob(
        path="jobs.copy",
        kind="flag",
        label=_("Copy IDENT's CRM jobs to tasks of amoCRM"),
        help=_(
            "Think twice: IDENT takes nothing back. A task that is closed in amoCRM stays open in IDENT, so your staff "
            "would close everything twice, first here and then there. What is closed in IDENT is closed here by itself."
        ),
    ),
    Knob(
        path="jobs.type",
        kind="task_type",
        label=_("Kind of the task"),
        help=_("One of the account's own kinds may be chosen."),
        choices={"call": _("Call"), "meeting": _("Meeting")},
        shown_if="jobs.copy",
    ),
    Knob(
        path="jobs.deadline_minutes",
        kind="number",
        label=_("Time for the task, minutes"),
        help=_("IDENT's jobs have no day of their own."),
        shown_if="jobs.copy",
    ),
    Knob(
        path="jobs.responsible",
        kind="user",
        label=_("Who does the task"),
        help=_("Nobody in particular: whoever is responsible for the contact."),
        shown_if="jobs.copy",
    ),
    Knob(
        path="jobs.days",
        kind="number",
        label=_("Copy jobs that are not older than … days"),
        help=_("Those that are open."),
        shown_if="jobs.copy",
    ),
)

SLOT_LIST = (
    Knob(
        path="slot_list.keep",
        kind="flag",
        label=_("Keep a list of free time in amoCRM"),
        help=_("A row for each doctor's day, from the timetable that IDENT posts to the service for IDENT."),
    ),
    Knob(
        path="slot_list.name",
        kind="text",
        label=_("Name of the list"),
        help=_("Priem makes it where there is none of that name. An account has ten lists at most."),
        shown_if="slot_list.keep",
    ),
    Knob(
        path="slot_list.days",
        kind="number",
        label=_("How many days ahead"),
        help=_("This one included."),
        shown_if="slot_list.keep",
    ),
    Knob(
        path="slot_list.minutes",
        kind="number",
        label=_("Shortest time that is shown, minutes"),
        help=_("Shorter pieces are of no use to patients."),
        shown_if="slot_list.keep",
    ),
)
