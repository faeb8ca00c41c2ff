"""The door from both sides in real Chromium: a document is shown and compared, the identity is not
proved and then is, the room is shown and declared empty, the oath is taken."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Sit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def seat(page: Page) -> Locator:
    return page.locator('.seat[data-seat="witness"]')


def from_menu(page: Page, name: str) -> None:
    """A rarer action of the seat."""
    seat(page).get_by_role("button", name="More").click()
    page.get_by_role("button", name=name, exact=True).click()


def compare(page: Page, result: str) -> None:
    """The clerk sees the one who waits, with the name and digits that were booked."""
    seat(page).get_by_role("button", name="Identity").first.click()
    dialog = page.locator("dialog")
    expect(dialog.locator("video")).to_be_visible()
    page.wait_for_function("() => document.querySelector('dialog video').videoWidth > 0")
    expect(dialog).to_contain_text("Fatima Ali")
    expect(dialog).to_contain_text("4821")
    dialog.get_by_label("Document that was shown").select_option("passport")
    dialog.get_by_label("Last four").fill("4821")
    dialog.get_by_label(result, exact=True).check()
    dialog.get_by_role("button", name="Write to the record").click()
    expect(dialog).to_be_hidden()


def test_a_witness_from_the_door_to_the_oath(sit: Sit) -> None:
    mock, visitors = sit()
    mock.arrive("judge", "prosecutor")
    clerk, witness = visitors.open("clerk"), visitors.open("witness")
    clerk.get_by_role("button", name="Open the sitting").click()

    compare(clerk, "do not match, or cannot be compared")
    expect(witness.locator("#room")).to_contain_text("Your identity is not proved")
    expect(seat(clerk)).to_contain_text("not proved")
    expect(seat(clerk).get_by_role("button", name="Admit without proof")).to_have_count(0)
    assert mock.room.at("witness").identity.value == "not_proved"
    compare(clerk, "match")
    expect(witness.locator("#room")).not_to_contain_text("Your identity is not proved")

    from_menu(clerk, "Ask to see the room")
    expect(witness.locator("#room")).to_contain_text("Turn your camera slowly once around")
    witness.get_by_role("button", name="I showed the room, and I am alone in it").click()
    expect(seat(clerk)).to_contain_text("Declares to be alone in the room")
    from_menu(clerk, "Room seen")
    clerk.get_by_label("nobody else is in the room", exact=True).check()
    clerk.get_by_role("button", name="Write to the record").click()
    expect(clerk.locator("dialog")).to_be_hidden()
    expect(seat(clerk)).to_contain_text("Alone in the room, seen by the court")

    seat(clerk).get_by_role("button", name="Call", exact=True).click()
    expect(witness.locator("#room")).to_have_attribute("data-place", "hearing")
    clerk.get_by_role("button", name="Go on record").click()
    expect(clerk.locator(".rec")).to_contain_text("On record")
    seat(clerk).get_by_role("button", name="Oath").click()
    dialog = clerk.locator("dialog")
    expect(dialog.locator("blockquote[lang=ar]")).to_be_visible()
    expect(dialog.locator("blockquote[lang=en]")).to_be_visible()
    dialog.get_by_label("years old or older").check()
    dialog.get_by_label("taken", exact=True).check()
    dialog.get_by_role("button", name="Write to the record").click()
    expect(dialog).to_be_hidden()
    assert mock.room.at("witness").oath == "taken"
    expect(seat(clerk)).to_contain_text("Oath taken")
