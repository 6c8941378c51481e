"""What is being typed is tried, and what is wrong stands beside the field that it is about."""

import json
from datetime import UTC, datetime

from django.test import RequestFactory

from priem.amocrm.problems import AccessRefused, NotSent
from priem.errors import TryLater
from priem.hub.models import Clinic, Work, WorkKind, WorkState
from priem.hub.sentences import as_json
from priem.hub.setup.trying import beside
from priem.hub.setup.works import tried
from priem.texts import text

SAID = text("amoCRM cannot be reached.")


def test_a_wrong_address_is_not_the_tokens_fault() -> None:
    assert beside(NotSent(SAID)).keys() == {"base_url"}
    assert beside(TryLater(SAID)).keys() == set()
    assert beside(AccessRefused(SAID, SAID)).keys() == {"token"}


def test_a_try_that_is_over_before_the_page_is_answered_says_what_is_wrong_too(db: None) -> None:  # noqa: ARG001  # the fixture opens the database
    clinic, now = Clinic.objects.create(slug="own", name="Своя"), datetime.now(UTC)
    wrong = {"findings": [], "beside": {"token": as_json(SAID)}}
    over = {"state": WorkState.DONE, "started_at": now, "beat_at": now, "result": wrong}
    Work.objects.create(clinic=clinic, kind=WorkKind.TRY, **over)
    page = tried(RequestFactory().post("/"), WorkKind.TRY, clinic).content.decode()
    told = page.partition('id="try-beside" type="application/json">')[2].partition("</script>")[0]
    assert json.loads(told) == {"id_token": "amoCRM недоступна."}
