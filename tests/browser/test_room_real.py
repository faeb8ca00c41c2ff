"""The room's pages against the real product: kit check, a sitting, and a killed server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from auth.demo import PASSWORD
from tests.browser.test_room_link import moves
from tools.demo.server import Server, free_port

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
]  # two starts of the product, each with its migrations


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    found = Server(tmp_path, free_port(), MAHDAR_DEMO_SITTINGS="yes")
    found.start()
    yield found
    found.stop()


@pytest.fixture
def people(chromium: Browser, server: Server) -> Iterator[list[Page]]:
    """Pages that are closed at the end."""
    pages: list[Page] = []
    yield pages
    for page in pages:
        page.context.close()


def _signed_in(chromium: Browser, server: Server, people: list[Page], name: str) -> Page:
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page = context.new_page()
    people.append(page)
    page.goto(f"{server.address}/en/login")
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/sittings")
    return page


def _enter(page: Page) -> None:
    page.get_by_role("link", name="Enter").first.click()
    expect(page.locator("#room")).to_have_attribute("data-phase", "lobby")


def test_the_kit_check_reaches_the_clerk(
    chromium: Browser, server: Server, people: list[Page]
) -> None:
    page = _signed_in(chromium, server, people, "lawyer")
    page.goto(f"{server.address}/en/kit")
    expect(page.get_by_text("We hear your microphone.")).to_be_visible()
    page.get_by_role("button", name="Play a tone").click()
    page.get_by_role("button", name="Yes").click()
    page.get_by_role("button", name="Measure the line").click()
    expect(page.locator(".kit-result")).to_be_visible(timeout=60_000)
    expect(page.locator("#kit")).to_contain_text("Round trip")
    page.goto(f"{server.address}/en/sittings")
    _enter(page)
    expect(page.locator(".waiting-who")).to_contain_text("Kit check")
    clerk = _signed_in(chromium, server, people, "clerk")
    _enter(clerk)
    expect(clerk.locator(".people")).to_contain_text("Kit check")


def test_a_killed_server_takes_nobody_off_their_seat(
    chromium: Browser, server: Server, people: list[Page]
) -> None:
    judge = _signed_in(chromium, server, people, "judge")
    clerk = _signed_in(chromium, server, people, "clerk")
    _enter(judge)
    _enter(clerk)
    judge.get_by_role("button", name="Open the sitting").click()
    seat = str(judge.locator(".tile", has_text="(you)").get_attribute("data-seat"))
    moves(clerk, seat)
    judge.evaluate("window.notReloaded = true")
    server.kill()
    expect(judge.locator(".notice-lost")).to_be_visible()
    server.start()
    expect(judge.locator(".notice-lost")).to_have_count(0, timeout=60_000)
    moves(clerk, seat)
    assert judge.evaluate("window.notReloaded")
    expect(judge.locator("#room")).to_have_attribute("data-place", "hearing")
