"""The settings of a connection to ArchiMed+ as they are put to a person who sets a clinic up."""

from collections.abc import Mapping

from priem.asked import Asked
from priem.texts import Text, text

VERSION: Mapping[str, Text] = {"v5": text("Version 5"), "v4": text("Version 4")}
CANCELLING: Mapping[str, Text] = {
    "status": text("By the status «cancelled»"),
    "delete": text("By deleting the talon, with a reason"),
}
WINDOW: Mapping[str, Text] = {
    "auto": text("As Priem finds out"),
    "dates": text("Talons are narrowed by days"),
    "all": text("All talons, page by page"),
}

ASKED = (
    Asked(
        name="api_id",
        label=text("API ID"),
        help=text("ArchiMed+'s support gives it, for every branch apart."),
    ),
    Asked(name="api_secret", label=text("API Secret"), help=text("Given together with the API ID."), is_secret=True),
    Asked(
        name="branch_name",
        label=text("What the branch is called"),
        help=text("ArchiMed+ does not tell it: write it as it is to stand in lists and in leads."),
        example="Центр",
    ),
    Asked(
        name="time_zone",
        label=text("Time zone of the branch"),
        help=text("ArchiMed+ tells local time without a zone."),
    ),
    Asked(
        name="version",
        label=text("Version of the API"),
        help=text("Change it only if the check says that a method is missing."),
        choices=VERSION,
        is_basic=False,
    ),
    Asked(
        name="user_id",
        label=text("ArchiMed+'s user"),
        help=text("The id of the user who makes the bookings in ArchiMed+. May be left empty."),
        is_basic=False,
    ),
    Asked(
        name="visits_since",
        label=text("Visits since"),
        help=text("How far back the first sync goes. Empty: only visits to come."),
        is_basic=False,
    ),
    Asked(
        name="statuses",
        label=text("What statuses of talons mean"),
        help=text("One in a line: id or name = booked, confirmed, arrived, in_progress, completed, paid, no_show…"),
        example="7 = arrived",
        is_basic=False,
    ),
    Asked(
        name="delete_reasons",
        label=text("What reasons for deleting mean"),
        help=text("One in a line: id or name = cancelled, no_show or deleted. Others mean that it was cancelled."),
        example="Не пришёл = no_show",
        is_basic=False,
    ),
    Asked(
        name="com_statuses",
        label=text("What marks of the call centre mean"),
        help=text("One in a line, e.g. 2 = confirmed. They count while a visit is only booked."),
        example="2 = confirmed",
        is_basic=False,
    ),
    Asked(
        name="cancel_by",
        label=text("How a visit is cancelled"),
        help=text("What Priem does in ArchiMed+ when somebody cancels from amoCRM."),
        choices=CANCELLING,
        is_basic=False,
    ),
    Asked(
        name="cancel_status",
        label=text("The status that cancels"),
        help=text("Its id; empty: the first one that means cancelled."),
        is_basic=False,
    ),
    Asked(
        name="base_url",
        label=text("Address of the API"),
        help=text("Change it only if ArchiMed+'s support names another one."),
        is_basic=False,
    ),
    Asked(
        name="branch",
        label=text("Number of the branch"),
        help=text("What stands after the colon where rules name the branch."),
        is_basic=False,
    ),
    Asked(
        name="requests_per_second",
        label=text("Requests a second"),
        help=text("How many Priem makes on average to look for changes."),
        is_basic=False,
    ),
    Asked(
        name="poll_seconds",
        label=text("Look for changes every … seconds"),
        help=text("In working hours, as far as the number of requests allows."),
        is_basic=False,
    ),
    Asked(
        name="working_hours",
        label=text("Working hours"),
        help=text("By the branch's own clock; outside of them changes are looked for less often."),
        example="07:00-22:00",
        is_basic=False,
    ),
    Asked(
        name="night_seconds",
        label=text("Outside working hours every … seconds"),
        help=text("How often changes are looked for then."),
        is_basic=False,
    ),
    Asked(
        name="days_back",
        label=text("Days back"),
        help=text("For how long after its day a visit is still looked at."),
        is_basic=False,
    ),
    Asked(
        name="days_ahead",
        label=text("Days ahead"),
        help=text("Visits that are further away come later."),
        is_basic=False,
    ),
    Asked(
        name="talon_window",
        label=text("How talons are read"),
        help=text("Change it only if the check says that talons are narrowed wrongly."),
        choices=WINDOW,
        is_basic=False,
    ),
    Asked(
        name="page_size",
        label=text("Rows at once"),
        help=text("Fewer spare a weak server, more read faster."),
        is_basic=False,
    ),
    Asked(
        name="timeout",
        label=text("Longest question, seconds"),
        help=text("After this time Priem gives up and asks again later."),
        is_basic=False,
    ),
    Asked(
        name="dictionaries_minutes",
        label=text("Read statuses, doctors and prices anew every … minutes"),
        help=text("What is new in ArchiMed+ shows in the lists here after this time."),
        is_basic=False,
    ),
    Asked(
        name="look_back_days",
        label=text("Look back, days"),
        help=text("How far back visits are read only to know who was here lately. They get no leads."),
        is_basic=False,
    ),
)
