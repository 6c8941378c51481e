"""Logs are for the engineer: what the machine did, with ids. Names, phones and secrets never get here."""

import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from typing import Any, TextIO

import structlog
from structlog.typing import ExcInfo

SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]


def logging_configuration(style: str, level: str) -> dict[str, Any]:
    """For `logging.config.dictConfig`: lines for a terminal, or JSON when `style` is `json`."""
    json = [
        structlog.processors.ExceptionRenderer(kinds_and_places),
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    plain = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=print_kinds_and_places)]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *(json if style == "json" else plain),
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django's own handlers would mail and print once more.
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            # Every login, in four lines.
            "axes": {"level": "WARNING"},
            # Every job, in three lines.
            "procrastinate": {"level": "WARNING"},
        },
    }


def kinds_and_places(exc_info: ExcInfo) -> str:
    """What broke and where, an exception a paragraph, the first cause first. Never what an exception says.

    PostgreSQL quotes the row in an IntegrityError, a parser the value that it could not read: both are patients.
    """
    return "\n".join(line for error in reversed(list(_causes(exc_info[1]))) for line in _kind_and_places(error))


def print_kinds_and_places(lines: TextIO, raised: ExcInfo) -> None:
    lines.write("\n" + kinds_and_places(raised))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _kind_and_places(error: BaseException) -> Iterator[str]:
    yield f"{type(error).__module__}.{type(error).__qualname__}"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"  {frame.filename}:{frame.lineno} {frame.name}"
    for inner in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        yield from _kind_and_places(inner)


def tell_of_a_thread(broken: threading.ExceptHookArgs) -> None:
    if broken.exc_value is not None and not isinstance(broken.exc_value, SystemExit):
        raised = (broken.exc_type, broken.exc_value, broken.exc_traceback)
        structlog.get_logger(__name__).error("a thread broke off", exc_info=raised)


def configure_structlog() -> None:
    threading.excepthook = tell_of_a_thread
    # Where a line cannot be written, Python would print the exception behind it instead, with all it says.
    logging.raiseExceptions = False
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
