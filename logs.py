"""One way for all logs: lines to standard error, without anybody's data.

`structlog` and the standard library's loggers end in the same place: readable on a terminal, one
JSON object a line elsewhere. A traceback names files and lines, never the values of local
variables: those are names, words and keys of people.
"""

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import Processor

QUIET = ("httpx", "httpcore", "pikepdf")
"""Loggers that write the address of every request, which can hold a code or a token; and one that
greets at its start."""


def configure(stream: TextIO | None = None) -> None:
    """Set both kinds of loggers. Call once, before anything is logged; again to change `stream`."""
    stream = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_last(stream),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _last(stream: TextIO) -> list[Processor]:
    if stream.isatty():
        plain = structlog.dev.plain_traceback
        return [structlog.dev.ConsoleRenderer(exception_formatter=plain)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
