"""Trying what is being typed, before it is kept: amoCRM with a token, or a МИС."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from priem.amocrm.crm import AmoCrm
from priem.amocrm.problems import NotSent
from priem.errors import PriemError, TryLater
from priem.hub.amocrm.access import config_of
from priem.hub.amocrm.pace import pace_memories
from priem.hub.clinics import ClinicData, ConnectionData
from priem.hub.clock import SystemClock
from priem.hub.exchanges import DjangoExchanges
from priem.hub.sentences import as_json
from priem.hub.setup.looking import opened_source
from priem.hub.setup.pictures import findings_as_json
from priem.hub.setup.work import Do, Report
from priem.model import Account, Finding, Severity
from priem.ports import Tokens
from priem.texts import Text, text


class TypedToken:
    """A token that is only tried: nothing of it is kept."""

    def __init__(self, token: str) -> None:
        self._tokens = Tokens(access=token)

    def load(self) -> Tokens:
        return self._tokens

    @contextmanager
    def renewing(self) -> Iterator[None]:
        yield

    def save(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def forget(self, reason: Text) -> None:
        pass


def try_token(clinic: ClinicData, token: str) -> Do:
    def do(_report: Report) -> Mapping[str, Any]:
        exchanges = DjangoExchanges(clinic.id)
        limits = pace_memories()
        crm = AmoCrm(config_of(clinic), TypedToken(token), SystemClock(), exchanges, limits=limits, lane="interactive")
        try:
            crm.try_now()
            return result(found(crm.account()))
        except PriemError as error:
            return result([Finding(Severity.BROKEN, error.what, error.advice, error.beside or beside(error))])
        finally:
            crm.close()
            exchanges.flush()

    return do


def beside(error: PriemError) -> Mapping[str, Text]:
    """The token is to blame for what amoCRM itself says of it, not for a wrong address or an amoCRM that is busy."""
    if isinstance(error, NotSent):
        return {"base_url": text("Nothing answers at this address.")}
    return {} if isinstance(error, TryLater) else {"token": text("amoCRM does not let Priem in with this token.")}


def found(account: Account) -> list[Finding]:
    names = ", ".join(pipeline.name for pipeline in account.pipelines)
    said = text(
        "Account «{name}»: users {users}, pipelines {pipelines} ({names}).",
        name=account.name or account.subdomain,
        users=len(account.users),
        pipelines=len(account.pipelines),
        names=names,
    )
    findings = [Finding(Severity.FINE, said)]
    if not account.filters_work:
        slow = text("amoCRM ignores filters in this account, so changes are read more slowly.")
        findings.append(Finding(Severity.WARNING, slow, text("Ask amoCRM's support to switch API filters on.")))
    return findings


def try_source(clinic_id: int, row: ConnectionData) -> Do:
    def do(_report: Report) -> Mapping[str, Any]:
        try:
            with opened_source(clinic_id, row) as source:
                return result(source.check())
        except PriemError as error:
            return result([Finding(Severity.BROKEN, error.what, error.advice, error.beside)])

    return do


def result(findings: Sequence[Finding]) -> Mapping[str, Any]:
    marked = {name: as_json(said) for one in findings for name, said in one.beside.items()}
    return {"findings": findings_as_json(findings), "beside": marked}
