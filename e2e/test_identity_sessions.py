"""Signed in: tokens that renew themselves once for all tabs, signing out everywhere, and sign-ins that are ended from elsewhere."""

from __future__ import annotations

from playwright.sync_api import expect

from browser import sign_in, watch_errors
from identity import expect_signed_in, expect_signed_out, open_menu, session, spoil_token


def refreshes(*pages) -> list[str]:
    asked: list[str] = []
    for page in pages:
        page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/auth/refresh") else None)
    return asked


def signed_in(browser, hub, tabs: int = 1) -> list:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    pages = [context.new_page() for _ in range(tabs)]
    pages[0].goto(hub.url)
    sign_in(pages[0])
    for page in pages[1:]:
        page.goto(hub.url)
    for page in pages:
        expect_signed_in(page)
    return pages


def test_two_tabs_whose_token_has_expired_renew_it_once(hub, viewer_browser):
    one, two = signed_in(viewer_browser, hub, tabs=2)
    before = session(one)
    asked = refreshes(one, two)
    spoil_token(one)
    for page in (one, two):
        page.evaluate("location.hash = '/account'")
    for page in (one, two):
        expect(page.get_by_role("list", name="Where you are signed in").get_by_role("listitem")).to_have_count(1)
        assert session(page)["token"] not in ("long-gone", before["token"])
    assert len(asked) == 1
    assert session(one) == session(two)
    # And with the new pair once more.
    spoil_token(two)
    two.reload()
    expect(two.get_by_role("list", name="Where you are signed in").get_by_role("listitem")).to_have_count(1)
    assert len(asked) == 2


def test_a_hub_that_is_away_does_not_sign_anybody_out(hub, viewer_browser):
    [page] = signed_in(viewer_browser, hub)
    spoil_token(page)
    hub.stop()
    expect(page.locator(".connection")).to_have_attribute("data-state", "waiting")
    page.evaluate("location.hash = '/account'")
    expect(page.get_by_text("The hub is away.")).to_be_visible()
    assert session(page)["token"] == "long-gone"
    hub.start()
    expect(page.get_by_role("heading", name="Your account", exact=True)).to_be_visible(timeout=40_000)
    page.evaluate("location.hash = '/'")
    expect(page.locator(".connection")).to_have_attribute("data-state", "open", timeout=40_000)


def test_who_signs_out_is_signed_out_in_all_tabs(hub, viewer_browser):
    one, two = signed_in(viewer_browser, hub, tabs=2)
    token = session(one)["token"]
    open_menu(one, "Sign out")
    expect_signed_out(one)
    expect_signed_out(two)
    expect(two.get_by_text("You signed out in another tab.")).to_be_visible()
    assert hub.call("GET", "/devices", token=token)[0] == 401
    # Signing in again is heard as well, and the page that was asked for is shown.
    sign_in(one)
    expect_signed_in(one)
    expect_signed_in(two)


def test_a_sign_in_is_ended_from_another_browser(hub, viewer_browser):
    [phone] = signed_in(viewer_browser, hub)
    [desk] = signed_in(viewer_browser, hub)
    errors = watch_errors(desk)
    open_menu(desk, "Your account")
    rows = desk.get_by_role("list", name="Where you are signed in").get_by_role("listitem")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("This one")
    expect(rows.first).to_contain_text("Chrome on Linux")
    rows.nth(1).get_by_role("button", name="Sign out").click()
    expect(rows).to_have_count(1)
    expect_signed_out(phone)
    expect(phone.get_by_text("Your sign-in has ended. Please sign in again.")).to_be_visible()
    assert errors == []
    # And all others at once.
    sign_in(phone)
    expect_signed_in(phone)
    desk.reload()
    expect(rows).to_have_count(2)
    desk.get_by_role("button", name="Sign out everywhere else").click()
    expect(desk.get_by_text("Signed out at one other place.")).to_be_visible()
    expect_signed_out(phone)
    expect(rows).to_have_count(1)


def test_a_camera_goes_on_when_its_person_has_signed_out(hub, camera_browser):
    context = camera_browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(f"{hub.url}/#/camera")
    sign_in(page)
    page.get_by_label("Device name").fill("Hallway")
    page.get_by_role("button", name="Start watching").click()
    expect(page.locator("pw-sensor-page")).to_have_attribute("data-state", "watching", timeout=20_000)
    device = page.evaluate("JSON.parse(localStorage['pingwatch.device'])")
    assert device["device_token"]
    # Its own token, which may do what a camera does and nothing else.
    assert hub.call("GET", "/devices/self", token=device["device_token"])[0] == 200
    assert hub.call("GET", "/devices", token=device["device_token"])[0] == 403
    other = context.new_page()
    other.goto(hub.url)
    expect_signed_in(other)
    open_menu(other, "Sign out")
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.locator("pw-sensor-page")).to_have_attribute("data-state", "watching")
    token = hub.sign_in()
    [seen] = hub.call("GET", "/devices", token=token)[1]
    assert seen["online"] and seen["watching"]
    # It opens as a camera, without anything of a viewer's.
    other.goto("about:blank")
    other.goto(hub.url)
    expect(other.get_by_role("heading", name="“Hallway” is ready")).to_be_visible()
    assert other.url == f"{hub.url}/#/camera"
    expect(other.get_by_role("link", name="Timeline")).to_have_count(0)
    # Taken away, it ends at once, and says what to do.
    assert hub.call("DELETE", f"/devices/{device['device_id']}/token", token=token)[0] == 204
    expect(page.get_by_text("Pair it again from your other device, or sign in here.")).to_be_visible(timeout=5000)
    assert "device_token" not in page.evaluate("JSON.parse(localStorage['pingwatch.device'])")
