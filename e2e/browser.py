"""What tests do in a browser: sign in, make it a camera, wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from playwright.sync_api import BrowserContext, Page, expect

EMAIL = "me@example.org"


def watch_errors(page: Page) -> list[str]:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    # The question whether a token is needed is answered with 401, which the browser reports.
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" and "401" not in m.text else None)
    return errors


def sign_in(page: Page, email: str = EMAIL) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name="Sign in").click()


def wait_until(page: Page, condition, timeout: float = 20) -> None:
    """Playwright's own wait_for_function evaluates text in the page, which its Content-Security-Policy forbids."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        page.wait_for_timeout(50)


def seconds(iso: str) -> float:
    return datetime.fromisoformat(iso).timestamp()


def start_camera(browser, hub, label: str = "Hallway", script: str | None = None, email: str = EMAIL,
                 prepare: Callable[[Page], object] = lambda page: None, context: BrowserContext | None = None) -> tuple[Page, list[str]]:
    """`script` runs before those of the page; `prepare` gets the page before it loads anything."""
    context = context or browser.new_context(viewport={"width": 360, "height": 740})
    if script:
        context.add_init_script(script)
    page = context.new_page()
    prepare(page)
    errors = watch_errors(page)
    page.goto(f"{hub.url}/#/camera")
    sign_in(page, email)
    page.get_by_label("Device name").fill(label)
    page.get_by_role("button", name="Start watching").click()
    expect(page.locator("pw-sensor-page")).to_have_attribute("data-state", "watching", timeout=20_000)
    return page, errors


@contextmanager
def before_anybody_comes(page: Page) -> Iterator[None]:
    """What is done within is done before the camera begins its recording anew, however long the page took until here."""
    camera = page.locator("pw-sensor-page")
    page.get_by_role("button", name="Stop watching").click()
    expect(camera).to_have_attribute("data-state", "idle")
    yield
    page.get_by_role("button", name="Start watching").click()
    expect(camera).to_have_attribute("data-state", "watching", timeout=20_000)
    expect(camera).to_have_attribute("data-connection", "open")
