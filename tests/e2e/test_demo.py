"""The demo that README promises, as a script runs it."""

import json
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_the_demo_carries_everything_over_once_and_only_reads_the_clinic() -> None:
    demo = subprocess.run(
        [
            sys.executable,
            "-m",
            "priem.cli",
            "demo",
            "--once",
            "--patients",
            "600",
            "--visits",
            "150",
            "--changes",
            "20",
            "--json",
        ],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )

    assert demo.returncode == 0, demo.stderr
    result = json.loads(demo.stdout.strip().splitlines()[-1])
    assert {name: result[name] for name in MUST_BE_ZERO} == dict.fromkeys(MUST_BE_ZERO, 0)
    assert result["requests"] <= 1.3 * result["floor_requests"] + 60
    assert result["contacts"]["created"] + result["contacts"]["adopted"] == result["patients"]
    assert result["contacts"]["adopted"] > 0
    assert result["leads"]["adopted"] > 0
    assert result["latency_seconds"]["p50"] > 0


def test_the_demo_has_branches_with_archimed_beside_ident() -> None:
    sizes = ["--patients", "120", "--visits", "40", "--changes", "6", "--rate", "5"]
    demo = subprocess.run(
        [sys.executable, "-m", "priem.cli", "demo", "--once", "--with-archimed", *sizes, "--json"],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )

    assert demo.returncode == 0, demo.stderr
    result = json.loads(demo.stdout.strip().splitlines()[-1])
    assert {name: result[name] for name in MUST_BE_ZERO} == dict.fromkeys(MUST_BE_ZERO, 0)
    assert result["archimed_requests_not_get"] == 0
    assert result["patients"] >= 120 + 3 * 30


MUST_BE_ZERO = (
    "duplicate_contacts",
    "duplicate_leads",
    "missing_contacts",
    "missing_leads",
    "statements_not_select",
)
