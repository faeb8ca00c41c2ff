"""A detention room's device in real Chromium: enrolled with a code, its key stays, an officer
enters on it, and when it is revoked the open page is out at once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from auth.demo import PASSWORD
from tools.demo.server import Server, free_port

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    found = Server(
        tmp_path, free_port(), MAHDAR_DEMO_SITTINGS="yes", MAHDAR_ROOM_DEVICES="demanded"
    )
    found.start()
    yield found
    found.stop()


@pytest.fixture
def rooms(chromium: Browser) -> Iterator[list[BrowserContext]]:
    """The administrator's browser, the room's device, and an officer's computer."""
    found = [chromium.new_context(viewport={"width": 1280, "height": 800}) for _ in range(3)]
    yield found
    for context in found:
        context.close()


def sign_in(context: BrowserContext, server: Server, username: str) -> Page:
    page = context.new_page()
    page.goto(f"{server.address}/en/login")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/sittings")
    return page


EXPORT = """async () => {
  const { enrolled, sign } = await import("/static/dev/js/room_device.js");
  const { key } = await enrolled();
  const tries = {};
  for (const form of ["pkcs8", "jwk", "raw"]) {
    tries[form] = await crypto.subtle.exportKey(form, key).then(() => "out", (e) => e.name);
  }
  return { ...tries, extractable: key.extractable, type: key.type, usages: key.usages };
}"""


def test_a_device_from_its_code_to_its_end(server: Server, rooms: list[BrowserContext]) -> None:
    office, cell, home = rooms
    admin = sign_in(office, server, "admin")
    admin.goto(f"{server.address}/en/admin/rooms")
    admin.get_by_role("link", name="Devices and networks").click()
    admin.get_by_label("Networks that the room's devices may come from").fill(
        "127.0.0.0/8\n::1/128"
    )
    admin.get_by_role("button", name="Save").click()
    admin.get_by_label("Name of the device").fill("Left wall")
    admin.get_by_role("button", name="Make a code").click()
    code = admin.locator("section[data-focus] bdi.mono").inner_text()

    device = cell.new_page()
    device.goto(f"{server.address}/en/device")
    device.get_by_label("Enrolment code").fill("AAAA BBBB")
    device.get_by_role("button", name="Enrol this device").click()
    expect(device.get_by_role("alert")).to_contain_text("This code is wrong")
    device.get_by_label("Enrolment code").fill(code.lower())
    device.get_by_role("button", name="Enrol this device").click()
    card = device.locator("#enrolled")
    expect(card).to_contain_text("Left wall")
    fingerprint = card.locator("[data-of=fingerprint]").inner_text()
    admin.reload()
    expect(admin.locator("main")).to_contain_text(fingerprint)

    # The key cannot be taken out, whatever asks.
    module = device.locator('script[src*="device_enrol"]').get_attribute("src") or ""
    folder = module.rpartition("/")[0]
    tried = device.evaluate(EXPORT.replace("/static/dev/js", folder))
    assert tried == {
        "pkcs8": "InvalidAccessError",
        "jwk": "InvalidAccessError",
        "raw": "InvalidAccessError",
        "extractable": False,
        "type": "private",
        "usages": ["sign"],
    }

    # The officer's own computer shows the sitting and opens no seat.
    own = sign_in(home, server, "officer")
    own.get_by_role("link", name="Enter").first.click()
    expect(own.locator("main")).to_contain_text("only on the enrolled device")

    # On the device the same officer comes in.
    officer = sign_in(cell, server, "officer")
    expect(officer.get_by_role("banner")).to_contain_text("Left wall")
    officer.get_by_role("link", name="Enter").first.click()
    expect(officer.locator("#room")).to_have_attribute("data-phase", "lobby")

    # Revoked: out at once, and signed out.
    admin.get_by_role("button", name="Revoke").click()
    admin.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(admin.locator("main")).to_contain_text("The device is revoked")
    expect(officer.locator("#room")).to_contain_text("signed out")
    officer.goto(f"{server.address}/en/sittings")
    officer.wait_for_url("**/login**")
