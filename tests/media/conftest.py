"""One Chromium for all media tests; each test has an engine and a room of its own."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from signaling.aiortc_engine import AiortcEngine
from signaling.media_room import ForwardingRoom
from tests.media.browser import Events, Hall, launch


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def engine() -> AsyncIterator[AiortcEngine]:
    engine = AiortcEngine(hosts=("127.0.0.1",))
    yield engine
    await engine.close()


@pytest_asyncio.fixture(loop_scope="module")
async def events() -> Events:
    return Events()


@pytest_asyncio.fixture(loop_scope="module")
async def room(engine: AiortcEngine, events: Events) -> ForwardingRoom:
    return await engine.open("sitting", events.append)


@pytest_asyncio.fixture(loop_scope="module")
async def hall(chromium: Browser, room: ForwardingRoom) -> AsyncIterator[Hall]:
    async with Hall(chromium, room) as hall:
        yield hall
