"""`priem sandbox amocrm`: starts the sandbox and prints one JSON line once it answers."""

import argparse
import gc
import json
import random
import sys
from pathlib import Path

from priem.sandbox.server import HOST, Server, serve

from . import snapshot
from .app import Sandbox
from .faults import Faults
from .routes.oauth import claims_for
from .seed import fresh_crm
from .settings import Settings
from .state.tokens import LONG_LIVED_SECONDS


def run(argv: list[str]) -> int:
    """Serve until a signal comes (or stdin closes, when asked so); the exit code, 2 for a port that is taken."""
    settings = read_settings(argv)
    sandbox = build(settings)

    def ready(_server: Server, port: int, certificate: Path | None) -> None:
        sandbox.certificate = certificate
        sys.stdout.write(json.dumps(introduction(sandbox, port), ensure_ascii=False) + "\n")
        sys.stdout.flush()

    try:
        serve(sandbox, settings, ready, hosts_of(settings.subdomain))
    except OSError as error:
        sys.stderr.write(f"Порт занят или недоступен / the port cannot be used: {error}\n")
        return 2
    if settings.state_file is not None:
        snapshot.save(sandbox.crm, settings.state_file)
    return 0


def hosts_of(subdomain: str) -> tuple[str, ...]:
    """The names by which a client that will not be told another address may be led here, e.g. by a line in hosts."""
    return f"{subdomain}.amocrm.ru", f"{subdomain}.kommo.com", "www.amocrm.ru", "www.kommo.com"


def build(settings: Settings) -> Sandbox:
    """A sandbox that does not listen yet."""
    kept = settings.state_file is not None and settings.state_file.exists()
    crm = snapshot.load(settings.state_file) if settings.state_file is not None and kept else fresh_crm(settings)
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)
    return Sandbox(crm, settings, Faults(random.Random(settings.seed)))


def introduction(sandbox: Sandbox, port: int) -> dict[str, object]:
    """All that a client needs; the code and the long-lived token are fresh."""
    crm, settings = sandbox.crm, sandbox.settings
    scheme = "https" if settings.tls else "http"
    url = f"{scheme}://{HOST}:{port}"
    sandbox.courier.host = url
    integration = next(iter(crm.tokens.integrations.values()))
    admin = crm.users.admin().id
    claims = claims_for(sandbox.api, url)
    return {
        "sandbox": "amocrm",
        "url": url,
        "control": f"{url}/_sandbox",
        "board": f"{url}/",
        "subdomain": crm.account.subdomain,
        "account_id": crm.account.id,
        "client_id": integration.client_id,
        "client_secret": integration.client_secret,
        "redirect_uri": integration.redirect_uri,
        "code": crm.tokens.issue_code(integration.client_id, admin, crm.now()),
        "long_lived_token": crm.tokens.issue_access(
            integration.client_id, admin, crm.now(), claims, LONG_LIVED_SECONDS
        ),
        "ca_file": str(sandbox.certificate) if sandbox.certificate else None,
    }


def read_settings(argv: list[str]) -> Settings:
    """The command line as settings."""
    defaults = Settings()
    parser = argparse.ArgumentParser(prog="priem sandbox amocrm", description=run.__doc__)
    add = parser.add_argument
    add("--port", type=int, default=0, help="0 takes a free one")
    add("--seed", type=int, default=defaults.seed)
    add("--latency-ms", type=float, default=0, help="how long each answer takes")
    add("--latency-per-record-ms", type=float, default=0, help="and how much longer for each record in it")
    add(
        "--rate-limit", type=int, default=defaults.rate_limit, help="requests a second of an integration, 0 is no limit"
    )
    add("--account-rate-limit", type=int, default=defaults.account_rate_limit, help="of the account")
    add(
        "--block-after",
        type=int,
        default=defaults.block_after,
        help="requests over the rate in a minute that end in a block",
    )
    add("--webhook-time-scale", type=float, default=1, help="divides the waits between retries of webhooks")
    add("--contacts", type=int, default=0, help="strangers to begin with")
    add("--leads", type=int, default=0, help="their leads")
    add("--tls", action="store_true", help="HTTPS with a certificate of its own")
    add("--state-file", type=Path, help="read at the start, written at the end")
    add("--until-stdin-closes", action="store_true", help="end when the parent process ends")
    add("--subdomain", default=defaults.subdomain)
    add("--redirect-uri", default=defaults.redirect_uri)
    add("--no-filters", dest="filters", action="store_false", help="the account's alpha flag for filters is off")
    return Settings(**vars(parser.parse_args(argv)))
