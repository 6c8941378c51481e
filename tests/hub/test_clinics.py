from dataclasses import replace
from pathlib import Path

import pytest

from priem.errors import AskOperator
from priem.hub import clinics
from priem.hub.clinics import ClinicData, ConnectionData
from priem.hub.references import resolved
from priem.hub.store import DjangoStore
from priem.hub.tokens import DjangoTokens
from priem.ports import Tokens
from priem.texts import text

pytestmark = pytest.mark.django_db
SMILE = ClinicData(
    slug="smile",
    name="Улыбка",
    base_url="https://smile.amocrm.ru",
    client_id="c1",
    client_secret="s1",
    redirect_uri="https://hub.example/back",
    sandbox=True,
    settings={"leads": {"create": True}},
)
IDENT = ConnectionData(key="ident", kind="ident", config={"host": "10.0.0.5"}, secrets={"password": "env:IDENT"})


def test_a_clinic_comes_back_as_it_was_saved() -> None:
    id_ = clinics.save_clinic(SMILE)
    clinics.save_connection(id_, IDENT)
    assert clinics.load_clinic("smile") == replace(SMILE, id=id_, connections=(IDENT,))
    assert clinics.list_clinics() == (clinics.load_clinic("smile"),)


def test_saving_again_changes_the_same_clinic() -> None:
    id_ = clinics.save_clinic(SMILE)
    assert clinics.save_clinic(replace(SMILE, name="Улыбка+", live=True)) == id_
    assert [(clinic.name, clinic.live) for clinic in clinics.list_clinics()] == [("Улыбка+", True)]


def test_configuring_a_connection_again_does_not_forget_where_it_was_read_up_to() -> None:
    id_ = clinics.save_clinic(SMILE)
    clinics.save_connection(id_, IDENT)
    DjangoStore(id_).advance("ident", "c-77")
    clinics.save_connection(id_, replace(IDENT, config={"host": "10.0.0.6"}))
    assert DjangoStore(id_).cursor("ident") == "c-77"
    assert clinics.load_clinic("smile").connections[0].config == {"host": "10.0.0.6"}


def test_a_trouble_is_shown_until_the_connection_is_read_again() -> None:
    id_ = clinics.save_clinic(SMILE)
    clinics.save_connection(id_, IDENT)
    trouble = text("The server {host} does not answer.", host="10.0.0.5")
    clinics.note_trouble(id_, "ident", trouble)
    assert clinics.load_clinic("smile").connections[0].last_error == trouble
    clinics.note_reading(id_, "ident")
    (read,) = clinics.load_clinic("smile").connections
    assert read.last_error is None
    assert read.last_read_at


def test_advancing_an_unknown_connection_is_a_bug() -> None:
    store = DjangoStore(clinics.save_clinic(SMILE))
    with pytest.raises(LookupError):
        store.advance("nowhere", "c")


def test_an_unknown_clinic_is_said_with_those_that_are_known() -> None:
    clinics.save_clinic(SMILE)
    with pytest.raises(AskOperator) as refused:
        clinics.load_clinic("smil")
    assert "smile" in str(refused.value.advice)


@pytest.mark.django_db(transaction=True)
def test_a_clinic_says_whether_it_is_authorised() -> None:
    id_ = clinics.save_clinic(SMILE)
    assert not clinics.load_clinic("smile").authorised
    DjangoTokens(id_).save(Tokens(access="a"))
    assert clinics.load_clinic("smile").authorised
    DjangoTokens(id_).forget(text("amoCRM refuses the key."))
    assert not clinics.load_clinic("smile").authorised


def test_secrets_are_not_in_what_a_clinic_prints() -> None:
    id_ = clinics.save_clinic(SMILE)
    clinics.save_connection(id_, replace(IDENT, secrets={"password": "open sesame"}))
    printed = repr(clinics.load_clinic("smile"))
    assert "Улыбка" in printed
    assert "s1" not in printed
    assert "sesame" not in printed


def test_references_stand_for_what_lies_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "password").write_text("from a file\n")
    monkeypatch.setenv("IDENT_LOGIN", "from the environment")
    written = {"password": f"file:{tmp_path}/password", "login": "env:IDENT_LOGIN", "pin": "http:1234"}
    assert resolved(written) == {"password": "from a file", "login": "from the environment", "pin": "http:1234"}


@pytest.mark.parametrize("reference", ["env:NOT_THERE", "file:/nowhere/at/all"])
def test_a_reference_that_leads_nowhere_is_told_to_a_person(reference: str) -> None:
    with pytest.raises(AskOperator, match=reference.partition(":")[2]):
        resolved({"password": reference})
