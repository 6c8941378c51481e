"""Every word that the frames show, in the language of the page. What stands in braces is filled in there."""

from django.utils.translation import gettext as _


def words() -> dict[str, str]:
    return {**of_panel(), **of_window(), **of_visits(), **of_settings()}


def of_panel() -> dict[str, str]:
    return {
        "book_open": _("Book a visit"),
        "apply_open_grid": _("Choose a time for IDENT"),
        "apply_now": _("Send an application to IDENT"),
        "book_again": _("Book again"),
        "nearest_free": _("The nearest free times"),
        "journal": _("Journal"),
        "other_visits": _("The patient's other visits"),
        "no_others": _("There are no others."),
        "to_lead": _("To the lead"),
        "why": _("Why this lead"),
        "booked_by": _("Booked from amoCRM: {name}."),
        "state_hidden": _("Nothing is booked from leads in this stage."),
        "state_nobody": _("You have no right to book. The administrator of Priem gives it."),
        "state_unsaved": _("Save the lead, then a visit can be booked."),
        "again": _("Try again"),
        "away": _("Priem does not answer."),
        "away_advice": _("Check the internet connection and try again."),
        "session_over": _("The widget's session is over. Reload the page in amoCRM."),
    }


def of_window() -> dict[str, str]:
    return {
        "mode": _("What is shown"),
        "book_tab": _("Booking"),
        "view": _("Day or week"),
        "day": _("Day"),
        "week": _("Week"),
        "today": _("Today"),
        "earlier": _("Earlier"),
        "later": _("Later"),
        "close": _("Close"),
        "branch": _("Branch"),
        "doctor": _("Doctor"),
        "doctors": _("Doctors"),
        "all_doctors": _("All doctors"),
        "doctors_ticked": _("Doctors: {count}"),
        "specialities": _("Specialities"),
        "schedule": _("Schedule"),
        "free": _("free"),
        "busy": _("busy"),
        "full": _("no free time"),
        "free_count": _("free: {count}"),
        "from_time": _("from {time}"),
        "nobody_works": _("Nobody works on these days."),
        "choose_time": _("Choose a free time."),
        "moving_from": _("Now: {time}"),
        "minutes": _("{count} min"),
        "does_not_fit": _("The visit does not fit here: there is too little free time."),
        "just_taken": _("That time has just been taken."),
        "nearest": _("The nearest:"),
        "book": _("Book"),
        "apply": _("Send the application to IDENT"),
        "booked": _("The visit is booked"),
        "moved": _("The visit is moved"),
        "applied": _("The application is sent"),
        **of_people(),
    }


def of_people() -> dict[str, str]:
    return {
        "patient": _("Patient"),
        "last_name": _("Surname"),
        "first_name": _("Name"),
        "middle_name": _("Patronymic"),
        "phone": _("Phone"),
        "birthday": _("Date of birth"),
        "found_in_mis": _("Found in the MIS:"),
        "new_patient": _("New patient"),
        "several_same": _("{count} cards have this name and phone. Choose one."),
        "card": _("card {number}"),
        "fill_in": _("Fill in: {what}."),
        "services": _("Services"),
        "service_search": _("Find a service"),
        "doers_known": _("Doctors who do it: {count}."),
        "doers_unknown": _("Who does it is not known: all doctors are shown."),
        "doers_none": _("No doctor does all of it."),
        "remove": _("Remove: {name}"),
        "comment": _("Comment"),
    }


def of_visits() -> dict[str, str]:
    return {
        "visit": _("A visit"),
        "this_visit": _("this visit"),
        "patient_unknown": _("Patient without a contact"),
        "room": _("room {room}"),
        "move": _("Move"),
        "cancel": _("Cancel it"),
        "cancel_visit": _("Cancel the visit"),
        "cancel_sure": _("Cancel this visit?"),
        "confirm": _("Confirm"),
        "edit": _("Edit the visit"),
        "services_elsewhere": _("This MIS lets nobody change a visit's services from outside: change them there."),
        "save": _("Save"),
        "leave": _("Leave as it is"),
        "reason": _("Reason"),
        "reason_none": _("Reason is not given"),
        "open_lead": _("Open the lead"),
        "cancelled_visits": _("Cancelled: {count}"),
    }


def of_settings() -> dict[str, str]:
    return {
        "settings_title": _("Priem: {name}"),
        "live": _("The sync is on"),
        "not_live": _("The sync is not started yet"),
        "read_at": _("Last read {time}"),
        "never_read": _("Not read yet"),
        "today_at": _("today {time}"),
        "system_ident": "IDENT",
        "system_archimed": "ArchiMed+",
        "books_yes": _("Visits are booked from amoCRM"),
        "books_applies": _("Applications go there from amoCRM, its staff book the visits"),
        "books_no": _("Visits are not booked from amoCRM"),
        "open_settings": _("Settings in Priem"),
        "open_settings_now": _("Open Priem"),
        "once": _("The link works once, for a minute."),
        "admins_only": _("Settings are opened by administrators of the amoCRM account."),
    }
