"""What outside systems say is kept whatever it is made of: nothing of it stops a pass."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from priem.hub.history.search import Filters, page
from priem.hub.models import Clinic, IdentCall, MirroredContact, StepRecord
from priem.hub.store import DjangoStore
from priem.model import Contact, Outcome, Rejected, State
from priem.texts import text
from tests.contract.store_records import MOTHER, creates, patient

pytestmark = pytest.mark.django_db
JUNK = "Ан\0на \\u0000 \U0001f9b7"
HALF = "Анна \ud83e"


@pytest.fixture
def clinic() -> Clinic:
    return Clinic.objects.create(slug="smile", name="Улыбка")


def test_a_contact_with_characters_that_mean_nothing_is_kept_and_found(clinic: Clinic) -> None:
    store = DjangoStore(clinic.pk)
    store.mirror([Contact(id=1, name=JUNK, keys=(MOTHER,), fields={5: JUNK, 6: HALF}, updated_at=1)])
    kept = store.around_patients([patient(MOTHER)]).contacts[1]
    assert kept.name.replace("\0", "") == JUNK.replace("\0", "")
    assert str(kept.fields[5]).replace("\0", "") == JUNK.replace("\0", "")
    assert str(kept.fields[6]).startswith("Анна")
    assert MirroredContact.objects.of(clinic.pk).count() == 1


def test_a_refusal_in_amocrms_strangest_words_is_kept(clinic: Clinic) -> None:
    store = DjangoStore(clinic.pk)
    step = creates(MOTHER)
    store.intend([step])
    store.record([(step, Outcome(ref="1", state=State.REFUSED, reason=text("{a}{b}", a=JUNK, b=HALF)), None)])
    store.reject("ident", [Rejected(kind="patient", id="9", reason=text("{a}{b}", a=JUNK, b=HALF))])
    assert StepRecord.objects.of(clinic.pk).get().state == State.REFUSED


def test_a_question_with_such_characters_finds_nothing_and_breaks_nothing(clinic: Clinic) -> None:
    assert page(clinic.pk, Filters.of({"q": JUNK, "system": "a\0"}), None) == []


def test_times_far_from_any_zone_are_kept(clinic: Clinic) -> None:
    odd = datetime(476, 8, 29, 22, 43, 14, tzinfo=timezone(timedelta(hours=19, minutes=34)))
    IdentCall.objects.create(clinic=clinic, connection="ident", call="odd", started_at=odd, content={})
    assert IdentCall.objects.of(clinic.pk).get().started_at == odd.astimezone(UTC)
