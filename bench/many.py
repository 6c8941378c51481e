"""Sets many clinics up in the hub that the environment names, each with an agent's connection: `python -m bench.many`.

Reads what bench/accounts.py printed, and prints the agents' codes as JSON, in the same order. No clinic is live yet.
"""

import json
import sys
import tomllib
from collections.abc import Mapping
from typing import Any

from priem.hub.start import setup

setup()  # before anything imports the hub's models

from priem import bootstrap  # noqa: E402 - only now
from priem.configuration import parse  # noqa: E402 - only now
from priem.hub import clinics  # noqa: E402 - only now
from priem.hub.agents.enrolling import make_code  # noqa: E402 - only now
from priem.hub.agents.feeds import begin  # noqa: E402 - only now
from priem.hub.amocrm.access import note_account  # noqa: E402 - only now
from priem.hub.tokens import DjangoTokens  # noqa: E402 - only now
from priem.ports import Tokens  # noqa: E402 - only now

CONNECTION = "ident"
FILE = """
[clinic]
slug = "{slug}"
name = "Клиника {number}"

[amocrm]
url = "{url}"
client_id = "{client_id}"
client_secret = "{client_secret}"
redirect_uri = "{redirect_uri}"
sandbox = true

[[connections]]
key = "ident"
kind = "ident"
through = "agent"
database = "PZ"
login = "readonly_user"
time_zone = "Europe/Moscow"

[status_sync]
mode = "always"
rules = [
  {{ status = "booked", pipeline = "Записи", stage = "Записан" }},
  {{ status = "arrived", pipeline = "Записи", stage = "Пришёл" }},
]
"""


def slug_of(number: int) -> str:
    return f"clinic-{number:04}"


def set_up(number: int, account: Mapping[str, Any]) -> str:
    """Gives the code of the clinic's agent."""
    file = parse(tomllib.loads(FILE.format(slug=slug_of(number), number=number, **account)))
    clinic = clinics.save_clinic(bootstrap.clinic_data(file, None))
    clinics.save_connection(clinic, bootstrap.connection_data(file.connections[0], None))
    DjangoTokens(clinic).save(Tokens(access=str(account["long_lived_token"])))
    note_account(clinic, int(account["account_id"]))
    begin(clinic, CONNECTION)
    return make_code(clinic, CONNECTION)


def main() -> None:
    accounts = json.load(sys.stdin)["accounts"]
    print(json.dumps([set_up(number, account) for number, account in enumerate(accounts)]))


if __name__ == "__main__":
    main()
