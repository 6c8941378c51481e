"""The account as amoCRM last told it: whoever waits for a page need not wait for six requests, too."""

from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import TypeAdapter, ValidationError

from priem.hub.models import AccountCopy
from priem.model import Account

ACCOUNT = TypeAdapter(Account)


@dataclass(frozen=True, slots=True)
class KeptAccount:
    account: Account
    age: float
    """Seconds."""


def keep(clinic_id: int, account: Account) -> None:
    AccountCopy.objects.update_or_create(
        clinic_id=clinic_id,
        defaults={"account": ACCOUNT.dump_python(account, mode="json"), "taken_at": datetime.now(UTC)},
    )


def kept(clinic_id: int) -> KeptAccount | None:
    """Nothing, too, where another version of Priem has written what this one does not read."""
    copy = AccountCopy.objects.of(clinic_id).first()
    try:
        account = ACCOUNT.validate_python(copy.account, strict=False) if copy else None
    except ValidationError:
        return None
    return KeptAccount(account, (datetime.now(UTC) - copy.taken_at).total_seconds()) if copy and account else None
