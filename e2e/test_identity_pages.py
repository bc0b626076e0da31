"""How the pages of signing in look and read: axe in both schemes and sizes."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from identity import PASSWORD, Mailbox, expect_signed_in, open_menu, owned_hub, real_hub, setup_secret, sign_in, token, totp
from looks import check_looks


@pytest.fixture
def look(viewer_browser):
    """A page, and what checks it."""
    context = viewer_browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    yield page, lambda name: check_looks(page, name)
    context.close()


def test_the_first_pages_of_a_hub_have_no_axe_violations(tmp_path, look):
    page, look = look
    hub = real_hub(tmp_path / "data")
    try:
        page.goto(hub.url)
        expect(page.get_by_role("heading", name="This hub is new")).to_be_visible()
        look("hub-is-new")
        page.goto(f"{hub.url}/#/setup")
        expect(page.get_by_text("not the right one")).to_be_visible()
        look("setup-without-secret")
        page.goto(f"{hub.url}/#/setup/{setup_secret(hub)}")
        page.get_by_role("button", name="Make it mine").click()
        expect(page.get_by_text("Fill in “E-mail”.")).to_be_visible()
        look("setup")
        page.get_by_label("E-mail").fill("owner@example.org")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Make it mine").click()
        expect_signed_in(page)
        look("home-of-owner")
    finally:
        hub.stop()


def test_the_ways_in_have_no_axe_violations(tmp_path, look):
    page, look = look
    mailbox = Mailbox()
    hub = owned_hub(tmp_path / "data", SMTP_URL=mailbox.url, PUBLIC_URL="https://hub.example.org", AUTH_SIGN_UP="open")
    try:
        page.goto(hub.url)
        sign_in(page, password="a wrong password")
        expect(page.get_by_text("do not belong together")).to_be_visible()
        look("sign-in-wrong")
        page.get_by_role("link", name="Make an account").click()
        expect(page.get_by_role("heading", name="Make an account")).to_be_visible()
        look("sign-up")
        page.get_by_label("E-mail").fill("new@example.org")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Make an account").click()
        expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
        look("sign-up-sent")
        page.goto(f"{hub.url}/#{mailbox.link('new@example.org', 'verify')}")
        expect(page.get_by_role("button", name="Confirm and sign in")).to_be_visible()
        look("verify")
        page.goto(f"{hub.url}/#/forgot")
        expect(page.get_by_role("heading", name="Forgotten password")).to_be_visible()
        look("forgot")
        page.get_by_label("E-mail").fill("owner@example.org")
        page.get_by_role("button", name="Send me the link").click()
        expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
        look("forgot-sent")
        page.goto(f"{hub.url}/#{mailbox.link('owner@example.org', 'reset')}")
        expect(page.get_by_role("button", name="Save the new password")).to_be_visible()
        look("reset")
        # Not the form that is there already.
        page.goto("about:blank")
        page.goto(f"{hub.url}/#/reset/used-long-ago")
        page.get_by_label("New password").fill(PASSWORD)
        page.get_by_role("button", name="Save the new password").click()
        expect(page.get_by_role("heading", name="The link does not work any more")).to_be_visible()
        look("reset-expired")
        _, invitation, _ = hub.call("POST", "/account/invitations", {"role": "viewer"}, token(hub))
        page.goto(f"{hub.url}/#{invitation['url'].split('#')[1]}")
        expect(page.get_by_role("heading", name="Join “Home”")).to_be_visible()
        look("invitation")
        page.get_by_role("button", name="Sign in and join").click()
        expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
        look("invitation-sign-in")
    finally:
        hub.stop()
        mailbox.stop()


def test_the_own_account_has_no_axe_violations(tmp_path, look):
    page, look = look
    hub = owned_hub(tmp_path / "data")
    try:
        token(hub)
        page.goto(f"{hub.url}/#/account")
        sign_in(page)
        expect(page.get_by_role("button", name="Sign out everywhere else")).to_be_visible()
        look("account")
        page.get_by_label("Account", exact=True).first.click()
        expect(page.locator(".account-menu")).to_be_visible()
        look("account-menu")
        page.keyboard.press("Escape")
        section = page.get_by_role("region", name="Code at sign-in")
        section.get_by_role("button", name="Set it up").click()
        section.get_by_label("Your password now").fill(PASSWORD)
        section.get_by_role("button", name="Continue").click()
        section.get_by_text("It cannot be scanned?").click()
        look("account-totp")
        secret = section.locator(".command code").inner_text()
        section.get_by_label("Code that the app shows").fill(totp(secret))
        section.get_by_role("button", name="Switch it on").click()
        expect(section.get_by_role("list", name="Recovery codes")).to_be_visible()
        look("account-recovery")
        page.get_by_role("button", name="Leave this account").click()
        page.get_by_role("button", name="Delete me").click()
        expect(page.get_by_role("button", name="Delete me for good")).to_be_visible()
        look("account-goodbye")
        open_menu(page, "Sign out")
        sign_in(page)
        expect(page.get_by_label("Code", exact=True)).to_be_visible()
        look("sign-in-code")
    finally:
        hub.stop()
