"""One person in a headless browser: signs in, enters the room, presses what a person presses.

Everything goes through the pages in the person's language, by the words on the buttons, which are
named here in English; nothing is injected but a watch on the clock of the first remote picture and
sound.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, CDPSession, Locator, Page

import i18n
from auth.demo import PASSWORD

TIMEOUT_MS = 45_000
"""A condition is awaited, never a time; a slow machine is no fault."""
TELEPHONE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
WATCH = Path(__file__).with_name("watch.js").read_text("utf-8")


@dataclass
class Participant:
    """A role at work in its own browser context."""

    role: str
    address: str
    context: BrowserContext
    page: Page
    errors: list[str]
    language: str = "en"
    authenticator: CDPSession | None = None

    @classmethod
    async def create(
        cls, browser: Browser, role: str, address: str, script: str = "", language: str = "en"
    ) -> "Participant":
        """A new person with an empty browser; `script` runs before the pages' own."""
        context = await browser.new_context(
            viewport={"width": 1024, "height": 640}, locale="en-GB", timezone_id="Asia/Dubai"
        )
        context.set_default_timeout(TIMEOUT_MS)
        await context.add_init_script(WATCH)
        if script:
            await context.add_init_script(script)
        page = await context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(f"{role}: {error}"))
        return cls(role, address, context, page, errors, language)

    def word(self, text: str) -> str:
        """A message of ours as this person reads it."""
        return i18n.translate(self.language, text)

    def url(self, path: str) -> str:
        """A page in the person's language."""
        return f"{self.address}/{self.language}{path}"

    async def sign_in(self, username: str) -> None:
        """Through the sign-in page, with the demo password."""
        await self.page.goto(self.url("/login"))
        await self.page.fill("input[name=username]", username)
        await self.page.fill("input[name=password]", PASSWORD)
        await self.page.locator("main form button[type=submit]").first.click()
        await self.page.wait_for_url(re.compile("/sittings"))

    async def add_passkey(self) -> None:
        """A telephone with a finger that is recognised, added on the account's page."""
        self.authenticator = await self.context.new_cdp_session(self.page)
        await self.authenticator.send("WebAuthn.enable")
        await self.authenticator.send("WebAuthn.addVirtualAuthenticator", {"options": TELEPHONE})
        await self.page.goto(self.url("/account/passkeys/new"))
        await self.page.get_by_label(self.word("Name of this passkey")).fill("My telephone")
        await self.press("Create the passkey")
        await self.page.wait_for_url(re.compile("/account$"))

    async def enter(self, sitting: str) -> None:
        """Open the live room; returns when it shows the lobby or the hearing."""
        await self.page.goto(self.url(f"/sittings/{sitting}/room"))
        await self.place_is("lobby", "witness_room", "hearing")

    async def place_is(self, *places: str, timeout: float = TIMEOUT_MS) -> None:
        """Wait until the page says that this person is in one of these places."""
        marks = ", ".join(f'html[data-view="{place}"]' for place in places)
        await self.page.wait_for_selector(marks, timeout=timeout, state="attached")

    async def phase_is(self, phase: str, timeout: float = TIMEOUT_MS) -> None:
        """Wait until the page shows this phase of the sitting."""
        await self.page.wait_for_selector(
            f'html[data-phase="{phase}"]', timeout=timeout, state="attached"
        )

    async def press(self, name: str, within: Locator | None = None) -> None:
        """Press the button with this word on it."""
        button = (within or self.page).get_by_role("button", name=self.word(name), exact=True)
        await button.first.click()

    async def follow(self, name: str) -> None:
        """Press the link with this word on it, within the page."""
        link = self.page.locator("main").get_by_role("link", name=self.word(name), exact=True)
        await link.first.click()

    async def confirm(self, name: str, **fields: str) -> None:
        """Fill the open dialog's fields by name and confirm."""
        dialog = self.page.locator("dialog[open]")
        for key, value in fields.items():
            await dialog.locator(f"[name={key}]").fill(value)
        await dialog.get_by_role("button", name=self.word(name), exact=True).click()
        await dialog.wait_for(state="detached")

    async def end_sitting(self, timeout: float = TIMEOUT_MS) -> None:
        """End it, and say that one is sure; then a passkey may ask in a dialog of its own."""
        await self.press("More")
        await self.press("End the sitting")
        dialog = self.page.locator("dialog[open]", has=self.page.locator("[name=sure]"))
        await dialog.locator("[name=sure]").check()
        await self.press("End the sitting", dialog)
        await self.phase_is("closed", timeout)

    async def marks(self) -> dict[str, float]:
        """Milliseconds from being let in to the first remote frame and sound; -1 for never."""
        found: dict[str, float] = await self.page.evaluate("window.__marks")
        start = found["admitted"]
        return {
            "first_frame_ms": round(found["frame"] - start) if found["frame"] else -1,
            "first_audio_ms": round(max(found["audio"] - start, 0)) if found["audio"] else -1,
        }
