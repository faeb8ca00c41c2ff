"""axe-core on every page, in both languages, on a desk and on a telephone.

Axe finds perhaps a third to a half of what WCAG 2.2 asks for; docs/interface.md says what is
looked at by hand.
"""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from settings import ROOT
from tests.interface.sample import samples

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = sorted(samples())
pytestmark = pytest.mark.browser


def violations(page: Page) -> list[str]:
    """What axe finds, one line each: rule, element."""
    page.evaluate(AXE.read_text(encoding="utf-8"))  # not a script element: the CSP forbids it
    found: dict[str, Any] = page.evaluate(
        "tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", TAGS
    )
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary'][:300]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


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
