"""Logs hold no values of people: neither a traceback's locals nor a statement's parameters."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import logs
from database import Database


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    logs.configure(stream)
    yield stream
    logs.configure()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def fail(name: str) -> None:
    words = f"{name} said this"
    raise RuntimeError(f"failed after {len(words)} letters")


def log_a_failure() -> None:
    try:
        fail("Mariam")
    except RuntimeError:
        structlog.get_logger("ours").exception("it.failed", sitting="ab12")


def test_a_traceback_has_no_local_values(written: io.StringIO) -> None:
    log_a_failure()
    line = json.loads(written.getvalue())
    assert line["event"] == "it.failed"
    assert line["sitting"] == "ab12"
    assert "RuntimeError: failed after 16 letters" in line["exception"]
    assert "Mariam said" not in written.getvalue()


def test_nor_on_a_terminal() -> None:
    stream = Terminal()
    logs.configure(stream)
    try:
        log_a_failure()
    finally:
        logs.configure()
    assert "RuntimeError: failed after 16 letters" in stream.getvalue()
    assert "Mariam said" not in stream.getvalue()


def test_the_standard_library_logs_into_the_same_place(written: io.StringIO) -> None:
    logging.getLogger("aiortc").warning("a transport %s", "closed")
    line = json.loads(written.getvalue())
    assert (line["event"], line["logger"], line["level"]) == (
        "a transport closed",
        "aiortc",
        "warning",
    )


def test_addresses_of_requests_are_not_logged(written: io.StringIO) -> None:
    logging.getLogger("httpx").info("HTTP Request: GET https://id.example/?code=secret")
    assert written.getvalue() == ""


async def test_a_statement_that_fails_keeps_its_values_to_itself(database: Database) -> None:
    with pytest.raises(DBAPIError) as caught:
        async with database.unit() as session:
            await session.execute(text("INSERT INTO nowhere VALUES (:name)"), {"name": "Mariam"})
    assert "nowhere" in str(caught.value)
    assert "Mariam" not in str(caught.value)
