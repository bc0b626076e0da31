"""How pages look and read: axe, the width of the screen and what a finger needs, at each size and in each scheme."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page

SIZES = {"phone": (360, 740), "desk": (1280, 800)}
SCHEMES = ("light", "dark")
# Where screenshots go, for a person to look at.
ARTIFACTS = os.environ.get("PINGWATCH_SCREENSHOTS")
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"


def check(page: Page, name: str, element: Locator | None = None) -> None:
    """`element`: what the picture is to show instead of the page, as far as it goes."""
    if ARTIFACTS:
        Path(ARTIFACTS).mkdir(parents=True, exist_ok=True)
        page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
        page.screenshot(path=f"{ARTIFACTS}/{name}.png", full_page=True)
        if element:
            element.evaluate("element => { element.style.maxBlockSize = 'none'; }")
            element.screenshot(path=f"{ARTIFACTS}/{name}-whole.png")
            element.evaluate("element => { element.style.maxBlockSize = ''; }")
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, f"{name}: the page is {overflow} px wider than the screen"
    # Without preload: the page's policy forbids loading scripts into frames.
    result = Axe().run(page, options={"preload": False})
    assert result.violations_count == 0, f"{name}: {result.generate_report()}"


def check_targets(page: Page, name: str) -> None:
    """What is pressed with a finger is at least 44 px high."""
    low = page.locator("button:visible, summary:visible, label.switch:visible").evaluate_all(
        "elements => elements.filter((e) => e.getBoundingClientRect().height < 43.9).map((e) => e.textContent)")
    assert low == [], f"{name}: too low for a finger: {low}"


def looks(page: Page) -> Iterator[str]:
    """The names of all ways in which a page is seen, while it is seen so. Afterwards it is as it was, in the light scheme."""
    before = page.viewport_size
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for scheme in SCHEMES:
            # Without what is drawn between two colours.
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.evaluate(DRAWN)
            yield f"{size}-{scheme}"
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    page.set_viewport_size(before)


def check_looks(page: Page, name: str, targets: bool = True, element: Locator | None = None) -> None:
    for look in looks(page):
        check(page, f"{name}-{look}", element)
        if targets:
            check_targets(page, f"{name}-{look}")
