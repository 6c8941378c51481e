"""How one sandbox is set up."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(slots=True)
class Settings:
    """Rates are requests in any rolling second, 0 switches a limit off; latencies are milliseconds."""

    port: int = 0
    seed: int = 1
    latency_ms: float = 0
    latency_per_record_ms: float = 0
    rate_limit: int = 7
    account_rate_limit: int = 50
    block_after: int = 50
    """So many requests over the rate within a minute end in the 403 block; 0 never blocks."""
    webhook_time_scale: float = 1
    """The waits between webhook retries are divided by it."""
    contacts: int = 0
    leads: int = 0
    tls: bool = False
    state_file: Path | None = None
    until_stdin_closes: bool = False
    subdomain: str = "ulybka"
    redirect_uri: str = "https://priem.example.org/amocrm/callback"
    filters: bool = True
