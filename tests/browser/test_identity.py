"""Sign-in, step-up and log-out at a real provider (npm `oidc-provider`) in real Chromium."""

import re
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tools.demo.server import Server, free_port

pytestmark = pytest.mark.browser
ADMIN = "Hind Mohammed Al Marzooqi"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The product as a court runs it, but with the demo's people and the stand-in provider."""
    port = next(port for port in iter(free_port, None) if _free(port + 1))
    server = Server(
        tmp_path_factory.mktemp("identity"),
        port,
        MAHDAR_IDENTITY_STAND_IN="yes",
        MAHDAR_ASSURANCE="court",
    )
    server.start()
    yield server
    server.stop()


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(locale="en-GB")
    yield context
    context.close()


def continue_at_provider(page: Page, server: Server, name: str = ADMIN) -> None:
    """On our page: press the provider's button; there: be somebody."""
    page.get_by_role("link", name="Continue with Stand-in identity").click()
    expect(page).to_have_url(re.compile(f"^http://localhost:{server.port + 1}/interaction/"))
    page.get_by_role("button", name=name).click()


def sign_in(context: BrowserContext, server: Server) -> Page:
    page = context.new_page()
    page.goto(f"{server.address}/en/login")
    continue_at_provider(page, server)
    expect(page).to_have_url(f"{server.address}/en/sittings")
    return page


def test_sign_in_step_up_and_log_out(context: BrowserContext, server: Server) -> None:
    page = sign_in(context, server)
    expect(page.get_by_role("banner")).to_contain_text(ADMIN)
    page.goto(f"{server.address}/en/account")
    expect(page.get_by_text("Confirmed by a digital identity")).to_be_visible()

    page.goto(f"{server.address}/en/admin/people?from=here")  # a weak session: led to a step-up
    expect(page).to_have_url(f"{server.address}/en/step-up?level=medium")
    page.get_by_role("link", name="Continue with Stand-in identity").click()
    expect(page.locator("#level")).to_have_text("medium")  # asked again, though signed in there
    page.get_by_role("button", name=ADMIN).click()
    expect(page).to_have_url(f"{server.address}/en/admin/people?from=here")
    expect(page.get_by_role("heading", name="People", exact=True)).to_be_visible()

    page.locator("header details.menu summary").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("button", name="Yes, sign out").click()  # at the provider
    expect(page).to_have_url(f"{server.address}/en/login")
    expect(page.get_by_text("signed out here and at your identity provider")).to_be_visible()
    page.goto(f"{server.address}/en/account")
    expect(page).to_have_url(re.compile("/en/login"))
    page.get_by_role("link", name="Continue with Stand-in identity").click()
    expect(page.locator("#level")).to_have_text("low")  # the provider's session is over too


def test_an_address_that_was_edited_steps_nobody_up(
    context: BrowserContext, server: Server
) -> None:
    page = sign_in(context, server)
    page.goto(f"{server.address}/en/admin/people")

    start = page.get_by_role("link", name="Continue with Stand-in identity").get_attribute("href")
    answer = context.request.get(f"{server.address}{start}", max_redirects=0)
    parts = urlsplit(answer.headers["location"])
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert query["prompt"] == "login"
    weaker = {n: v for n, v in query.items() if n not in ("acr_values", "max_age", "prompt")}
    page.goto(f"{parts.scheme}://{parts.netloc}{parts.path}?{urlencode(weaker)}")
    expect(page.locator("[data-code^='identity.']")).to_be_visible()
    assert page.locator("[data-code]").get_attribute("data-code") in (
        "identity.level_not_reached",
        "identity.token_refused",
    )
    page.goto(f"{server.address}/en/admin/people")
    expect(page).to_have_url(re.compile("/en/step-up"))


def test_signing_out_at_the_provider_signs_out_here(
    context: BrowserContext, server: Server
) -> None:
    """Back-channel: the provider's server tells ours; this browser's page does nothing."""
    page = sign_in(context, server)
    there = context.new_page()
    there.goto(f"http://localhost:{server.port + 1}/session/end")
    there.get_by_role("button", name="Yes, sign out").click()
    there.wait_for_load_state()
    page.goto(f"{server.address}/en/account")
    expect(page).to_have_url(re.compile("/en/login"))


def test_whoever_has_no_account_or_cancels_is_told_what_to_do(
    context: BrowserContext, server: Server
) -> None:
    page = context.new_page()
    page.goto(f"{server.address}/ar/login")
    page.locator("a[href*='/identity/stand-in/start']").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("[data-code='identity.cancelled']")).to_be_visible()
    page.locator("a[href*='/identity/stand-in/start']").click()
    page.get_by_role("button", name="Visitor Without Account").click()
    expect(page.locator("[data-code='identity.no_account']")).to_be_visible()
    expect(page.locator("strong bdi")).to_have_text(re.compile("^[A-Z2-9]{8}$"))


def test_the_stand_in_ends_with_the_server(server: Server) -> None:
    """Killed with no goodbye, the server leaves no provider behind that anybody could use."""
    server.kill()
    address = f"http://localhost:{server.port + 1}/jwks"
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(address, timeout=2).close()
        except (urllib.error.URLError, OSError):
            return
    pytest.fail("the stand-in still answers")
