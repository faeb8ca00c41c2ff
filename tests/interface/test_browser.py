"""Pages in Chromium: reflow, keyboard, language, forms, dialogs, weight."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Response

from tests.interface.sample import samples

Look = Callable[..., Page]
pytestmark = pytest.mark.browser
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("width", [1280, 390, 320])
@pytest.mark.parametrize("language", ["ar", "en"])
def test_nothing_is_wider_than_the_page(
    language: str, width: int, look: Look, address: str
) -> None:
    page = look(f"/{language}/", width)
    wide = {}
    for path in sorted(samples()):
        page.goto(f"{address}/{language}{path}")
        if path == "/sittings/q1/recording":
            page.wait_for_selector(".control-play")
        if (by := page.evaluate(OVERFLOW)) > 0:
            wide[path] = by
    assert wide == {}


@pytest.mark.parametrize("path", ["/sittings", "/sittings/a1b2c3d4e5f60718", "/sittings/book"])
def test_arabic_is_the_mirror_of_english(path: str, look: Look) -> None:
    start = """direction => [...document.querySelectorAll('main h1, .panel, .brand')].slice(0, 4)
        .map(e => e.getBoundingClientRect())
        .map(r => Math.round(direction === 'rtl' ? innerWidth - r.right : r.left))"""
    assert look(f"/ar{path}").evaluate(start, "rtl") == look(f"/en{path}").evaluate(start, "ltr")


@pytest.mark.parametrize("path", ["/", "/sittings/book", "/sittings/q1/recording"])
def test_a_page_weighs_less_than_500_kilobytes(path: str, look: Look, address: str) -> None:
    page = look("/ar/login")  # the context is ours now; the measured page loads afresh below
    sizes: dict[str, int] = {}

    def weigh(response: Response) -> None:
        if urlsplit(response.url).path.startswith("/static/") or response.url.endswith(path):
            sizes[response.url] = len(response.body())

    page.on("response", weigh)
    page.goto(f"{address}/ar{path}", wait_until="networkidle")
    assert 100_000 < sum(sizes.values()) < 500_000


def test_everything_comes_from_our_own_server(look: Look, address: str) -> None:
    page = look("/ar/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload(wait_until="networkidle")
    assert asked
    assert all(url.startswith((address, "data:")) for url in asked)


def test_the_skip_link_is_first_and_leads_to_the_content(look: Look) -> None:
    page = look("/en/sittings")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("path", ["/login", "/sittings/book", "/sittings/a1b2c3d4e5f60718"])
def test_every_stop_of_the_tab_key_is_visible(path: str, look: Look) -> None:
    page = look(f"/ar{path}")
    seen = 0
    for _ in range(120):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            """() => {
              const e = document.activeElement;
              if (e === document.body) return null;
              const r = e.getBoundingClientRect(), s = getComputedStyle(e);
              return {what: e.outerHTML.slice(0, 120), w: r.width, h: r.height, shown:
                s.outlineStyle !== 'none' || s.boxShadow !== 'none' || e.matches(':focus-within')};
            }"""
        )
        if stop is None:
            break
        seen += 1
        assert stop["shown"], stop
        assert min(stop["w"], stop["h"]) >= 20, stop  # checkboxes are 20 with 24 around them
    assert seen > 5


def test_a_dialog_takes_focus_and_gives_it_back(look: Look) -> None:
    page = look("/en/sittings/a1b2c3d4e5f60718")
    page.focus("[data-opens=cancel]")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('dialog')?.id") == "cancel"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.opens") == "cancel"


def test_the_other_language_is_the_same_page(look: Look) -> None:
    page = look("/ar/sittings?from=mail")
    page.click("[data-language-switch]")
    page.wait_for_url("**/en/sittings?from=mail")
    assert page.get_attribute("html", "dir") == "ltr"
    assert page.inner_text("h1") == "My sittings"


def test_a_live_page_changes_language_without_a_reload(look: Look) -> None:
    page = look("/ar/sittings?from=mail")
    page.evaluate("document.documentElement.dataset.liveLanguage = ''; window.stays = true")
    for language, title, direction in (("en", "Sign out", "ltr"), ("ar", "تسجيل الخروج", "rtl")):
        page.click("[data-language-switch]")
        page.wait_for_function("lang => document.documentElement.lang === lang", arg=language)
        assert page.evaluate("window.stays")
        assert page.get_attribute("html", "dir") == direction
        assert page.evaluate("location.pathname + location.search") == (
            f"/{language}/sittings?from=mail"
        )
        assert page.text_content(".menu-sheet button") == title
        assert page.get_attribute(".brand", "href") == f"/{language}/"
    page.reload()
    assert page.get_attribute("html", "lang") == "ar"


def test_on_a_telephone_the_places_fold_into_a_menu(look: Look) -> None:
    page = look("/en/sittings", 390)
    places = page.locator("#site-nav")
    assert not places.is_visible()
    page.get_by_role("button", name="Menu").press("Enter")
    assert places.get_by_role("link", name="Register").is_visible()
    page.keyboard.press("Escape")
    assert not places.is_visible()
    wide = look("/en/sittings")
    assert wide.locator("#site-nav").is_visible()
    assert not wide.get_by_role("button", name="Menu").is_visible()


def test_what_went_wrong_has_the_focus(look: Look) -> None:
    page = look("/ar/sittings/book-wrong")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    field = page.locator("#seat_p0_identity_number")
    assert field.get_attribute("aria-invalid") == "true"
    described = (field.get_attribute("aria-describedby") or "").split()
    assert page.locator(f"#{described[-1]}").is_visible()


def test_booking_rows_are_added_and_fitted_to_the_kind(look: Look) -> None:
    page = look("/en/sittings/book")
    rows = page.locator("[data-rows=p] [data-row]")
    assert rows.count() == 2
    page.click("[data-adds=p]")
    assert rows.count() == 3
    assert page.evaluate("document.activeElement.name") == "seat_p2_role"
    assert page.locator("[name=seat_p2lawyer_represents]").get_attribute("value") == "p2"
    page.select_option("#kind", "criminal_hearing")
    assert page.locator("#offence").is_visible()
    assert page.locator("#permit").is_hidden()
    page.select_option("#seat_p2_role", "accused")
    assert page.locator("#seat_p2_room").is_visible()
    page.select_option("#seat_p2_person", "p1")
    assert page.locator("#seat_p2_name_ar").is_hidden()
    assert page.locator("#seat_p2_name_ar").is_disabled()


def test_without_javascript_a_row_is_asked_from_the_server(look: Look, address: str) -> None:
    browser = look("/en/login").context.browser
    assert browser is not None
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/en/sittings/book")
    assert page.locator("[data-adds=p]").get_attribute("name") == "add"
    assert page.locator("#seat_p1_name_ar").is_visible()
    context.close()


def test_an_invitation_link_is_copied(look: Look) -> None:
    page = look("/en/sittings/link")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("[data-copies]")
    page.wait_for_selector(".toast")
    shown = page.input_value("#invitation-link")
    assert page.evaluate("navigator.clipboard.readText()") == shown
