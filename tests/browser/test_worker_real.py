"""A media worker is killed under two real pages: their pictures come back on the same seats."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest
from playwright.sync_api import Browser, Page

from tests.browser.test_room_link import moves
from tests.browser.test_room_real import _enter, _signed_in
from tools.demo.server import Server, free_port

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    found = Server(tmp_path, free_port(), MAHDAR_DEMO_SITTINGS="yes", MAHDAR_MEDIA_WORKERS="1")
    found.start()
    yield found
    found.stop()


def test_a_killed_worker_takes_nobody_off_their_seat(chromium: Browser, server: Server) -> None:
    people: list[Page] = []
    judge = _signed_in(chromium, server, people, "judge")
    clerk = _signed_in(chromium, server, people, "clerk")
    _enter(judge)
    _enter(clerk)
    judge.get_by_role("button", name="Open the sitting").click()
    seat = str(judge.locator(".tile", has_text="(you)").get_attribute("data-seat"))
    moves(clerk, seat)
    for page in people:
        page.evaluate("window.notReloaded = true")
    (worker,) = [one for one in psutil.Process().children(recursive=True) if _is_worker(one)]
    os.kill(worker.pid, signal.SIGKILL)
    clerk.get_by_text("Sound and picture of all were cut off").first.wait_for()
    moves(clerk, seat)
    for page in people:
        assert page.evaluate("window.notReloaded")
        assert page.locator("#room").get_attribute("data-place") == "hearing"
        page.context.close()


def _is_worker(process: psutil.Process) -> bool:
    try:
        return "signaling.worker" in process.cmdline()
    except psutil.Error:  # it ended while we looked
        return False
