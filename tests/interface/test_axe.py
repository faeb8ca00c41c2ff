"""axe-core on every page, in both languages, on a desk and on a telephone.

Axe finds perhaps a third to a half of what WCAG 2.2 asks for; docs/interface.md says what is
looked at by hand.
"""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.interface.sample import samples
from tests.support.axe import violations

PAGES = sorted(samples())
pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("language", ["ar", "en"])
def test_no_page_has_a_violation(
    language: str, width: int, look: Callable[[str, int], Page], address: str
) -> None:
    page = look(f"/{language}/", width)  # one browser context, so that files come from its cache
    found = {}
    for path in PAGES:
        page.goto(f"{address}/{language}{path}")
        if path == "/sittings/q1/recording":
            page.wait_for_selector(".control-play")
        if lines := violations(page):
            found[path] = lines
    assert found == {}


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("dialog", ["reschedule", "cancel"])
def test_open_dialog_has_no_violation(
    dialog: str, language: str, look: Callable[[str, int], Page]
) -> None:
    page = look(f"/{language}/sittings/a1b2c3d4e5f60718", 390)
    page.click(f"[data-opens={dialog}]")
    assert page.locator(f"#{dialog}").is_visible()
    assert violations(page) == []


def test_open_menu_and_hovered_button_have_no_violation(look: Callable[[str, int], Page]) -> None:
    page = look("/en/sittings", 1280)
    page.click("details.menu > summary")
    page.hover(".sitting-card .aegov-btn >> nth=1")
    assert violations(page) == []


def test_a_planted_fault_is_found(look: Callable[[str, int], Page]) -> None:
    page = look("/en/login", 1280)
    page.evaluate("document.querySelector('label[for=username]').remove()")
    assert any(line.startswith("label:") for line in violations(page))
