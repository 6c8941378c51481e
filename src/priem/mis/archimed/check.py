"""Everything that reading and booking need of ArchiMed+, tried and said in plain words."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from priem.asked import called
from priem.errors import PriemError
from priem.mis.archimed.api import Api
from priem.mis.archimed.asking import ASKED
from priem.mis.archimed.config import Config
from priem.mis.archimed.dictionaries import Dictionaries
from priem.mis.archimed.failures import NoMethod, NotLetIn
from priem.mis.archimed.lists import Cards, Span, Talons
from priem.mis.archimed.loose import an_id, figure, moment, rows_of, words, written_day
from priem.mis.archimed.rows import full_name
from priem.mis.archimed.statuses import Meanings
from priem.model import Finding, Severity, VisitStatus
from priem.ports import Clock
from priem.statuses import STATUS_LABELS
from priem.texts import Text, text

SKEW = timedelta(minutes=2)
"""Tokens are dated, so the clocks have to agree."""
HALF_HOUR = timedelta(minutes=30)
SOON = timedelta(days=14)
OPTIONAL = ("talondeletereasons", "services", "groupservices", "specializations", "buildings")
"""Without them something is missing, and the rest works."""
SHOWN = 10


def findings(
    config: Config, api: Api, dictionaries: Dictionaries, cards: Cards, talons: Talons, clock: Clock
) -> Iterator[Finding]:
    """One after another, up to the first that leaves nothing else to try."""
    try:
        yield from let_in(config, dictionaries)
        yield from clocks_agree(api)
        yield from statuses_known(config, dictionaries)
        yield from counted(config, cards, talons, clock)
        yield from doctors_can_be_booked(config, api, dictionaries, clock)
        yield from methods_there(dictionaries)
    except PriemError as error:
        if isinstance(error, NotLetIn):
            yield from clocks_agree(api, only_if_wrong=True)
        yield Finding(Severity.BROKEN, error.what, error.advice, error.beside)


def let_in(config: Config, dictionaries: Dictionaries) -> Iterator[Finding]:
    dictionaries.rows("talonstatuses")
    yield Finding(
        Severity.FINE,
        text("Connected to ArchiMed+ at {url}, API {version}.", url=config.base_url, version=config.version),
    )


def clocks_agree(api: Api, *, only_if_wrong: bool = False) -> Iterator[Finding]:
    if api.ahead is not None and abs(api.ahead) > SKEW:
        minutes = f"{round(api.ahead / timedelta(minutes=1)):+d}"
        yield Finding(
            Severity.WARNING,
            text("The clock of ArchiMed+'s gateway differs by {minutes} min from this server's.", minutes=minutes),
            text("Set the clock of this server: access is signed with the time, and a wrong one is refused."),
        )
    elif api.ahead is not None and not only_if_wrong:
        yield Finding(Severity.FINE, text("The clocks of this server and of ArchiMed+'s gateway agree."))


def statuses_known(config: Config, dictionaries: Dictionaries) -> Iterator[Finding]:
    names = dictionaries.names("talonstatuses")
    if not names:
        yield Finding(
            Severity.WARNING,
            text("ArchiMed+ names no statuses of talons."),
            text(
                "Ask ArchiMed+'s support to let the API read talonstatuses. Until then statuses are told by their ids."
            ),
        )
        return
    meanings = Meanings.of(config)
    unknown = {id_: name for id_, name in names.items() if meanings.of_status(id_, name) is VisitStatus.UNMAPPED}
    known = {id_: name for id_, name in names.items() if id_ not in unknown}
    told = [
        Text("{name}: «{status}»", {"name": f"{id_} {name}", "status": STATUS_LABELS[meanings.of_status(id_, name)]})
        for id_, name in known.items()
    ]
    if known:
        yield Finding(Severity.FINE, text("Statuses of talons: {known}.", known=told))
    if unknown:
        yield Finding(
            Severity.WARNING,
            text("Statuses without a meaning: {names}.", names=listed(unknown)),
            text(
                "Say in the setting {setting} what each means. Until then leads of such visits stay where they are.",
                setting=called(ASKED, "statuses"),
            ),
            {"statuses": text("Statuses without a meaning: {names}.", names=listed(unknown))},
        )


def counted(config: Config, cards: Cards, talons: Talons, clock: Clock) -> Iterator[Finding]:
    now = clock.now().astimezone(config.zone)
    span = Span(now.date(), now.date() + timedelta(days=config.days_ahead))
    people, ahead = cards.count(), talons.count(span)
    yield Finding(
        Severity.FINE if people else Severity.WARNING,
        text("Cards: {cards}, visits from today on: {visits}.", cards=people, visits=ahead),
        None
        if people
        else text("A branch without cards is seldom the right one: check {setting}.", setting=called(ASKED, "api_id")),
    )
    if not talons.narrows:
        yield Finding(
            Severity.WARNING,
            text("This API does not narrow talons by days, so all of them are read page by page."),
            text("Changes of old talons are seen later. Ask ArchiMed+'s support for a filter by date."),
        )
    rows = talons.page(1, span).rows
    newest = max(filter(None, (moment(row.get("update_datetime")) for row in rows)), default=None)
    if newest and (ahead_by := newest - now.replace(tzinfo=None)) > SKEW:
        minutes = f"{round(ahead_by / timedelta(minutes=1)):+d}"
        zone = called(ASKED, "time_zone")
        off_by_zone = abs(ahead_by - round(ahead_by / HALF_HOUR) * HALF_HOUR) <= SKEW
        yield Finding(
            Severity.WARNING,
            text("The newest change is dated {minutes} min ahead of {zone}.", minutes=minutes, zone=config.time_zone),
            text("The setting {setting} seems wrong: visits would come at the wrong hour.", setting=zone)
            if off_by_zone
            else text("Set the clock of the clinic's server, or correct the setting {setting}.", setting=zone),
            {"time_zone": text("The clinic's clock is ahead of this zone.")},
        )


def doctors_can_be_booked(config: Config, api: Api, dictionaries: Dictionaries, clock: Clock) -> Iterator[Finding]:
    if not dictionaries.is_there("doctors"):
        yield missing("doctors")
        return
    doctors = dictionaries.rows("doctors")
    idle = {an_id(row.get("id")): full_name(row) for row in doctors if figure(row.get("max_time")) == 0}
    yield Finding(
        Severity.FINE if doctors else Severity.WARNING,
        text("Doctors: {count}.", count=len(doctors)),
        None if doctors else text("Nobody can be booked: ask ArchiMed+'s support to let the API read doctors."),
    )
    if idle:
        yield Finding(
            Severity.WARNING,
            text("Doctors without a length of visit (max_time is 0): {names}.", names=listed(idle)),
            text("ArchiMed+ refuses bookings with them. Set the length of a visit in the doctor's card."),
        )
    yield from intervals_there(config, api, clock)


def intervals_there(config: Config, api: Api, clock: Clock) -> Iterator[Finding]:
    today = clock.now().astimezone(config.zone).date()
    params = [("date_from", written_day(today)), ("date_to", written_day(today + SOON))]
    try:
        doctors = api.listing("intervals", params, envelope="doctors").rows
    except NoMethod:
        yield missing("intervals")
        return
    count = sum(len(rows_of(shift.get("intervals"))) for row in doctors for shift in rows_of(row.get("schedules")))
    yield Finding(
        Severity.FINE if count else Severity.WARNING,
        text("Intervals of the schedule in the next two weeks: {count}.", count=count),
        None
        if count
        else text("Nothing can be booked. Fill the schedule, and let ArchiMed+'s support switch it on for the API."),
    )


def methods_there(dictionaries: Dictionaries) -> Iterator[Finding]:
    yield from (missing(method) for method in OPTIONAL if not dictionaries.is_there(method))


WITHOUT = {
    "doctors": text("Without it nothing can be booked."),
    "intervals": text("Without it nothing can be booked."),
    "talondeletereasons": text("Without it visits are cancelled without a reason."),
    "services": text("Without it services cannot be chosen."),
    "groupservices": text("Without it services have no categories."),
    "specializations": text("Without it doctors are not sorted by speciality."),
    "buildings": text("Without it addresses are not shown."),
}


def missing(method: str) -> Finding:
    return Finding(
        Severity.WARNING,
        text("ArchiMed+ has no method {method} here.", method=method),
        text("{what} ArchiMed+'s support can switch it on.", what=WITHOUT[method]),
    )


def listed(named: Mapping[str, str]) -> str:
    shown: Sequence[str] = [words(id_, name) for id_, name in named.items()]
    more = f" … +{len(shown) - SHOWN}" if len(shown) > SHOWN else ""
    return ", ".join(shown[:SHOWN]) + more
