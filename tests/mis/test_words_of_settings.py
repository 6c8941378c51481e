"""What a check says of a setting is what its form calls it, in the reader's language; the file's word in brackets."""

import pytest

from priem.engine.bindings import bind
from priem.engine.settings import Settings, StageRule, StatusSync
from priem.errors import AskOperator, PriemError
from priem.hub.setup.statuses import STATUSES
from priem.mis.archimed import failures as of_archimed
from priem.mis.archimed.config import Config as Archimed
from priem.mis.ident import failures as of_ident
from priem.mis.ident.config import Config as Ident
from priem.model import VisitStatus
from priem.statuses import STATUS_LABELS
from tests.contract.fake_crm import ACCOUNT

IDENT: dict[str, object] = {"server": "pc", "password": "sesame", "time_zone": "Europe/Moscow"}
ARCHIMED: dict[str, object] = {"api_id": "7", "api_secret": "sesame", "time_zone": "Asia/Omsk"}


def refused(config: type[Ident] | type[Archimed], settings: dict[str, object]) -> PriemError:
    with pytest.raises(AskOperator) as caught:
        config.from_mapping("clinic", settings)
    return caught.value


def told(error: PriemError) -> str:
    return " ".join(sentence.read("ru") for sentence in (error.what, error.advice) if sentence)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (refused(Ident, IDENT | {"time_zone": "Moscow"}), "«Часовой пояс клиники» (time_zone)"),
        (refused(Ident, {**IDENT, "hots": "pc"}), "Настройки hots нет"),
        (refused(Ident, IDENT | {"port": 0, "page_size": 0}), "«Строк за раз» (page_size); «Порт» (port)"),
        (refused(Archimed, {**ARCHIMED, "working_hours": "7"}), "«Рабочие часы» (working_hours)"),
        (of_ident.no_database("PZ2", ["PZ"]), "Исправьте настройку «База данных» (database)"),
        (of_ident.refused_encryption("pc"), "«Шифрование» (encryption): Всегда; Выключено; Старый сервер (TLS 1.0)"),
        (of_archimed.unreachable("https://api"), "настройку «Адрес API» (base_url)"),
        (of_archimed.not_let_in(401), "«API ID» (api_id) и «Секрет API» (api_secret)"),
        (of_archimed.no_method("talons"), "«Адрес API» (base_url) и «Версия API» (version)"),
    ],
)
def test_a_setting_is_called_as_its_form_calls_it(error: PriemError, said: str) -> None:
    assert said in told(error)


def test_a_status_is_called_as_the_table_of_statuses_calls_it() -> None:
    rule = StageRule(status=VisitStatus.BOOKED, pipeline="Воронка", stage="Записан", loss_reason="Передумал")

    with pytest.raises(AskOperator) as caught:
        bind(Settings(status_sync=StatusSync(rules=(rule,))), ACCOUNT)

    assert "правило 1 для «Записан»" in told(caught.value)
    assert {status.value: label.read("ru") for status, label in STATUS_LABELS.items()} == dict_read(STATUSES)


def dict_read(labels: object) -> dict[str, str]:
    assert isinstance(labels, dict)
    return {name: str(label) for name, label in labels.items()}
