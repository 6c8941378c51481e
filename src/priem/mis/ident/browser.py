"""SQL Server Browser: which port a named instance listens on today. IDENT's instance takes another one at any restart.

The answer to the byte 3 is the byte 5, a length, and `ServerName;PC;InstanceName;PZSQLSERVER;…;tcp;50026;;` for each
instance: MS-SQLR, the SQL Server Resolution Protocol.
"""

import socket

from priem.errors import AskOperator, TryLater
from priem.texts import text

PORT = 1434
ALL_INSTANCES = b"\x03"
PATIENCE = 3.0
LARGEST = 65535


def port_of(host: str, instance: str, *, browser: int = PORT, patience: float = PATIENCE) -> int:
    """Raises TryLater when nobody answers, AskOperator when there is no such instance or it takes no TCP."""
    known = instances(host, browser=browser, patience=patience)
    if instance.upper() not in known:
        raise AskOperator(
            text("The server {host} has no instance {instance}.", host=host, instance=instance),
            text("Instances that answered: {known}.", known=", ".join(sorted(known)) or "-"),
        )
    port = known[instance.upper()]
    if port is None:
        raise AskOperator(
            text(
                "The instance {instance} on {host} takes no connections over the network.", host=host, instance=instance
            ),
            text("Switch TCP/IP on for it in SQL Server Configuration Manager and restart it."),
        )
    return port


def instances(host: str, *, browser: int = PORT, patience: float = PATIENCE) -> dict[str, int | None]:
    """Names in capitals → TCP port, None where TCP is off."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(patience)
            asking.sendto(ALL_INSTANCES, (host, browser))
            answer, _ = asking.recvfrom(LARGEST)
    except OSError as error:
        raise TryLater(
            text("SQL Server Browser on {host} does not answer.", host=host),
            text("Check that the computer is on and UDP port 1434 is open, or give the port of the instance itself."),
        ) from error
    return parse(answer)


def parse(answer: bytes) -> dict[str, int | None]:
    known: dict[str, int | None] = {}
    for described in answer[3:].decode("ascii", "replace").split(";;"):
        words = described.split(";")
        facts = {name.lower(): value for name, value in zip(words[::2], words[1::2], strict=False)}
        if name := facts.get("instancename"):
            port = facts.get("tcp", "")
            known[name.upper()] = int(port) if port.isdigit() else None
    return known
