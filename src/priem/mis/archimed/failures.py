"""What comes instead of data, sorted by who moves next. docs/reference/archimed.md §1.9 says how little is known."""

from collections.abc import Mapping

from priem.asked import called
from priem.booking import RefusalKind, Refused
from priem.errors import AskOperator, OutcomeUnknown, TryLater
from priem.mis.archimed.asking import ASKED
from priem.texts import Text, text

ADDRESS, VERSION = called(ASKED, "base_url"), called(ASKED, "version")
"""As the form calls the two settings that decide what is asked of whom."""

LONGEST_WORDS = 200


class Unreachable(TryLater):
    """Nothing answers at that address. When nothing ever did, the address is wrong."""


class Cut(TryLater):
    """The connection broke before an answer came."""


class NoMethod(AskOperator):
    """This installation has no such method: what rests on it is not offered."""


class NotLetIn(AskOperator):
    """The id, the secret or the clock is wrong, or the account is not switched on."""


def unreachable(url: str) -> Unreachable:
    return Unreachable(
        text("ArchiMed+ at {url} does not answer.", url=url),
        text("Check that this server reaches the internet, and the setting {setting}.", setting=ADDRESS),
        beside={"base_url": text("Nothing answers at this address of the API.")},
    )


def slow(url: str) -> TryLater:
    return TryLater(text("ArchiMed+ at {url} takes too long to answer.", url=url), after=15)


def cut(url: str) -> Cut:
    return Cut(text("The connection to ArchiMed+ at {url} was cut.", url=url))


def busy(seconds: float) -> TryLater:
    return TryLater(text("ArchiMed+ answers that there are too many requests."), after=seconds)


def out_of_order(status: int) -> TryLater:
    return TryLater(text("ArchiMed+ answers with its own error {status}.", status=status), after=10)


def page_instead(status: int) -> TryLater:
    return TryLater(
        text("ArchiMed+ answered with a web page instead of data (status {status}).", status=status),
        text("That is how its gateway says that the clinic's server is away. Priem tries again by itself."),
        after=15,
    )


def not_let_in(status: int) -> NotLetIn:
    return NotLetIn(
        text("ArchiMed+ does not let Priem in (status {status}).", status=status),
        text(
            "Check {id} and {key} of this branch and the clock of this server. Access is switched on by ArchiMed+'s "
            "support, for every branch apart.",
            id=called(ASKED, "api_id"),
            key=called(ASKED, "api_secret"),
        ),
        beside=dict.fromkeys(("api_id", "api_secret"), text("ArchiMed+ does not accept this pair of id and secret.")),
    )


def no_method(method: str) -> NoMethod:
    return NoMethod(
        text("ArchiMed+ has no method {method} here.", method=method),
        text(
            "Check the settings {address} and {version}, or ask ArchiMed+'s support to switch the method on.",
            address=ADDRESS,
            version=VERSION,
        ),
    )


def not_understood(method: str) -> AskOperator:
    return AskOperator(
        text("The answer of ArchiMed+ to {method} cannot be understood.", method=method),
        text("Check the setting {setting}: v4 and v5 are known to Priem.", setting=VERSION),
    )


def not_taken(method: str, status: int) -> AskOperator:
    return AskOperator(
        text("ArchiMed+ refuses the question {method} (status {status}).", method=method, status=status),
        text("Check the setting {setting}: v4 and v5 are known to Priem.", setting=VERSION),
    )


def outcome_unknown() -> OutcomeUnknown:
    return OutcomeUnknown(
        text("ArchiMed+ did not say whether it was done."), text("Priem looks it up before anything is repeated.")
    )


def no_visit() -> Refused:
    return Refused(RefusalKind.NO_VISIT, SAID[RefusalKind.NO_VISIT])


KINDS: Mapping[str, RefusalKind] = {
    "не указал время": RefusalKind.NOT_WORKING,
    "не принимает": RefusalKind.NOT_WORKING,
    "не работает": RefusalKind.NOT_WORKING,
    "нет приема": RefusalKind.NOT_WORKING,
    "вне графика": RefusalKind.NOT_WORKING,
    "вне расписания": RefusalKind.NOT_WORKING,
    "прошедш": RefusalKind.PAST,
    "прошлом": RefusalKind.PAST,
    "уже прошл": RefusalKind.PAST,
    "занят": RefusalKind.BUSY,
    "пересека": RefusalKind.BUSY,
    "уже есть запись": RefusalKind.BUSY,
    "уже записан": RefusalKind.BUSY,
    "талон не найден": RefusalKind.NO_VISIT,
    "пациент не найден": RefusalKind.UNKNOWN_PATIENT,
    "карта не найдена": RefusalKind.UNKNOWN_PATIENT,
    "карты нет": RefusalKind.UNKNOWN_PATIENT,
}
"""What is found in ArchiMed+'s words, small letters and without ё. Only the first is known from a clinic (§1.4)."""
SAID: Mapping[RefusalKind, Text] = {
    RefusalKind.BUSY: text("That time is taken already."),
    RefusalKind.NOT_WORKING: text("The doctor does not see patients at that time."),
    RefusalKind.PAST: text("That time is over."),
    RefusalKind.NO_VISIT: text("There is no such visit in ArchiMed+ any more."),
    RefusalKind.UNKNOWN_PATIENT: text("There is no such patient in ArchiMed+."),
}


def refused(words: str) -> Refused:
    """A refusal in ArchiMed+'s own words, with a plain kind where these are understood."""
    plain = " ".join(words.split())[:LONGEST_WORDS]
    small = plain.lower().replace("ё", "е")
    kind = next((kind for part, kind in KINDS.items() if part in small), RefusalKind.OTHER)
    own = text("ArchiMed+ says: «{words}».", words=plain) if plain else text("ArchiMed+ refuses and says not why.")
    return Refused(kind, SAID[kind], own) if kind in SAID else Refused(kind, own)
