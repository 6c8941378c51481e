"""Which account, through which integration, and how hard it may be worked."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from priem.errors import AskOperator
from priem.texts import text

ACCOUNT_HOST = re.compile(r"^(?!www\.)[a-z0-9][a-z0-9-]*\.(amocrm\.ru|amocrm\.com|kommo\.com)\Z")
"""An account answers on its own host only; `www` answers with a page. docs/reference/amocrm.md §0, §7.18"""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Raises AskOperator when the address is neither an account of amoCRM nor an allowed sandbox."""

    base_url: str
    """`https://clinic.amocrm.ru`; with `sandbox`, a loopback address."""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    redirect_uri: str = ""
    """As it is registered with the integration, to the letter. Long-lived tokens need none of the three."""
    sandbox: bool = False
    production: bool = False
    """Forbids sandboxes: real patients never go to a test server."""
    requests_per_second: int = 7
    """Of one integration. docs/reference/amocrm.md §2"""
    in_flight: int = 24
    """Writes under way at once. A batch of 250 may take amoCRM three seconds: 7 a second need 21 of them."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", self.base_url.rstrip("/"))
        if not self.allows(self.base_url):
            raise AskOperator(
                text("{address} is not the address of an amoCRM account.", address=self.base_url),
                text("Write it as https://name.amocrm.ru, the way the browser shows it."),
            )

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).netloc

    def allows(self, url: str) -> bool:
        """Whether Priem may send anything there at all. Every address is asked about, also those amoCRM gives."""
        parts = urlsplit(url)
        if parts.path or parts.query or parts.fragment or parts.username:
            return False
        if self.sandbox:
            return not self.production and parts.hostname in LOOPBACK
        return parts.scheme == "https" and ACCOUNT_HOST.match(parts.netloc) is not None
