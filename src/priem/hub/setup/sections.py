"""Settings by sections, named as clinics know them; the words of each, and its help."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from priem.hub.setup.job_knobs import JOBS, SLOT_LIST
from priem.hub.setup.knobs import AS_A_RULE, TASK, Knob
from priem.hub.setup.night_knobs import ALERTS, RECONCILING

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

POLICIES: Mapping[str, "StrPromise"] = {
    "overwrite": _("Replace"),
    "fill": _("Fill if empty"),
    "never": _("Only in what Priem makes"),
}

DUPLICATES = (
    Knob(
        path="duplicates.several_contacts",
        kind="one_of",
        label=_("If several contacts have the patient's phone"),
        help=_("The one with the same name and birthday comes first. This decides among those that are alike."),
        choices={
            "oldest": _("The oldest"),
            "newest": _("The newest"),
            "active": _("The one that changed last"),
            "ask": _("Ask a person"),
        },
    ),
    Knob(
        path="duplicates.several_leads",
        kind="one_of",
        label=_("Which of several leads is updated"),
        help=_("If a patient has several open requests, this one becomes the visit. The others stay as they are."),
        choices={
            "oldest": _("The oldest lead"),
            "newest": _("The newest lead"),
            "active": _("The lead that changed last"),
            "furthest": _("The one furthest along"),
        },
    ),
    Knob(
        path="duplicates.waiting",
        kind="stages",
        label=_("Stages where requests wait for a visit"),
        help=_("A lead in these stages becomes the booked visit; no second one is made. None: all open stages."),
    ),
    Knob(
        path="duplicates.rename_found_leads",
        kind="flag",
        label=_("Rename a found lead"),
        help=_("A request that became a visit gets the visit's name. Else it keeps its own."),
    ),
    Knob(
        path="duplicates.id_is_enough",
        kind="flag",
        label=_("The record's ID in the card is enough"),
        help=_("Else the phone or the name has to agree, too, or a person has to look."),
    ),
    Knob(
        path="duplicates.junk_phones",
        kind="lines",
        label=_("Phones that belong to nobody"),
        help=_("The clinic's own, a call centre's: nobody is found by them. One in a line."),
    ),
)

AUTOMATION = (
    Knob(
        path="leads.create",
        kind="flag",
        label=_("Make leads for visits"),
        help=_("Else visits only find leads that are there already."),
    ),
    Knob(
        path="leads.name",
        kind="template",
        label=_("What a lead is called"),
        help=_("Words in braces are filled in: {patient}, {date}, {time}, {doctor}, {branch}, {room}, {id}."),
    ),
    Knob(
        path="leads.first_stage",
        kind="stage",
        label=_("Where a new lead begins"),
        help=_("If no rule of the statuses says otherwise. A branch may have its own."),
        empty=AS_A_RULE,
    ),
    Knob(
        path="leads.repeat_stage",
        kind="stage",
        label=_("Where the lead of a repeat visit begins"),
        help=_("If it is to be another stage."),
        empty=_("The same as for others"),
    ),
    Knob(
        path=TASK,
        kind="flag",
        label=_("Make a task when somebody books"),
        help=_("One for each visit, for the manager of the lead."),
    ),
    Knob(
        path="leads.task.text",
        kind="template",
        label=_("Text of the task"),
        help=_("The same words in braces as in the lead's name."),
        shown_if=TASK,
    ),
    Knob(
        path="leads.task.type",
        kind="task_type",
        label=_("Type of the task"),
        help=_("As amoCRM has it."),
        choices={"call": _("Call"), "meeting": _("Meeting")},
        shown_if=TASK,
    ),
    Knob(
        path="leads.task.deadline_minutes",
        kind="number",
        label=_("Minutes for the task"),
        help=_("From the moment when it is made."),
        shown_if=TASK,
    ),
    Knob(
        path="leads.task.responsible",
        kind="user",
        label=_("Who does the task"),
        help=_("Nobody chosen: whoever is responsible for the lead."),
        empty=_("The lead's manager"),
        shown_if=TASK,
    ),
    Knob(
        path="leads.guarded",
        kind="stages",
        label=_("Stages that Priem does not move leads out of"),
        help=_("Managers lead the patient there; fields are kept in step all the same."),
    ),
    Knob(
        path="leads.untouched",
        kind="stages",
        label=_("Stages in which Priem writes nothing"),
        help=_("Neither the stage nor a field nor the name of such a lead changes."),
    ),
    Knob(
        path="leads.back",
        kind="one_of",
        label=_("May a lead go back a stage"),
        help=_("For example when a mark was taken back in the clinic."),
        choices={
            "own": _("Only from where Priem has put it"),
            "always": _("Always"),
            "never": _("Never"),
        },
    ),
    Knob(
        path="leads.make_again",
        kind="flag",
        label=_("Make a deleted lead again"),
        help=_("When its visit changes. Else what a person has deleted stays deleted."),
    ),
    Knob(
        path="leads.responsible",
        kind="user",
        label=_("Who is responsible for new leads"),
        help=_("Only for leads that Priem makes; others keep their manager."),
    ),
    Knob(
        path="leads.tags",
        kind="lines",
        label=_("Tags of new leads"),
        help=_("One in a line."),
    ),
    Knob(
        path="contacts.name",
        kind="one_of",
        label=_("The contact's name"),
        help=_("What happens to a name that stands in amoCRM already."),
        choices=POLICIES,
    ),
    Knob(
        path="contacts.make_again",
        kind="flag",
        label=_("Make a deleted contact again"),
        help=_("When its patient changes. Else what a person has deleted stays deleted."),
    ),
    Knob(
        path="contacts.responsible",
        kind="user",
        label=_("Who is responsible for new contacts"),
        help=_("Only for contacts that Priem makes."),
    ),
    Knob(
        path="contacts.tags",
        kind="lines",
        label=_("Tags of new contacts"),
        help=_("One in a line."),
    ),
)

WINDOW = (
    Knob(
        path="booking.journal",
        kind="flag",
        label=_("Journal of visits in leads"),
        help=_("A button in the lead's card and above the list of leads opens the schedule with its visits."),
    ),
    Knob(
        path="booking.journal_in",
        kind="pipelines",
        label=_("Pipelines with the journal of visits"),
        help=_("In their leads the journal shows. None: in all."),
        shown_if="booking.journal",
    ),
    Knob(
        path="booking.hidden_in",
        kind="stages",
        label=_("Stages without the booking window"),
        help=_("From leads in these stages nothing is booked."),
    ),
    Knob(
        path="booking.note",
        kind="template",
        label=_("Note in the lead after booking"),
        help=_("The same words in braces as in the lead's name. Empty: no note."),
    ),
    Knob(
        path="booking.done_by",
        kind="lines",
        label=_("Who does which service"),
        help=_(
            "One in a line: a service or its category, an equals sign between spaces, then specialities or doctors."
        ),
    ),
)

USERS = (
    Knob(
        path="booking.others",
        kind="flag",
        label=_("Everybody else may book, too"),
        help=_("Users who are not ticked above; in all branches."),
    ),
    Knob(
        path="booking.default_branch",
        kind="branch",
        label=_("Branch by default"),
        help=_("The booking window opens with it, unless the user has an own one."),
    ),
)

PATIENTS = (
    Knob(
        path="patients.take",
        kind="one_of",
        label=_("Who becomes a contact"),
        help=_("Whoever is linked already is kept in step, whatever is chosen here."),
        choices={
            "everyone": _("Every patient"),
            "with_phone": _("Patients with a phone"),
            "recent": _("Those who were here lately or are expected"),
        },
    ),
    Knob(
        path="patients.months",
        kind="number",
        label=_("Lately means, months"),
        help=_("For the third choice."),
    ),
    Knob(
        path="patients.branches",
        kind="branches",
        label=_("Only patients of these branches"),
        help=_("Who has a visit there. None: all branches."),
    ),
)

PRICE = (
    Knob(
        path="leads.total_is_price",
        kind="flag",
        label=_("The order's sum is the lead's price"),
        help=_("The budget that amoCRM counts with."),
    ),
)

WINNER = (
    Knob(
        path="triggers.winner",
        kind="one_of",
        label=_("If the visit was changed in the clinic meanwhile"),
        help=_("Whose change stands."),
        choices={"mis": _("The clinic's"), "crm": _("amoCRM's")},
    ),
)

APPLICATIONS = (
    Knob(
        path="tickets.connection",
        kind="connection",
        label=_("Into which connection with IDENT"),
        help=_("Leads become applications there, by a trigger or by the button in the card."),
        empty=_("The only one"),
    ),
    Knob(
        path="tickets.doctor",
        kind="lead_field",
        label=_("Field of the lead with the wished doctor"),
        help=_("A name, or IDENT's number of the doctor."),
    ),
    Knob(
        path="tickets.start",
        kind="lead_field",
        label=_("Field of the lead with the wished day"),
        help=_("A day or a moment."),
    ),
    Knob(
        path="tickets.minutes",
        kind="number",
        label=_("How long after it the visit may begin, minutes"),
        help=_("From 1 to 720."),
    ),
    Knob(
        path="tickets.comment",
        kind="lead_field",
        label=_("Field of the lead that goes along as the comment"),
        help=_("Staff read it in the application."),
    ),
    Knob(
        path="tickets.form",
        kind="text",
        label=_("Name of the form"),
        help=_("IDENT shows it as the form that the application came from."),
    ),
    Knob(
        path="tickets.note",
        kind="flag",
        label=_("Tell in the lead what became of the application"),
        help=_("A note when IDENT took it, or when staff threw it away."),
    ),
    Knob(
        path="tickets.accepted_stage",
        kind="stage",
        label=_("Where the lead goes once IDENT has the application"),
        help=_("Unless somebody has moved it meanwhile."),
        empty=_("Stays where it is"),
    ),
    Knob(
        path="tickets.discarded_stage",
        kind="stage",
        label=_("Where the lead goes once staff threw the application away"),
        help=_("Unless somebody has moved it meanwhile."),
        empty=_("Stays where it is"),
    ),
    Knob(
        path="calls.give",
        kind="flag",
        label=_("Give calls to IDENT"),
        help=_("Those that amoCRM's telephony has noted go into IDENT's history of calls."),
    ),
    Knob(
        path="calls.number",
        kind="text",
        label=_("The clinic's own number"),
        help=_("The other end of each call: amoCRM keeps the client's only."),
    ),
)

TABLES: Sequence[str] = ("status_sync", "branches", "fields", "booking.users", "triggers.rules")
"""Settings that are tables, with pages of their own."""

KNOBS: tuple[Knob, ...] = (
    *(*DUPLICATES, *AUTOMATION, *WINDOW, *USERS, *PATIENTS, *RECONCILING, *ALERTS),
    *(*PRICE, *WINNER, *APPLICATIONS, *JOBS, *SLOT_LIST),
)
