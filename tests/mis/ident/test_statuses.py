from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from priem.mis.ident.statuses import OUTCOMES, Facts, Reading, status_of
from priem.model import VisitStatus

PLANNED = datetime(2026, 3, 2, 10, 30)  # noqa: DTZ001 - IDENT's times are naive
LATER = PLANNED + timedelta(minutes=7)
REASONS = {8: "no_show", 3: "moved", 5: "deleted"}


@pytest.mark.parametrize(
    ("facts", "status", "raw"),
    [
        pytest.param(Facts(), "booked", "booked", id="nothing happened yet"),
        pytest.param(Facts(notified=True), "confirmed", "confirmed", id="the patient was reminded"),
        pytest.param(Facts(appeared=True), "arrived", "arrived", id="the patient came"),
        pytest.param(Facts(appeared=True, notified=True), "arrived", "arrived", id="coming is more than confirming"),
        pytest.param(Facts(started=True), "in_progress", "in_progress", id="the visit began, nobody marked the coming"),
        pytest.param(Facts(appeared=True, started=True, ended=True), "completed", "completed", id="it ended"),
        pytest.param(Facts(ended=True, check_issued=True), "completed", "billed", id="it was billed"),
        pytest.param(Facts(cancelled=LATER), "cancelled", "cancelled", id="cancelled without a reason"),
        pytest.param(Facts(cancel_reason=11), "cancelled", "cancelled:11", id="a reason nobody explained"),
        pytest.param(
            Facts(cancelled=LATER, cancel_reason=8), "no_show", "cancelled:8", id="a reason that means no-show"
        ),
        pytest.param(
            Facts(cancelled=LATER, cancel_reason=5), "deleted", "cancelled:5", id="a reason that means deleted"
        ),
        pytest.param(Facts(cancelled=LATER, cancel_reason=3), "cancelled", "moved", id="a reason that means moved"),
        pytest.param(Facts(cancelled=LATER, moved_on=True), "cancelled", "moved", id="another row goes on"),
        pytest.param(Facts(moved_on=True, notified=True), "cancelled", "moved", id="moved without being cancelled"),
        pytest.param(Facts(moved_on=True, ended=True), "completed", "completed", id="what took place was not moved"),
        pytest.param(Facts(cancelled=LATER, ended=True), "cancelled", "cancelled", id="cancelling beats all"),
        pytest.param(Facts(cancelled=PLANNED, plan_end=PLANNED), "no_show", "cancelled", id="closed by IDENT itself"),
        pytest.param(
            Facts(cancelled=PLANNED, plan_end=PLANNED, cancel_reason=11),
            "no_show",
            "cancelled:11",
            id="closed, unknown",
        ),
        pytest.param(
            Facts(cancelled=PLANNED, plan_end=PLANNED, cancel_reason=5), "deleted", "cancelled:5", id="settings win"
        ),
        pytest.param(
            Facts(cancelled=PLANNED, plan_end=PLANNED, appeared=True), "cancelled", "cancelled", id="but somebody came"
        ),
        pytest.param(Facts(cancelled=LATER, plan_end=PLANNED), "cancelled", "cancelled", id="closed by hand, later"),
    ],
)
def test_what_a_visits_marks_amount_to(facts: Facts, status: str, raw: str) -> None:
    assert status_of(facts, Reading(reasons=REASONS)) == (VisitStatus(status), raw)


def test_guesses_can_be_switched_off() -> None:
    reading = Reading(reasons={}, auto_closed_is_no_show=False, notified_is_confirmed=False)

    assert status_of(Facts(cancelled=PLANNED, plan_end=PLANNED), reading) == (VisitStatus.CANCELLED, "cancelled")
    assert status_of(Facts(notified=True), reading) == (VisitStatus.BOOKED, "booked")


marks = st.none() | st.just(PLANNED) | st.just(LATER)


@given(
    facts=st.builds(
        Facts,
        cancelled=marks,
        cancel_reason=st.none() | st.integers(1, 12),
        check_issued=st.booleans(),
        ended=st.booleans(),
        started=st.booleans(),
        appeared=st.booleans(),
        notified=st.booleans(),
        plan_end=marks,
        moved_on=st.booleans(),
    ),
    reasons=st.dictionaries(st.integers(1, 12), st.sampled_from(sorted(OUTCOMES))),
)
def test_cancelling_is_never_lost_and_never_invented(facts: Facts, reasons: Mapping[int, str]) -> None:
    status, raw = status_of(facts, Reading(reasons=reasons))

    is_cancelled = facts.cancelled is not None or facts.cancel_reason is not None
    assert (raw == "moved" or raw.startswith("cancelled")) == (status.is_over)
    assert status.is_over or not is_cancelled
