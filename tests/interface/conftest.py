"""Chromium looking at the sample pages, served by the real web server on a free port."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypercorn.asyncio import serve
from hypercorn.config import Config
from playwright.sync_api import Browser, Page, sync_playwright

from tests.interface.sample import application
from tools.chromium import QUIET, executable
from tools.demo.server import free_port


@contextmanager
def served() -> Iterator[str]:
    """The address of the sample pages while they are served."""
    port = free_port()
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.accesslog = None
    started, stop = threading.Event(), threading.Event()

    async def main() -> None:
        async def until_stopped() -> None:
            started.set()
            await asyncio.to_thread(stop.wait)

        await serve(application(), config, shutdown_trigger=until_stopped)

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    started.wait(30)
    try:
        yield f"http://localhost:{port}"
    finally:
        stop.set()
        thread.join(30)


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    with served() as url:
        yield url


@pytest.fixture(scope="module")  # while it lives, the thread's loop runs: no async test can
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def look(chromium: Browser, address: str) -> Iterator[Callable[[str, int], Page]]:
    """`look("/ar/login", 390)` gives the page at that width; its errors fail the test."""
    contexts = []
    wrong: list[str] = []

    def open_page(path: str, width: int = 1280) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console",
            lambda message: (
                wrong.append(message.text)
                if message.type == "error" and "status of 4" not in message.text
                else None
            ),
        )
        page.goto(address + path)
        page.evaluate("document.fonts.ready")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []
