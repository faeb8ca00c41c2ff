"""A log of its own for each test, on SQLite and on PostgreSQL."""

from datetime import UTC, datetime, timedelta

import pytest

from audit import key
from audit.service import AuditLog
from database import Database

ORIGIN = "court.example/audit"


class StepClock:
    """Each look is a second later than the one before."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture(scope="session")
def log_key() -> key.LogKey:
    return key.generate(ORIGIN)


@pytest.fixture
def log(database: Database, log_key: key.LogKey) -> AuditLog:
    return AuditLog(database, log_key, ORIGIN, StepClock())
