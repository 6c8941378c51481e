"""The settings of a connection to IDENT as they are put to a person who sets a clinic up."""

from collections.abc import Mapping

from priem.asked import Asked
from priem.texts import Text, text

ENCRYPTION: Mapping[str, Text] = {
    "auto": text("As the server wants"),
    "off": text("Off"),
    "required": text("Always"),
    "old": text("An old server (TLS 1.0)"),
}
DRIVER: Mapping[str, Text] = {"pymssql": text("The usual one (pymssql)"), "pytds": text("The spare one (pytds)")}
PLANS: Mapping[str, Text] = {
    "active": text("Those that are in force"),
    "all": text("All"),
}

ASKED = (
    Asked(
        name="server",
        label=text("Address of the computer with IDENT's database"),
        help=text("Its name or address in the network; IDENT's instance after a backslash."),
        example=r"192.168.1.10\PZSQLSERVER",
    ),
    Asked(
        name="port",
        label=text("Port"),
        help=text("Only if it is fixed and the instance is not named: 1433, for example. Else leave it empty."),
        example="1433",
    ),
    Asked(
        name="database",
        label=text("Database"),
        help=text("IDENT's is usually called PZ."),
    ),
    Asked(
        name="login",
        label=text("Login"),
        help=text("The one that may only read: IDENT's support gives it at the clinic's written request."),
    ),
    Asked(
        name="password",
        label=text("Password"),
        help=text("Given together with the login. It is kept encrypted."),
        is_secret=True,
    ),
    Asked(
        name="time_zone",
        label=text("Time zone of the clinic"),
        help=text("IDENT keeps local time. Branches in other zones are set at the next step."),
    ),
    Asked(
        name="visits_since",
        label=text("Visits since"),
        help=text("How far back the first sync goes. Empty: only visits to come."),
        is_basic=False,
    ),
    Asked(
        name="auto_closed_is_no_show",
        label=text("A visit that IDENT closed by itself is a no-show"),
        help=text("Nobody marked that the patient came, and the hour is over."),
        is_basic=False,
    ),
    Asked(
        name="notified_is_confirmed",
        label=text("A patient who was reminded has confirmed"),
        help=text("IDENT keeps the mark of a reminder, not of a confirmation."),
        is_basic=False,
    ),
    Asked(
        name="cancel_reasons",
        label=text("What reasons for cancelling mean"),
        help=text("One in a line: reason = cancelled, no_show, moved or deleted. Others mean that it was cancelled."),
        example="Не пришёл = no_show",
        is_basic=False,
    ),
    Asked(
        name="encryption",
        label=text("Encryption"),
        help=text("Change it only if the server does not let Priem in."),
        choices=ENCRYPTION,
        is_basic=False,
    ),
    Asked(
        name="certificate",
        label=text("The server's certificate"),
        help=text("Path of a PEM file; the spare driver encrypts only with one."),
        is_basic=False,
    ),
    Asked(
        name="driver",
        label=text("Way to the server"),
        help=text("Change it only if support advises so."),
        choices=DRIVER,
        is_basic=False,
    ),
    Asked(
        name="instance",
        label=text("Instance"),
        help=text("Where it is not written after the address."),
        example="PZSQLSERVER",
        is_basic=False,
    ),
    Asked(
        name="query_timeout",
        label=text("Longest question, seconds"),
        help=text("After this time Priem gives up and asks again later."),
        is_basic=False,
    ),
    Asked(
        name="login_timeout",
        label=text("Longest way in, seconds"),
        help=text("How long Priem waits until the server lets it in."),
        is_basic=False,
    ),
    Asked(
        name="page_size",
        label=text("Rows at once"),
        help=text("Fewer spare a weak server, more read faster."),
        is_basic=False,
    ),
    Asked(
        name="polling_share",
        label=text("Share of the server's time, per cent"),
        help=text("How much of it Priem may spend on looking for changes."),
        is_basic=False,
    ),
    Asked(
        name="sweep_minutes",
        label=text("Look for deleted visits every … minutes"),
        help=text("They leave no trace in IDENT, so they are found by comparing. 0: never."),
        is_basic=False,
    ),
    Asked(
        name="vanishing_share",
        label=text("Most visits deleted at once, per cent"),
        help=text("If more vanish, Priem takes none of them for deleted: the database may have been restored."),
        is_basic=False,
    ),
    Asked(
        name="overlap_seconds",
        label=text("Reading back, seconds"),
        help=text("How late a change may appear in the database after its own time."),
        is_basic=False,
    ),
    Asked(
        name="look_back_days",
        label=text("Look back, days"),
        help=text("How far back visits are read only to know who was here lately. They get no leads."),
        is_basic=False,
    ),
    Asked(
        name="treatment_plans",
        label=text("Treatment plans"),
        help=text("Which of them the fields of a contact show. They are read only if a field shows them."),
        choices=PLANS,
        is_basic=False,
    ),
    Asked(
        name="plan_lines_per_tooth",
        label=text("A line of a treatment plan counts for each of its teeth"),
        help=text("Change it if the sums of plans in amoCRM are smaller than in IDENT."),
        is_basic=False,
    ),
    Asked(
        name="profile",
        label=text("Profile of the database"),
        help=text("The built-in one, or the path of a file for another release of IDENT."),
        is_basic=False,
    ),
)
