"""A line that breaks: the person comes back to the same seat, and everybody knows what was missed.

How long it takes is measured by `python -m benchmarks.resume`; here it must happen.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from auth.demo import PASSWORD
from tests.browser.test_room_link import moves
from tests.support.bad_network import BadNetwork, served
from tools.demo.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture
def network(tmp_path: Path) -> Iterator[tuple[Server, BadNetwork]]:
    with served(tmp_path) as found:
        yield found


def enter(chromium: Browser, server: Server, name: str, network: BadNetwork | None = None) -> Page:
    """A person's page in the first sitting, behind the network if one is given."""
    context = chromium.new_context(
        viewport={"width": 1280, "height": 800},
        reduced_motion="reduce",
        user_agent=None if network is None else network.agent,
    )
    page = context.new_page()
    if network is not None:
        page.add_init_script(network.script)
    page.goto(f"{server.address}/en/login")
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/sittings")
    page.get_by_role("link", name="Enter").first.click()
    expect(page.locator("#room")).to_have_attribute("data-phase", "lobby")
    return page


def test_a_cut_line_and_a_new_network_lead_back_to_the_same_seat(
    chromium: Browser, network: tuple[Server, BadNetwork]
) -> None:
    server, line = network
    judge = enter(chromium, server, "judge", line)
    clerk = enter(chromium, server, "clerk")
    judge.get_by_role("button", name="Open the sitting").click()
    seat = str(judge.locator(".tile", has_text="(you)").get_attribute("data-seat"))
    other = str(clerk.locator(".tile", has_text="(you)").get_attribute("data-seat"))
    moves(clerk, seat)
    moves(judge, other)
    judge.evaluate("window.notReloaded = true")
    clerk.evaluate(TILES, seat)

    line.cut()
    expect(clerk.locator(f'.people [data-seat="{seat}"]')).to_contain_text("Hears nothing since")
    judge.wait_for_timeout(8_000)
    line.mend()
    moves(clerk, seat)
    moves(judge, other)
    expect(judge.locator(".notice-missed")).to_contain_text("You missed part of the sitting")
    expect(clerk.locator(f'.people [data-seat="{seat}"]')).to_contain_text("Missed 1")
    judge.get_by_role("button", name="I have read this").click()
    expect(judge.locator(".notice-missed")).to_have_count(0)

    line.change()
    judge.wait_for_timeout(1_000)
    moves(clerk, seat)
    moves(judge, other)
    assert judge.evaluate("window.notReloaded")
    expect(judge.locator("#room")).to_have_attribute("data-place", "hearing")
    assert clerk.evaluate("window.mostTiles") == 1
    assert clerk.locator(f'audio[data-seat="{seat}"]').count() == 1
    for page in (judge, clerk):
        page.context.close()


TILES = """(seat) => {
  window.mostTiles = 0;
  setInterval(() => {
    const now = document.querySelectorAll(`.tile-camera[data-seat="${seat}"]`).length;
    window.mostTiles = Math.max(window.mostTiles, now);
  }, 50);
}"""
