"""A phone that becomes a camera, and the device that lets it in."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

import scanner
from browser import sign_in, watch_errors

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 1280, "height": 800}}


class Phone:
    """One that is not signed in; it counts what is tapped."""

    def __init__(self, browser: Browser, **options) -> None:
        self.context: BrowserContext = browser.new_context(**{**PHONE, **options})
        self.page: Page = self.context.new_page()
        self.errors = watch_errors(self.page)
        self.taps = 0

    def open(self, url: str) -> "Phone":
        self.page.goto(url)
        return self

    def tap(self, name: str, at: Locator | None = None) -> None:
        (at or self.page).get_by_role("button", name=name, exact=True).tap()
        self.taps += 1

    def ask(self, label: str = "Hall") -> str:
        """The number that it shows then."""
        name = self.page.get_by_label("Name of the camera")
        expect(name).to_have_value("Hall")
        if label != "Hall":
            name.fill(label)
        self.tap("Ask to join")
        expect(self.page.get_by_role("heading", name="Now on the other device")).to_be_visible()
        return self.page.locator(".pair-word").inner_text()

    @property
    def camera(self) -> Locator:
        return self.page.locator("pw-sensor-page")

    def start(self) -> None:
        """Chromium of tests says yes by itself, where a person would have to tap once."""
        self.tap("Start watching")
        self.taps += 1
        expect(self.camera).to_have_attribute("data-state", "watching", timeout=30_000)


class Desk:
    """Who is signed in, on another device."""

    def __init__(self, browser: Browser, hub, email: str = "me@example.org", get_in: Callable[[Page], object] | None = None, **options) -> None:
        self.hub = hub
        self.context = browser.new_context(**{**DESK, **options})
        self.page = self.context.new_page()
        self.errors = watch_errors(self.page)
        self.page.goto(hub.url)
        if get_in:
            get_in(self.page)
        else:
            sign_in(self.page, email)
        expect(self.page.get_by_role("heading", name="Timeline")).to_be_visible()

    def go(self, path: str, title: str) -> Page:
        self.page.goto(f"{self.hub.url}/#{path}")
        expect(self.page.get_by_role("heading", name=title, level=1)).to_be_visible()
        return self.page

    def unfold(self, name: str, at: Locator | None = None) -> None:
        (at or self.page).locator("summary").get_by_text(name, exact=True).click()

    def show_code(self) -> tuple[str, str]:
        """The link that is in the QR code, and the code to type."""
        self.go("/pair", "Add a camera")
        expect(self.page.get_by_role("img", name="QR code that opens this hub on the phone")).to_be_visible()
        link = self.page.locator(".command code").text_content()
        return link, self.page.locator("[data-code]").get_attribute("data-code")

    def let_in(self, word: str, label: str = "Hall") -> None:
        expect(self.page.get_by_role("heading", name=f"A phone asks to join: “{label}”")).to_be_visible()
        assert self.page.locator(".pair-word").inner_text() == word
        self.page.get_by_role("button", name="Let it in").click()
        expect(self.page.get_by_role("heading", name=f"“{label}” is", exact=False).first).to_be_visible()


def pair(desk: Desk, phone: Phone, label: str = "Hall") -> None:
    """By the link of the QR code, until the phone is at its camera page."""
    link, _ = desk.show_code()
    desk.let_in(phone.open(link).ask(label), label)
    expect(phone.page.get_by_role("heading", name=f"“{label}” is ready")).to_be_visible()


def scan(picture: Locator) -> str:
    """What a phone's camera reads from a QR code that is on the screen."""
    expect(picture).to_be_visible()
    picture.evaluate("image => image.decode()")
    return scanner.read(picture.screenshot())
