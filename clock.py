"""The time, passed in: services take a `Clock`, tests give their own."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns an aware datetime in UTC."""


def utc_now() -> datetime:
    """The system's time as an aware datetime in UTC."""
    return datetime.now(UTC)
