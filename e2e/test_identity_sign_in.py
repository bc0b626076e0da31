"""From a hub that nobody owns to one with people who sign in: set-up, passwords, codes, and links that are mailed."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from browser import watch_errors
from identity import (
    PASSWORD, Mailbox, expect_signed_in, expect_signed_out, open_menu, owned_hub, real_hub, setup_secret, sign_in, token, totp)
from pairing import scan


@pytest.fixture
def mailbox():
    mailbox = Mailbox()
    yield mailbox
    mailbox.stop()


@pytest.fixture
def page(viewer_browser):
    context = viewer_browser.new_context(viewport={"width": 360, "height": 740})
    yield context.new_page()
    context.close()


@pytest.fixture
def owned(tmp_path):
    hub = owned_hub(tmp_path / "data")
    yield hub
    hub.stop()


def problem_of(page: Page, label: str) -> str:
    """What is said at a field, as who cannot see it hears it too."""
    field = page.get_by_label(label, exact=True)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    ids = field.get_attribute("aria-describedby").split()
    return " ".join(page.locator(f"#{one}:visible").inner_text() for one in ids if page.locator(f"#{one}:visible").count())


def test_who_opens_the_set_up_link_owns_the_hub(tmp_path, page):
    hub = real_hub(tmp_path / "data")
    try:
        errors = watch_errors(page)
        page.goto(hub.url)
        expect(page.get_by_role("heading", name="This hub is new")).to_be_visible()
        # A link that is not this hub's opens nothing.
        page.goto(f"{hub.url}/#/setup/not-the-secret")
        expect(page.get_by_role("button", name="Make it mine")).to_be_visible()
        page.get_by_label("E-mail").fill("owner@example.org")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Make it mine").click()
        expect(page.get_by_role("alert").get_by_text("not the right one")).to_be_visible()
        assert [error for error in errors if "404" not in error] == []

        page.goto("about:blank")
        page.goto(f"{hub.url}/#/setup/{setup_secret(hub)}")
        expect(page).to_have_url(f"{hub.url}/#/setup")
        button = page.get_by_role("button", name="Make it mine")
        expect(button).to_be_visible()
        button.click()
        assert problem_of(page, "E-mail") == "Fill in “E-mail”."
        page.get_by_label("E-mail").fill("owner@example.org")
        page.get_by_label("Password", exact=True).fill("short")
        button.click()
        assert "Take at least 8 characters; this has 5." in problem_of(page, "Password")
        # One sees what one has typed, if one likes.
        page.get_by_role("button", name="Show password").click()
        expect(page.get_by_label("Password", exact=True)).to_have_attribute("type", "text")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Your name").fill("Olga")
        page.get_by_label("Name of the place").fill("Home")
        button.click()
        expect_signed_in(page)
        page.get_by_label("Account", exact=True).first.click()
        expect(page.locator(".account-menu")).to_contain_text("Olga")
        expect(page.locator(".account-menu")).to_contain_text("Home")
        assert "setup" not in page.evaluate("JSON.stringify({ ...localStorage, ...sessionStorage })")

        # Once.
        page.goto(f"{hub.url}/#/setup/whatever")
        expect(page.get_by_role("heading", name="Set up already")).to_be_visible()
    finally:
        hub.stop()


def test_an_address_with_a_secret_that_is_told_of_late_is_not_opened_again_without_it(tmp_path, page):
    hub = real_hub(tmp_path / "data")
    try:
        page.goto(hub.url)
        expect(page.get_by_role("heading", name="This hub is new")).to_be_visible()
        # As when the page begins while somebody goes there: the address was opened, and then the browser says that it is another.
        page.evaluate("""secret => {
            location.hash = `/setup/${secret}`;
            dispatchEvent(new HashChangeEvent("hashchange", { newURL: location.href }));
        }""", setup_secret(hub))
        expect(page).to_have_url(f"{hub.url}/#/setup")
        expect(page.get_by_role("button", name="Make it mine")).to_be_visible()
    finally:
        hub.stop()


def test_signing_in_with_the_wrong_password_and_the_right_one(owned, page):
    page.goto(f"{owned.url}/#/account")
    password, email = page.get_by_label("Password", exact=True), page.get_by_label("E-mail")
    assert (email.get_attribute("autocomplete"), password.get_attribute("autocomplete")) == ("username", "current-password")
    sign_in(page, password="another password")
    assert "do not belong together" in problem_of(page, "Password")
    sign_in(page, email="nobody@example.org")
    assert "do not belong together" in problem_of(page, "Password")
    sign_in(page)
    # Where one wanted to go.
    expect(page.get_by_role("heading", name="Your account", exact=True)).to_be_visible()
    open_menu(page, "Sign out")
    expect_signed_out(page)


def test_a_code_is_asked_for_once_it_is_set_up(owned, page):
    page.goto(f"{owned.url}/#/account")
    sign_in(page)
    section = page.get_by_role("region", name="Code at sign-in")
    section.get_by_role("button", name="Set it up").click()
    section.get_by_label("Your password now").fill("not it")
    section.get_by_role("button", name="Continue").click()
    expect(section.get_by_text("This is not your password.")).to_be_visible()
    section.get_by_label("Your password now").fill(PASSWORD)
    section.get_by_role("button", name="Continue").click()
    picture = section.get_by_role("img", name="QR code for the authenticator app")
    expect(picture).to_be_visible()
    scanned = scan(picture)
    section.get_by_text("It cannot be scanned?").click()
    secret = section.locator(".command code").inner_text()
    assert scanned.startswith("otpauth://totp/") and f"secret={secret}&" in f"{scanned}&"
    section.get_by_label("Code that the app shows").fill("000000" if totp(secret) != "000000" else "111111")
    section.get_by_role("button", name="Switch it on").click()
    expect(section.get_by_text("This code is not right.")).to_be_visible()
    section.get_by_label("Code that the app shows").fill(totp(secret))
    section.get_by_role("button", name="Switch it on").click()
    codes = section.get_by_role("list", name="Recovery codes").get_by_role("listitem")
    expect(codes).to_have_count(10)
    recovery = codes.first.inner_text()
    section.get_by_role("button", name="I have kept them").click()
    expect(section.get_by_text("A code of your app is asked for")).to_be_visible()

    open_menu(page, "Sign out")
    sign_in(page)
    code = page.get_by_label("Code", exact=True)
    expect(code).to_be_focused()
    expect(code).to_have_attribute("autocomplete", "one-time-code")
    code.fill("12345")
    page.get_by_role("button", name="Continue", exact=True).click()
    assert "This code is not right." in problem_of(page, "Code")
    # The one of now was used already.
    following = totp(secret, 1)
    code.fill(f"{following[:3]} {following[3:]}")
    page.get_by_role("button", name="Continue", exact=True).click()
    expect_signed_in(page)

    # Without the phone there are the codes that were kept, and it can be switched off.
    open_menu(page, "Sign out")
    sign_in(page)
    code.fill(recovery)
    page.get_by_role("button", name="Continue", exact=True).click()
    expect_signed_in(page)
    open_menu(page, "Your account")
    section.get_by_role("button", name="Switch it off").click()
    section.get_by_label("Your password now").fill(PASSWORD)
    section.get_by_role("button", name="Switch it off").click()
    expect(section.get_by_role("button", name="Set it up")).to_be_visible()
    assert token(owned)


def test_changing_the_password_signs_out_everywhere_else(owned, page, viewer_browser):
    page.goto(f"{owned.url}/#/account")
    sign_in(page)
    other = viewer_browser.new_context().new_page()
    other.goto(owned.url)
    sign_in(other)
    expect_signed_in(other)
    section = page.get_by_role("region", name="Password", exact=True)
    section.get_by_label("Your password now").fill("not it")
    section.get_by_label("New password").fill("another quiet hallway")
    section.get_by_role("button", name="Change the password").click()
    expect(section.get_by_text("This is not your password.")).to_be_visible()
    section.get_by_label("Your password now").fill(PASSWORD)
    section.get_by_role("button", name="Change the password").click()
    expect(section.get_by_role("status")).to_contain_text("Changed.")
    expect_signed_out(other)
    page.reload()
    expect(page.get_by_role("heading", name="Your account", exact=True)).to_be_visible()
    sign_in(other, password="another quiet hallway")
    expect_signed_in(other)
    other.context.close()


def test_who_deletes_themselves_shows_their_password_and_is_gone_everywhere(owned, page, viewer_browser):
    page.goto(f"{owned.url}/#/account")
    sign_in(page)
    other = viewer_browser.new_context().new_page()
    other.goto(owned.url)
    sign_in(other)
    expect_signed_in(other)
    access, key = token(owned), token(owned)
    status, made, _ = owned.call("POST", "/devices/register", {"label": "Hall", "with_token": True}, access)
    assert status == 200, made
    goodbye = page.get_by_role("region", name="Delete me")
    ask, last = goodbye.get_by_role("button", name="Delete me…"), goodbye.get_by_role("button", name="Delete me for good")
    ask.click()
    expect(goodbye.get_by_text("This cannot be undone.")).to_be_visible()
    goodbye.get_by_role("button", name="Cancel").click()
    expect(last).to_be_hidden()
    expect(ask).to_be_focused()
    ask.click()
    goodbye.get_by_label("Your password").fill("not it")
    last.click()
    expect(goodbye.get_by_text("This is not your password.")).to_be_visible()
    expect_signed_in(other)
    goodbye.get_by_label("Your password").fill(PASSWORD)
    last.click()
    expect(page.get_by_text("You are deleted. Nothing of you is left on this hub.")).to_be_visible()
    # They were the only one there was.
    for each in (page, other):
        expect(each.get_by_role("heading", name="This hub is new")).to_be_visible()
    other.context.close()
    # Neither the person nor their camera gets in any more.
    assert owned.call("POST", "/auth/sign-in", {"email": "owner@example.org", "password": PASSWORD})[0] == 401
    for kept in (access, key, made["device_token"]):
        assert owned.call("GET", "/devices/self", token=kept)[0] == 401


def test_who_forgot_the_password_gets_a_link_by_mail(tmp_path, page, mailbox):
    hub = owned_hub(tmp_path / "data", SMTP_URL=mailbox.url, PUBLIC_URL="https://hub.example.org")
    try:
        page.goto(hub.url)
        page.get_by_role("link", name="Forgot your password?").click()
        expect(page.get_by_role("heading", name="Forgotten password")).to_be_visible()
        # The same is said of whom the hub does not know.
        for address in ("nobody@example.org", "owner@example.org"):
            page.get_by_label("E-mail").fill(address)
            page.get_by_role("button", name="Send me the link").click()
            expect(page.get_by_text(f"If there is an account of {address}, a link is on its way there.")).to_be_visible()
            if address.startswith("nobody"):
                page.get_by_role("link", name="To the sign-in").click()
                page.get_by_role("link", name="Forgot your password?").click()
                expect(page.get_by_role("heading", name="Forgotten password")).to_be_visible()
        path = mailbox.link("owner@example.org", "reset")
        assert not any(mail["To"] == "nobody@example.org" for mail in mailbox.mails)
        page.goto(f"{hub.url}/#{path}")
        expect(page).to_have_url(f"{hub.url}/#/reset")
        page.get_by_label("New password").fill("another quiet hallway")
        page.get_by_role("button", name="Save the new password").click()
        expect(page.get_by_role("heading", name="Your password is changed")).to_be_visible()
        page.get_by_role("link", name="Sign in").click()
        sign_in(page)
        assert "do not belong together" in problem_of(page, "Password")
        sign_in(page, password="another quiet hallway")
        expect_signed_in(page)
        # Once.
        page.goto("about:blank")
        page.goto(f"{hub.url}/#{path}")
        page.get_by_label("New password").fill("a third quiet hallway")
        page.get_by_role("button", name="Save the new password").click()
        expect(page.get_by_role("heading", name="The link does not work any more")).to_be_visible()
    finally:
        hub.stop()


def test_who_signs_up_confirms_the_address_first_where_the_hub_sends_mail(tmp_path, page, mailbox):
    hub = owned_hub(tmp_path / "data", SMTP_URL=mailbox.url, PUBLIC_URL="https://hub.example.org", AUTH_SIGN_UP="open")
    try:
        page.goto(hub.url)
        page.get_by_role("link", name="Make an account").click()
        expect(page.get_by_role("heading", name="Make an account")).to_be_visible()
        page.get_by_label("E-mail").fill("new@example.org")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        assert page.get_by_label("Password", exact=True).get_attribute("autocomplete") == "new-password"
        page.get_by_role("button", name="Make an account").click()
        expect(page.get_by_text("We sent a link to new@example.org.")).to_be_visible()
        page.get_by_role("link", name="To the sign-in").click()
        sign_in(page, "new@example.org")
        expect(page.get_by_role("alert").get_by_text("Confirm your e-mail first")).to_be_visible()
        page.get_by_role("button", name="Send the mail again").click()
        expect(page.get_by_text("Sent. Look into your mailbox")).to_be_visible()
        page.goto(f"{hub.url}/#{mailbox.link('new@example.org', 'verify')}")
        expect(page).to_have_url(f"{hub.url}/#/verify")
        page.get_by_label("Your password", exact=True).fill("another one altogether")
        page.get_by_role("button", name="Confirm and sign in").click()
        assert "not of a sign-up with this password" in problem_of(page, "Your password")
        page.get_by_label("Your password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Confirm and sign in").click()
        expect_signed_in(page)
    finally:
        hub.stop()


def test_who_signs_up_is_in_at_once_where_no_mail_is_sent(tmp_path, page):
    hub = owned_hub(tmp_path / "data", AUTH_SIGN_UP="open")
    try:
        page.goto(f"{hub.url}/#/sign-up")
        page.get_by_label("E-mail").fill("owner@example.org")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Make an account").click()
        assert "There is an account with this e-mail already." in problem_of(page, "E-mail")
        page.get_by_label("E-mail").fill("new@example.org")
        page.get_by_role("button", name="Make an account").click()
        expect_signed_in(page)
        expect(page.get_by_text("No camera yet")).to_be_visible()
    finally:
        hub.stop()


def test_a_hub_without_mail_says_who_helps_and_one_that_takes_nobody_offers_nothing(owned, page):
    page.goto(owned.url)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_role("link", name="Make an account")).to_have_count(0)
    page.get_by_role("link", name="Forgot your password?").click()
    expect(page.get_by_text("This hub sends no e-mail.")).to_be_visible()
    expect(page.get_by_text("pingwatch user link you@example.org")).to_be_visible()
    page.goto(f"{owned.url}/#/sign-up")
    expect(page.get_by_role("heading", name="By invitation")).to_be_visible()


def test_guessing_is_slowed_down_and_says_for_how_long(owned, page):
    page.goto(owned.url)
    alert = page.get_by_role("alert").get_by_text("Too many attempts. Try again in")
    for _ in range(30):
        sign_in(page, password="a wrong one")
        expect(alert.or_(page.get_by_text("do not belong together").filter(visible=True))).to_be_visible()
        if alert.is_visible():
            break
    expect(alert).to_be_visible()
