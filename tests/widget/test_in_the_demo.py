"""What the demo adds for a person who tries the widget: IDENT's program beside its database."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from priem.cli.demo.setup import CONNECTION, clinic_file
from priem.cli.demo.stage import Stage, ident_program
from tests.widget.clinic import IDENT_KEY, RECEPTION, Clinic, post, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("widget")]


def test_idents_program_posts_the_timetable_and_fetches_an_application(mira: Clinic, tmp_path: Path) -> None:
    lead = mira.request("Липина Нина Олеговна", "+7 921 303-45-77")
    session = mira.session(lead, RECEPTION)
    post(f"{mira.hub}/widget/api/apply", {"ref": f"applied-{lead}"}, session)
    ident = {"host": "127.0.0.1", "port": mira.ident.server.port, "time_zone": "Europe/Moscow"}
    systems = Stage(ident=ident, amocrm={}, home=tmp_path)

    with ident_program(systems, f"{mira.hub}/ident/mira/lenina", IDENT_KEY):
        until(lambda: mira.reception("SELECT ID FROM OnlineTickets WHERE PatientFullName LIKE N'%Липина%'"))

        def week() -> list[object]:
            places = mira.ask("window", session).get("places", [])
            today = date.fromisoformat(places[0]["today"]) if places else date.min
            days = {"first": f"{today}", "last": f"{today + timedelta(days=6)}"}
            return [shift for place in places for shift in mira.ask("schedule", session, place=place["key"], **days)]

        until(week)


@pytest.mark.parametrize("key", ["", IDENT_KEY])
def test_the_demos_clinic_has_a_service_for_ident_when_somebody_is_there_to_try_it(key: str) -> None:
    ident = {"host": "127.0.0.1", "port": 1, "database": "PZ", "time_zone": "Europe/Moscow"}
    amocrm = dict.fromkeys(("url", "client_id", "client_secret", "redirect_uri", "code"), "http://127.0.0.1:1")
    branch = {"api_id": "1", "secret": "2", "name": "Мира, 1", "time_zone": "Europe/Moscow"}
    systems = Stage(
        ident={**ident, "logins": {"readonly_user": "geheim"}},
        amocrm=amocrm,
        home=Path(),
        archimed={"url": "http://127.0.0.1:1", "branches": [branch]},
    )

    file = clinic_file(systems, key)

    assert [service.key for service in file.services.values()] == ([key] if key else [])
    assert set(file.services) <= {CONNECTION}
    assert file.settings.booking.default_branch == "archimed-1", "where a visit can be booked"
