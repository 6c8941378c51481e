"""What a log says of a bug: its kind and place, never its words, which may be a patient's."""

import io
import logging
import logging.config
import threading
from collections.abc import Callable, Iterator

import pytest
import structlog
from django.db import IntegrityError

from priem.cli.starting import OWN_FAULT, tell
from priem.hub.logs import logging_configuration, tell_of_a_thread

PHONE = "+79161234567"


def broken() -> None:
    try:
        int(PHONE + "?")
    except ValueError as error:
        raise IntegrityError(f"Failing row contains ({PHONE})") from error


def everything_at_once() -> None:
    try:
        broken()
    except IntegrityError as error:
        raise ExceptionGroup(f"two of {PHONE}", [error, KeyError(PHONE)]) from None


@pytest.fixture(params=["console", "json"])
def written(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """The log as an engineer finds it."""
    lines = io.StringIO()
    formatter = logging_configuration(request.param, "INFO")["formatters"]["structured"]
    handler = logging.StreamHandler(lines)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(**{k: v for k, v in formatter.items() if k != "()"}))
    logging.getLogger().addHandler(handler)
    yield lines
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize("breaking", [broken, everything_at_once])
def test_a_bug_is_logged_by_kind_and_place(written: io.StringIO, breaking: Callable[[], None]) -> None:
    try:
        breaking()
    except (IntegrityError, ExceptionGroup):
        structlog.get_logger("tests").exception("a pass broke off")
    assert "IntegrityError" in written.getvalue()
    assert "test_logs.py" in written.getvalue()
    assert PHONE not in written.getvalue()


def test_so_is_one_that_a_library_logs(written: io.StringIO) -> None:
    try:
        broken()
    except IntegrityError:
        logging.getLogger("django.request").exception("Internal Server Error: %s", "/records/")
    assert "IntegrityError" in written.getvalue()
    assert "ValueError" in written.getvalue()
    assert PHONE not in written.getvalue()


def test_so_is_one_that_nobody_in_its_thread_caught(
    written: io.StringIO, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the hub sets when it starts; the tests' runner has put its own there since.
    monkeypatch.setattr(threading, "excepthook", tell_of_a_thread)
    thread = threading.Thread(target=broken)
    thread.start()
    thread.join()
    assert "IntegrityError" in written.getvalue()
    assert PHONE not in written.getvalue() + "".join(capfd.readouterr())


def test_a_line_that_cannot_be_written_is_not_printed_with_all_it_says(capfd: pytest.CaptureFixture[str]) -> None:
    closed = io.StringIO()
    closed.close()
    handler = logging.StreamHandler(closed)
    logging.getLogger().addHandler(handler)
    try:
        broken()
    except IntegrityError:
        structlog.get_logger("tests").exception("a pass broke off")
    finally:
        logging.getLogger().removeHandler(handler)
    said = "".join(capfd.readouterr())
    assert PHONE not in said
    assert "I/O operation on closed file" not in said


def test_a_command_that_breaks_says_so_in_words(capfd: pytest.CaptureFixture[str]) -> None:
    try:
        broken()
    except IntegrityError as error:
        code = tell(error)
    said = "".join(capfd.readouterr())
    assert code == OWN_FAULT
    assert "Priem остановился из-за собственной ошибки." in said
    assert "test_logs.py" in said
    assert PHONE not in said
