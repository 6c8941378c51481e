"""What a frame shows instead of a cookie: browsers give third-party frames none.

It is signed, good for half an hour, and stands in the address's fragment, which no server and no log sees. Rights are
not kept in it: they are looked at with every question.
"""

from dataclasses import asdict, dataclass

from django.core import signing

from priem.errors import AskOperator
from priem.texts import text

SALT = "priem.hub.widget.session"
SECONDS = 30 * 60


class SessionIsOver(AskOperator):
    """The widget asks for another one by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    clinic: int
    user: int
    """Of amoCRM."""
    is_admin: bool = False
    lead: int = 0
    """0 where there is none: in the list of leads, in the settings."""
    pipeline: int = 0
    """Of the list that is looked at, where it is a list of one."""


def written(session: Session) -> str:
    return signing.dumps(asdict(session), salt=SALT)


def read(given: str) -> Session:
    try:
        return Session(**signing.loads(given, salt=SALT, max_age=SECONDS))
    except (signing.BadSignature, TypeError) as error:
        raise SessionIsOver(text("The widget's session is over."), text("Reload the page in amoCRM.")) from error
