"""Passkeys in real Chromium with its virtual authenticator: add one, sign in with it, and confirm a
legal act in a live room of a court (profile `court`: a password is not enough)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from auth.demo import PASSWORD
from tools.demo.server import Server, free_port

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    found = Server(tmp_path, free_port(), MAHDAR_DEMO_SITTINGS="yes", MAHDAR_ASSURANCE="court")
    found.start()
    yield found
    found.stop()


@pytest.fixture
def clerk(chromium: Browser, server: Server) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{server.address}/en/login")
    page.fill("input[name=username]", "clerk")
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/sittings")
    yield page
    context.close()


def device(page: Page) -> tuple[CDPSession, str]:
    """A telephone with a finger that is recognised."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    return session, made["authenticatorId"]


def test_a_passkey_from_its_first_day_to_a_legal_act(clerk: Page, server: Server) -> None:
    session, telephone = device(clerk)
    clerk.goto(f"{server.address}/en/account")
    expect(clerk.locator("main")).to_contain_text("Low")
    clerk.get_by_role("link", name="Add a passkey").click()
    clerk.get_by_label("Name of this passkey").fill("My telephone")
    clerk.get_by_role("button", name="Create the passkey").click()
    clerk.wait_for_url("**/account")
    expect(clerk.locator("main")).to_contain_text("My telephone")

    clerk.locator("details.menu summary").click()
    clerk.get_by_role("banner").get_by_role("button", name="Sign out").click()
    clerk.wait_for_url("**/login")
    clerk.get_by_role("button", name="Sign in with a passkey").click()
    clerk.wait_for_url("**/sittings")
    clerk.goto(f"{server.address}/en/account")
    expect(clerk.locator("main")).to_contain_text("High")

    clerk.goto(f"{server.address}/en/sittings")
    clerk.get_by_role("link", name="Enter").first.click()
    room = clerk.locator("#room")
    expect(room).to_have_attribute("data-phase", "lobby")
    clerk.get_by_role("button", name="Open the sitting").click()
    expect(room).to_have_attribute("data-phase", "roll_call")

    # A finger that is not recognised: the sitting goes on, and the person may try again.
    unverified = {"authenticatorId": telephone, "isUserVerified": False}
    session.send("WebAuthn.setUserVerified", unverified)
    _end_the_sitting(clerk)
    confirm = clerk.locator("dialog.confirm")
    expect(confirm).to_contain_text("End the sitting")
    expect(confirm.get_by_role("alert")).to_contain_text("No passkey was given")
    clerk.keyboard.press("Escape")
    expect(confirm).to_have_count(0)
    expect(clerk.locator("dialog.dialog")).to_contain_text("You did not confirm it")
    expect(room).to_have_attribute("data-phase", "roll_call")

    # One gesture: the act's own button, and the finger.
    session.send("WebAuthn.setUserVerified", {**unverified, "isUserVerified": True})
    clerk.locator("dialog.dialog").get_by_role("button", name="End the sitting").click()
    expect(room).to_have_attribute("data-phase", "closed")


def _end_the_sitting(page: Page) -> None:
    page.get_by_role("toolbar").get_by_role("button", name="More").click()
    page.get_by_role("toolbar").get_by_role("button", name="End the sitting").click()
    dialog = page.locator("dialog.dialog")
    dialog.get_by_label("Yes, end this sitting").check()
    dialog.get_by_role("button", name="End the sitting").click()
