"""A clinic goes live once somebody has looked at what a sync would do with its settings as they are."""

from dataclasses import replace

import pytest

from priem import bootstrap
from priem.cli.answer_commands import retry
from priem.errors import AskOperator
from priem.hub import clinics
from priem.hub.clinics import ClinicData, ConnectionData
from priem.hub.store import DjangoStore
from priem.model import PatientKey, Rejected
from priem.texts import text

pytestmark = pytest.mark.django_db
SMILE = ClinicData(slug="smile", name="Улыбка", base_url="https://smile.amocrm.ru")
IDENT = ConnectionData(key="ident", kind="ident", config={"server": "10.0.0.5"})


@pytest.fixture
def id_() -> int:
    id_ = clinics.save_clinic(SMILE)
    clinics.save_connection(id_, IDENT)
    return id_


def is_live() -> bool:
    return clinics.load_clinic("smile").live


def test_nothing_is_written_before_somebody_has_looked(id_: int) -> None:  # noqa: ARG001 - the clinic is there
    with pytest.raises(AskOperator, match="looked at") as refusal:
        bootstrap.require_seen("smile", sure=False)

    assert "priem plan" in str(refusal.value.advice)
    assert not is_live()


def test_whoever_has_looked_goes_live(id_: int) -> None:  # noqa: ARG001 - the clinic is there
    bootstrap.note_seen("smile")

    bootstrap.require_seen("smile", sure=False)

    assert is_live()


def test_whoever_is_sure_need_not_look(id_: int) -> None:  # noqa: ARG001 - the clinic is there
    bootstrap.require_seen("smile", sure=True)

    assert is_live()


@pytest.mark.parametrize("changes", ["settings", "connection"])
def test_other_settings_want_another_look(id_: int, changes: str) -> None:
    bootstrap.note_seen("smile")
    if changes == "settings":
        clinics.save_clinic(replace(SMILE, settings={"leads": {"create": False}}))
    else:
        clinics.save_connection(id_, replace(IDENT, config={"server": "10.0.0.6"}))

    with pytest.raises(AskOperator):
        bootstrap.require_seen("smile", sure=False)


def test_the_same_settings_once_more_want_none(id_: int) -> None:
    bootstrap.note_seen("smile")
    clinics.save_clinic(replace(SMILE, name="Улыбка+"))
    clinics.save_connection(id_, replace(IDENT, secrets={"password": "new"}))

    bootstrap.require_seen("smile", sure=False)


def test_a_sandbox_needs_no_look(id_: int) -> None:  # noqa: ARG001 - the clinic is there
    clinics.save_clinic(replace(SMILE, sandbox=True))

    bootstrap.require_seen("smile", sure=False)


@pytest.mark.parametrize(
    ("written", "key"), [("4821", PatientKey("ident", "4821")), ("ident:4821", PatientKey("ident", "4821"))]
)
def test_a_record_is_named_with_its_connection_or_without(id_: int, written: str, key: PatientKey) -> None:  # noqa: ARG001 - the clinic is there
    assert bootstrap.key_of("smile", PatientKey, written) == key


@pytest.mark.parametrize("written", ["", "archimed:4821", "ident:"])
def test_what_names_no_record_is_said(id_: int, written: str) -> None:  # noqa: ARG001 - the clinic is there
    with pytest.raises(AskOperator, match="plain"):
        bootstrap.key_of("smile", PatientKey, written)


def test_with_two_connections_the_id_alone_is_not_enough(id_: int) -> None:
    clinics.save_connection(id_, ConnectionData(key="mira", kind="ident"))

    with pytest.raises(AskOperator) as refusal:
        bootstrap.key_of("smile", PatientKey, "4821")

    assert "ident, mira" in str(refusal.value.advice)
    assert bootstrap.key_of("smile", PatientKey, "mira:4821") == PatientKey("mira", "4821")


def test_what_was_refused_is_tried_again_with_other_settings(id_: int) -> None:
    store = DjangoStore(id_)
    store.reject("ident", [Rejected(kind="patient", id="10", reason=text("The row is broken."))])

    bootstrap.retry_refused(id_)

    assert [recall.key for recall in store.recalled("ident")] == [PatientKey("ident", "10")]


def test_what_was_refused_is_told_with_its_reason(id_: int, capsys: pytest.CaptureFixture[str]) -> None:
    reason = text("Its patient {id} has no contact in amoCRM.", id=7)
    DjangoStore(id_).reject("ident", [Rejected(kind="visit", id="10", reason=reason)])

    retry()

    assert "ident:10" in (told := capsys.readouterr().out)
    assert "7" in told
