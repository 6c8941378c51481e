from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from priem.errors import AskOperator
from priem.hub.models import Authorisation, Clinic
from priem.hub.tokens import DjangoTokens
from priem.ports import Tokens
from priem.texts import text

pytestmark = pytest.mark.django_db(transaction=True)


def test_there_is_nothing_to_load_before_somebody_authorised(clinic: Clinic) -> None:
    with pytest.raises(AskOperator, match="Nobody has let Priem"):
        DjangoTokens(clinic.pk).load()


def test_the_pair_in_force_is_the_last_that_was_saved(clinic: Clinic) -> None:
    tokens = DjangoTokens(clinic.pk)
    tokens.save(Tokens(access="a1", refresh="r1", expires_at=5))
    with tokens.renewing():
        assert tokens.load() == Tokens(access="a1", refresh="r1", expires_at=5)
        tokens.save(Tokens(access="a2"))
    assert tokens.load() == Tokens(access="a2")


def test_a_forgotten_pair_asks_for_a_person_until_there_is_a_new_one(clinic: Clinic) -> None:
    tokens = DjangoTokens(clinic.pk)
    tokens.save(Tokens(access="a1"))
    tokens.forget(text("The account {name} was closed.", name="smile"))
    with pytest.raises(AskOperator, match="smile was closed"):
        tokens.load()
    with tokens.renewing():
        tokens.save(Tokens(access="a2"))
    assert tokens.load().access == "a2"


def test_one_worker_renews_while_the_others_wait_for_its_pair(clinic: Clinic) -> None:
    DjangoTokens(clinic.pk).save(Tokens(access="0"))

    def renew(_: int) -> None:
        tokens = DjangoTokens(clinic.pk)
        with tokens.renewing():
            tokens.save(Tokens(access=str(int(tokens.load().access) + 1)))
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(renew, range(12)))
    assert DjangoTokens(clinic.pk).load().access == "12"


def test_saving_a_clinic_leaves_its_tokens_alone(clinic: Clinic) -> None:
    stale = Clinic.objects.select_related("authorisation").get(pk=clinic.pk)
    DjangoTokens(clinic.pk).save(Tokens(access="a1"))
    stale.save()
    assert DjangoTokens(clinic.pk).load().access == "a1"


def test_clinics_do_not_share_tokens(clinic: Clinic) -> None:
    other = Clinic.objects.create(slug="other", name="Другая")
    DjangoTokens(clinic.pk).save(Tokens(access="a1"))
    with pytest.raises(AskOperator):
        DjangoTokens(other.pk).load()
    assert Authorisation.objects.count() == 1
