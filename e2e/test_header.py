"""What stands above every page stays as somebody has it under their finger."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from browser import sign_in, wait_until, watch_errors
from identity import expect_signed_in


def hold_me(page: Page) -> list:
    """Answers about who is signed in, which come when they are let."""
    held: list = []
    page.route("**/auth/me", lambda route: held.append((route, route.fetch())))
    return held


def let_come(page: Page, held: list) -> None:
    """The page draws with each that it gets."""
    wait_until(page, lambda: held)
    page.evaluate("() => { delete document.body.dataset.can; }")
    while held:
        route, response = held.pop(0)
        route.fulfill(response=response)
    wait_until(page, lambda: page.evaluate("() => 'can' in document.body.dataset"))


def test_a_menu_that_is_open_stays_open_and_keeps_the_focus_while_the_page_draws(hub, viewer_browser):
    page = viewer_browser.new_context(viewport={"width": 360, "height": 740}).new_page()
    errors = watch_errors(page)
    page.goto(hub.url)
    sign_in(page)
    expect_signed_in(page)
    held = hold_me(page)
    # What is known of the person is shown at once, and asked for meanwhile.
    page.reload()
    menu = page.locator("details.account")
    entry = menu.get_by_role("link", name="Your account")
    page.get_by_label("Account", exact=True).first.click()
    page.keyboard.press("Tab")
    expect(entry).to_be_focused()
    let_come(page, held)
    expect(menu).to_have_attribute("open", "")
    expect(entry).to_be_focused()
    expect(page.locator(".connection")).to_have_attribute("data-state", "open")

    # An entry closes it, and it may be opened again before the page is there.
    page.keyboard.press("Enter")
    expect(menu).not_to_have_attribute("open", "")
    page.get_by_label("Account", exact=True).first.click()
    let_come(page, held)
    expect(page.get_by_role("heading", name="Your account", exact=True)).to_be_visible()
    expect(entry).to_have_attribute("aria-current", "page")
    expect(menu).to_have_attribute("open", "")
    expect(page.locator(".site-nav a[aria-current]")).to_have_count(0)
    page.go_back()
    expect(page.get_by_role("link", name="Timeline")).to_have_attribute("aria-current", "page")
    expect(menu).not_to_have_attribute("open", "")
    page.unroute("**/auth/me")

    # What is another is drawn, as ever.
    page.evaluate("location.hash = '/account'")
    page.get_by_label("Your name").fill("Olga")
    page.get_by_role("button", name="Save").first.click()
    expect(page.locator(".account-initial")).to_have_text("O")
    assert errors == []
