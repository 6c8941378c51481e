"""SQL Servers in the network segment that the user names: whoever answers SQL Server Browser, or listens on 1433."""

import ipaddress
import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from priem.errors import AskOperator, PriemError
from priem.mis.ident.browser import PORT as BROWSER
from priem.mis.ident.browser import instances
from priem.texts import text

TDS = 1433
MOST = 1024
"""Addresses: a clinic's network is smaller, and nobody's else is to be knocked at."""
AT_ONCE = 64
PATIENCE = 1.0


@dataclass(frozen=True, slots=True)
class Found:
    host: str
    port: int
    instance: str = ""
    """Empty for what listens on the port without being named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How to look; tests look at other ports."""

    browser: int = BROWSER
    tds: int = TDS
    patience: float = PATIENCE
    within: float = 60.0
    """Seconds for all of it; hosts that were not asked by then are left out, and said to be."""


def hosts_of(segment: str) -> Sequence[str]:
    """The addresses of `192.168.1.0/24`, or the one host that is named. AskOperator for more than a clinic has."""
    if "/" not in segment:
        return (segment,)
    try:
        network = ipaddress.ip_network(segment, strict=False)
    except ValueError as error:
        raise AskOperator(
            text("{segment} is no network segment.", segment=segment),
            text("Write a host, or a segment such as 192.168.1.0/24."),
        ) from error
    if network.num_addresses > MOST:
        raise AskOperator(
            text("{segment} has {count} addresses; at most {most} are looked at.", segment=segment,
                 count=network.num_addresses, most=MOST),
            text("Name the clinic's own segment, such as 192.168.1.0/24."),
        )  # fmt: skip
    return [str(host) for host in network.hosts()] or [str(network.network_address)]


def servers(segment: str, look: Look | None = None) -> tuple[list[Found], int]:
    """Whoever answered, and how many hosts there was no time to ask."""
    look = look or Look()
    hosts, ends = hosts_of(segment), time.monotonic() + look.within
    with ThreadPoolExecutor(AT_ONCE, "discover") as asking:
        answers = list(asking.map(lambda host: asked(host, look, ends), hosts))
    return [found for answer in answers for found in answer or ()], answers.count(None)


def asked(host: str, look: Look, ends: float) -> list[Found] | None:
    if time.monotonic() > ends:
        return None
    named = list(by_browser(host, look))
    if not any(found.port == look.tds for found in named) and listens(host, look):
        named.append(Found(host, look.tds))
    return named


def by_browser(host: str, look: Look) -> Iterator[Found]:
    try:
        known = instances(host, browser=look.browser, patience=look.patience)
    except PriemError:
        return
    for instance, port in sorted(known.items()):
        if port is not None:
            yield Found(host, port, instance)


def listens(host: str, look: Look) -> bool:
    try:
        with socket.create_connection((host, look.tds), timeout=look.patience):
            return True
    except OSError:
        return False
