"""The line to the hub: HTTPS, outward only, through a proxy where the clinic has one."""

import json
import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2

from priem.errors import AskOperator, TryLater
from priem.relay import PROTOCOL
from priem.relay.parcels import MOST_BYTES, Head, Position, checksum
from priem.relay.shapes import Unreadable
from priem.relay.texts import trouble_from_json
from priem.relay.words import Orders, Report, position_from_json
from priem.texts import text

logging.getLogger("httpx2").setLevel(logging.WARNING)  # it would tell every request
logging.getLogger("httpcore2").setLevel(logging.WARNING)

TIMEOUT = httpx2.Timeout(30.0, connect=10.0)
"""A line that is only half there looks like a slow one: after so long it is given up and dialled anew."""
KEPT_OPEN = 50.0
"""Seconds that an idle line is kept: less than what proxies and firewalls allow."""
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
PACKED = "application/vnd.priem.parcel"


class Revoked(AskOperator):
    """The hub does not know this agent (any more)."""


class TooLarge(TryLater):
    """The hub, or a proxy on the way, takes nothing of this size."""


class Unread(TryLater):
    """The hub got something that nobody can read: it was damaged on its way, or before."""


class Elsewhere(Exception):
    """The hub stands at another place of the reading than this parcel goes on from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Of the hub, and the way to it."""

    url: str
    proxy: str = field(default="", repr=False)
    """A login may stand in it."""
    certificates: str = ""
    """Path of a PEM file with those of the clinic's own network; empty: this machine's."""


@dataclass(slots=True)
class Line:
    address: Address
    token: str = field(default="", repr=False)
    transport: httpx2.BaseTransport | None = field(default=None, repr=False)
    """None: the network."""
    client: httpx2.Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.client = httpx2.Client(
            base_url=hub_address(self.address.url),
            timeout=TIMEOUT,
            proxy=self.address.proxy or None,
            verify=trusted(self.address.certificates),
            transport=self.transport,
            follow_redirects=False,
            limits=httpx2.Limits(keepalive_expiry=KEPT_OPEN),
            # Nothing packed: a few bytes of anybody's on the way could become endless ones.
            headers={"User-Agent": "priem-agent", "Priem-Protocol": str(PROTOCOL), "Accept-Encoding": "identity"},
        )

    def close(self) -> None:
        self.client.close()

    def enrol(self, code: str, about: Mapping[str, str]) -> Mapping[str, Any]:
        """The agent's number and token. Raises AskOperator for a code that opens nothing, and TryLater."""
        return self._said("POST", "enrol", json_body={"code": code, **about})

    def report(self, report: Report) -> Orders:
        return orders_in(self._said("POST", "report", json_body=report.as_json()))

    def send(self, head: Head, parcel: bytes) -> Orders:
        """The hub keeps it when this returns. Raises Elsewhere."""
        path = f"parcels/{head.stream}/{head.sequence}"
        return orders_in(self._said("POST", path, content=parcel, headers={"Priem-Checksum": checksum(parcel)}))

    def position(self) -> Position:
        """Where the hub stands."""
        try:
            return position_from_json(self._said("GET", "position"))
        except Unreadable as error:
            raise no_hub(self.address) from error

    def answer(self, question: int, content: bytes) -> Orders:
        return orders_in(self._said("POST", f"answers/{question}", content=content))

    def _said(
        self,
        verb: str,
        path: str,
        *,
        json_body: Mapping[str, Any] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        body = json.dumps(json_body).encode() if json_body is not None else content
        kind = "application/json" if json_body is not None else PACKED
        sent = {**(headers or {}), "Content-Type": kind} if body is not None else dict(headers or {})
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        try:
            with self.client.stream(verb, f"agent/{path}", content=body, headers=sent) as answer:
                return self._read(answer.status_code, message_of(answer), len(body or b""))
        except httpx2.ProxyError as error:
            raise TryLater(
                text("The proxy {proxy} does not let the agent out.", proxy=shown(self.address.proxy)),
                text("Check its address, and whether it asks for a login."),
            ) from error
        except (httpx2.HTTPError, OSError) as error:
            raise away(self.address, error) from error

    def _read(self, status: int, told: dict[str, Any] | None, size: int) -> dict[str, Any]:
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:  # a proxy says it in its own words
            raise too_large(size)
        if told is None:
            raise no_hub(self.address)
        match status:
            case 200 | 201:
                return told
            case 409 if told.get("error") == "elsewhere":
                raise Elsewhere
            case 401:
                raise Revoked(
                    text("The hub does not know this agent any more: its access was revoked."),
                    text("Make a new code in the hub and enrol the agent anew: priem agent enrol CODE."),
                )
            case 400:
                raise Unread(
                    text("The hub cannot read what the agent sent."), text("The agent reads it anew by itself.")
                )
        if isinstance(told.get("trouble"), dict):
            raise trouble_from_json(told["trouble"])
        raise away(self.address)


def message_of(answer: httpx2.Response) -> dict[str, Any] | None:
    """None where somebody else answers: a proxy's own page, or another program at this address."""
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        return None
    content = bytearray()
    for piece in answer.iter_bytes():
        content += piece
        if len(content) > MOST_BYTES:
            return None
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) and told.get("priem") == PROTOCOL else None


def orders_in(told: Mapping[str, Any]) -> Orders:
    try:
        return Orders.from_json(told)
    except Unreadable as error:
        raise TryLater(
            text("The hub says something that this agent does not understand."),
            text("If this goes on, bring the agent to the hub's version."),
        ) from error


def hub_address(url: str) -> str:
    """Raises AskOperator where passwords and patients would travel in the open."""
    parts = urlsplit(url)
    is_near = parts.hostname in LOOPBACK
    if parts.scheme not in ("https", "http") or not parts.hostname or (parts.scheme == "http" and not is_near):
        raise AskOperator(
            text("The hub's address {url} is not one of https.", url=url),
            text("Write it as the browser shows it: https://priem.example.ru."),
        )
    return url.rstrip("/") + "/"


def trusted(certificates: str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context()
        if certificates:
            context.load_verify_locations(certificates)
    except (OSError, ssl.SSLError) as error:
        raise AskOperator(
            text("The certificates in {path} cannot be read.", path=Path(certificates).name),
            text("Name a PEM file with the certificate of your network."),
        ) from error
    return context


def away(address: Address, error: BaseException | None = None) -> TryLater:
    if error is not None and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return TryLater(
            text("The hub {hub} shows a certificate that this computer does not trust.", hub=shown(address.url)),
            text("Where a proxy of the clinic looks into HTTPS, name its certificate with --certificates."),
        )
    return TryLater(
        text("The hub {hub} does not answer.", hub=shown(address.url)),
        text(
            "If it never does: is its address right, and does this computer reach it, perhaps by a proxy (--proxy)? "
            "What is read meanwhile is kept here and sent later."
        ),
    )


def too_large(size: int) -> TooLarge:
    return TooLarge(
        text("The hub, or a proxy before it, does not take {kilobytes} KB at once.", kilobytes=-(-size // 1000)),
        text("The agent sends smaller pages by itself. If this goes on, let the proxy take larger bodies: 100 MB."),
    )


def no_hub(address: Address) -> TryLater:
    return TryLater(
        text("Something else than the hub answers at {hub}.", hub=shown(address.url)),
        text("Check the address, and whether a proxy wants somebody to log in."),
    )


def shown(url: str) -> str:
    """Without a login that may stand in it."""
    return urlsplit(url).hostname or "—"
