"""A couple in real Chromium, in Arabic: two devices fill in one application, the guardian agrees,
the judge accepts with a confirmation, the fee is paid, and an officiant and an hour are booked."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import Error as PlaywrightError

from auth.demo import PASSWORD
from tests.notary.marriage.pages import UPLOADS, typed
from tests.support.axe import violations
from tools.demo.server import Server, free_port

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
JUDGE_ACCEPTS = "قبول الطلب"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    found = Server(tmp_path, free_port(), MAHDAR_ASSURANCE="court")
    found.start()
    yield found
    found.stop()


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    file, made = io.BytesIO(), pikepdf.new()
    made.add_blank_page()
    made.save(file)
    path = tmp_path / "paper.pdf"
    path.write_bytes(file.getvalue())
    return path


class Device:
    """One person's browser."""

    def __init__(self, browser: Browser, server: Server, name: str, width: int = 1280) -> None:
        context = browser.new_context(
            viewport={"width": width, "height": 844}, reduced_motion="reduce", locale="ar"
        )
        self.page: Page = context.new_page()
        self.base = f"{server.address}/ar"
        self.page.goto(f"{self.base}/login")
        self.page.fill("input[name=username]", name)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.locator("form:has(input[name=password]) button[type=submit]").first.click()
        self.page.wait_for_url("**/sittings")

    def go(self, path: str) -> None:
        """The page may be opening itself anew just now: another device changed the file."""
        for last in (False, False, True):
            try:
                self.page.goto(f"{self.base}{path}")
            except PlaywrightError as error:
                if last or "interrupted by another navigation" not in str(error):
                    raise
            else:
                return

    def fill(self, fields: dict[str, str]) -> None:
        for name, value in fields.items():
            at = self.page.locator(f'form[data-shared] [name="{name}"]')
            kind = at.first.evaluate("e => e.type || e.tagName")
            if kind == "select-one":
                at.select_option(value)
            elif kind == "radio":
                self.page.locator(f'form[data-shared] [name="{name}"][value="{value}"]').check()
            elif kind == "checkbox":
                at.check()
            else:
                at.fill(value)

    def save(self) -> None:
        self.page.locator("form[data-shared] button[name=stay]").last.click()

    def looked(self) -> None:
        """What axe finds, and what is wider than the page."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, (self.page.url, wide)
        assert violations(self.page) == [], self.page.url


def link_for(device: Device, id: str, part: str) -> str:
    device.go(f"/marriages/{id}")
    device.page.locator(f'form:has(input[value="{part}"]) button').first.click()
    return device.page.locator("#join-link").input_value().partition("/marriages/")[2]


def test_two_devices_a_guardian_a_judge_and_an_officiant(
    chromium: Browser, server: Server, paper: Path
) -> None:
    groom, bride = Device(chromium, server, "groom"), Device(chromium, server, "bride", 390)
    groom.go("/marriages")
    groom.looked()
    groom.page.select_option("#part", "groom")
    groom.page.get_by_role("button", name="ابدأ").click()
    groom.page.wait_for_url("**/track")
    id = groom.page.url.split("/marriages/")[1].split("/")[0]
    others = {"bride": bride}
    for part, name in (
        ("guardian", "guardian"), ("witness_1", "witness1"), ("witness_2", "witness2"),
    ):  # fmt: skip
        others[part] = Device(chromium, server, name)
    today = datetime.now(UTC).date()
    pages = typed(today)

    groom.go(f"/marriages/{id}/track")
    first = {name: value for name, value in pages["track"].items() if name != "track"}
    groom.fill(first)
    groom.save()
    groom.fill({"track": "sharia_federal"})
    groom.save()
    for part in ("bride", "guardian", "witness_1", "witness_2"):
        token = link_for(groom, id, part)
        others[part].go(f"/marriages/{token}")
        others[part].looked()
        others[part].page.locator("main form button[type=submit]").click()
        others[part].page.wait_for_url(f"**/marriages/{id}")

    # Both have the same page open; each saves their part of it, and both are kept.
    groom.go(f"/marriages/{id}/people")
    bride.go(f"/marriages/{id}/people")
    bride.looked()
    half = {name: value for name, value in pages["people"].items() if name.startswith("groom.")}
    groom.fill(half)
    bride.fill({name: value for name, value in pages["people"].items() if name not in half})
    groom.save()
    expect(bride.page.locator("[data-marriage]")).to_be_visible(timeout=15_000)
    bride.save()
    groom.go(f"/marriages/{id}/people")
    for name, value in pages["people"].items():
        expect(groom.page.locator(f'form[data-shared] [name="{name}"]')).to_have_value(value)

    # What is saved on one device appears on the other by itself.
    groom.go(f"/marriages/{id}/terms")
    bride.go(f"/marriages/{id}/terms")
    bride.fill(pages["terms"])
    bride.save()
    expect(groom.page.locator('[name="dower.prompt"]')).to_have_value("10000", timeout=15_000)
    for code in ("status", "guardian", "impediments", "papers"):
        groom.go(f"/marriages/{id}/{code}")
        groom.looked()
        groom.fill(pages[code])
        groom.save()
        bride.go(f"/marriages/{id}/{code}")
        bride.looked()
    for what in UPLOADS:
        groom.go(f"/marriages/{id}/papers")
        at = groom.page.locator(f'form:has(input[value="{what}"])').last
        at.locator("input[type=file]").set_input_files(paper)
        at.locator("button").click()
        expect(groom.page.locator(".alert-success")).to_be_visible()

    bride.go(f"/marriages/{id}/check")
    bride.looked()
    expect(bride.page.locator('[data-rule="R-MR-09"]')).to_have_attribute("data-state", "missing")
    guardian = others["guardian"]
    guardian.go(f"/marriages/{id}")
    guardian.looked()
    guardian.page.get_by_role("button", name="أوافق").click()
    bride.go(f"/marriages/{id}/check")
    expect(bride.page.locator('[data-state="missing"]')).to_have_count(0)
    bride.page.get_by_role("button", name="إرسال إلى القاضي").click()
    bride.page.wait_for_url(f"**/marriages/{id}")

    judge = Device(chromium, server, "family_judge")
    telephone(judge)
    judge.go("/court/marriages")
    judge.looked()
    judge.page.locator(f'a[href*="{id}"]').first.click()
    judge.page.wait_for_url("**/review")
    judge.looked()
    judge.page.get_by_role("button", name=JUDGE_ACCEPTS).click()
    expect(judge.page.locator(".aegov-badge").first).to_have_text("معتمد", timeout=15_000)

    groom.go(f"/marriages/{id}")
    groom.page.select_option("#delivery", "collect")
    groom.page.locator('form[action$="/pay"] button').click()
    groom.page.wait_for_url("**/stand-in")
    groom.page.locator("main form button[type=submit]").click()
    groom.page.wait_for_url(f"**/marriages/{id}")
    bride.go(f"/marriages/{id}")
    bride.looked()
    groom.page.locator("#slot").select_option(index=1)
    book(groom, id)
    groom.looked()
    officiant = Device(chromium, server, "officiant", 390)
    officiant.go("/officiant/marriages")
    officiant.looked()
    judge.go("/marriages/contracts")
    judge.looked()


def telephone(judge: Device) -> None:
    """A passkey of the judge, who signs in with it."""
    session = judge.page.context.new_cdp_session(judge.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    judge.go("/account")
    judge.page.locator('a[href$="/passkeys/new"]').first.click()
    judge.page.locator("main input[name=name]").fill("هاتفي")
    judge.page.locator("main form button[type=submit]").first.click()
    judge.page.wait_for_url("**/account")


def book(groom: Device, id: str) -> None:
    groom.page.locator('form[action$="/book"] button').click()
    groom.page.wait_for_url(f"**/marriages/{id}")
    expect(groom.page.locator(".aegov-badge").first).to_have_text("محجوز")
