"""Rows together with the branch's dictionaries → the model, and pages of it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from priem.mis.archimed.config import Config
from priem.mis.archimed.dictionaries import Dictionaries
from priem.mis.archimed.loose import Row, an_id, flag, named
from priem.mis.archimed.rows import Setting, to_patient, to_visit
from priem.mis.archimed.statuses import Meanings
from priem.model import Page, Patient, Rejected, Visit


class Parser:
    def __init__(self, config: Config, dictionaries: Dictionaries) -> None:
        self._config = config
        self._dictionaries = dictionaries
        self._meanings = Meanings.of(config)

    def patients(self, rows: Iterable[Row]) -> list[Patient | Rejected]:
        return [to_patient(row, self._config.connection) for row in rows]

    def visits(self, rows: Sequence[Row]) -> list[Visit | Rejected]:
        setting = self.setting(rows)
        return [to_visit(row, setting) for row in rows]

    def setting(self, rows: Sequence[Row] = ()) -> Setting:
        """Names are asked for only where the talons do not say them themselves."""
        unnamed = {an_id(row.get("status_id")) for row in rows if not named(row, "status")} - {""}
        deleted = [row for row in rows if flag(row.get("deleted")) and not named(row, "delete_reason")]
        reasons = {an_id(row.get("delete_reason_id")) for row in deleted} - {""}
        return Setting(
            connection=self._config.connection,
            branch=self._config.branch,
            branch_name=self._config.name_of_branch,
            zone=self._config.zone,
            meanings=self._meanings,
            statuses=self._dictionaries.names_with("talonstatuses", unnamed) if unnamed else {},
            reasons=self._dictionaries.names_with("talondeletereasons", reasons) if reasons else {},
        )


def page_of(found: Sequence[Patient | Visit | Rejected], cursor: str, since: datetime) -> Page:
    return Page(
        patients=tuple(one for one in found if isinstance(one, Patient)),
        visits=tuple(one for one in found if isinstance(one, Visit)),
        rejected=tuple(one for one in found if isinstance(one, Rejected)),
        cursor=cursor,
        visits_since=since,
    )
