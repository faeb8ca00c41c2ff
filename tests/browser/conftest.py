"""One Chromium for each module of tests, and the live room's mock behind its pages."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.mock_room import MockRoom, served
from tests.browser.room_pages import Visitors, browser

expect.set_options(
    timeout=20_000
)  # a condition is awaited, never a time: a slow machine is no fault

Sit = Callable[..., tuple[MockRoom, Visitors]]


@pytest.fixture(scope="module")  # while it lives, the thread's loop runs: no async test can
def chromium() -> Iterator[Browser]:
    with browser() as found:
        yield found


@pytest.fixture
def sit(chromium: Browser) -> Iterator[Sit]:
    """`sit(kind=..., starts_in=seconds)` gives a mock sitting and its visitors; an error on any of
    their pages fails the test."""
    with ExitStack() as stack:
        everybody = []

        def make(**options: object) -> tuple[MockRoom, Visitors]:
            mock = MockRoom(**options)  # type: ignore[arg-type]
            visitors = Visitors(chromium, stack.enter_context(served(mock)))
            stack.callback(visitors.close)
            everybody.append(visitors)
            return mock, visitors

        yield make
        assert [text for visitors in everybody for text in visitors.wrong] == []
